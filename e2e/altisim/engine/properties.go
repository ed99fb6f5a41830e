package engine

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// defaults are the known properties, with the real server's values.
var defaults = map[string]string{
	"ADMIN_MODE": "0", "DDL_LOCK_TIMEOUT": "0", "DDL_TIMEOUT": "0", "FETCH_TIMEOUT": "60", "IDLE_TIMEOUT": "0",
	"MAX_CLIENT": "1000", "PORT_NO": "20300", "QUERY_TIMEOUT": "600", "REMOTE_SYSDBA_ENABLE": "1", "UTRANS_TIMEOUT": "3600",
	"CASE_SENSITIVE_PASSWORD": "0", "FAILED_LOGIN_ATTEMPTS": "0", "PASSWORD_LIFE_TIME": "0", "PASSWORD_LOCK_TIME": "0",
	"REPLICATION_ACK_XLOG_COUNT": "100", "REPLICATION_ALLOW_DUPLICATE_HOSTS": "0", "REPLICATION_BEFORE_IMAGE_LOG_ENABLE": "0",
	"REPLICATION_COMMIT_WRITE_WAIT_MODE": "0", "REPLICATION_CONNECT_RECEIVE_TIMEOUT": "60", "REPLICATION_CONNECT_TIMEOUT": "10",
	"REPLICATION_DDL_ENABLE": "0", "REPLICATION_DDL_ENABLE_LEVEL": "0", "REPLICATION_DDL_SYNC": "0",
	"REPLICATION_DDL_SYNC_TIMEOUT": "7200", "REPLICATION_EAGER_PARALLEL_FACTOR": "1", "REPLICATION_EAGER_RECEIVER_MAX_ERROR_COUNT": "5",
	"REPLICATION_FAILBACK_INCREMENTAL_SYNC": "1", "REPLICATION_GAPLESS_ALLOW_TIME": "10000000", "REPLICATION_GAPLESS_MAX_WAIT_TIME": "2000",
	"REPLICATION_GAP_UNIT": "1048576", "REPLICATION_GROUPING_AHEAD_READ_NEXT_LOG_FILE": "2", "REPLICATION_GROUPING_TRANSACTION_MAX_COUNT": "5",
	"REPLICATION_HBT_DETECT_HIGHWATER_MARK": "5", "REPLICATION_HBT_DETECT_TIME": "6", "REPLICATION_IB_LATENCY": "0",
	"REPLICATION_IB_PORT_NO": "0", "REPLICATION_INSERT_REPLACE": "0", "REPLICATION_KEEP_ALIVE_CNT": "600", "REPLICATION_LOCK_TIMEOUT": "5",
	"REPLICATION_LOG_BUFFER_SIZE": "0", "REPLICATION_MAX_COUNT": "32", "REPLICATION_MAX_LISTEN": "32", "REPLICATION_MAX_LOGFILE": "0",
	"REPLICATION_META_ITEM_COUNT_DIFF_ENABLE": "0", "REPLICATION_POOL_ELEMENT_COUNT": "10", "REPLICATION_POOL_ELEMENT_SIZE": "256",
	"REPLICATION_PORT_NO": "20301", "REPLICATION_PREFETCH_LOGFILE_COUNT": "3", "REPLICATION_RECEIVER_APPLIER_ASSIGN_MODE": "0",
	"REPLICATION_RECEIVER_APPLIER_QUEUE_SIZE": "20", "REPLICATION_RECEIVER_APPLIER_YIELD_COUNT": "20000", "REPLICATION_RECEIVE_TIMEOUT": "7200",
	"REPLICATION_RECOVERY_MAX_LOGFILE": "0", "REPLICATION_RECOVERY_MAX_TIME": "4294967295", "REPLICATION_SENDER_AUTO_START": "1",
	"REPLICATION_SENDER_COMPRESS_XLOG": "0", "REPLICATION_SENDER_ENCRYPT_XLOG": "0", "REPLICATION_SENDER_SEND_TIMEOUT": "7200",
	"REPLICATION_SENDER_SLEEP_TIME": "10000", "REPLICATION_SENDER_SLEEP_TIMEOUT": "60", "REPLICATION_SENDER_START_AFTER_GIVING_UP": "1",
	"REPLICATION_SERVER_FAILBACK_MAX_TIME": "4294967295", "REPLICATION_SQL_APPLY_ENABLE": "0", "REPLICATION_SYNC_APPLY_METHOD": "0",
	"REPLICATION_SYNC_LOCK_TIMEOUT": "30", "REPLICATION_SYNC_LOG": "0", "REPLICATION_SYNC_TUPLE_COUNT": "500000",
	"REPLICATION_THREAD_CPU_AFFINITY": "3", "REPLICATION_TIMESTAMP_RESOLUTION": "1", "REPLICATION_TRANSACTION_POOL_SIZE": "2",
	"REPLICATION_UPDATE_REPLACE": "0",
}

// fixed properties cannot be changed while the server runs.
var fixed = []string{"PORT_NO", "REPLICATION_PORT_NO", "REPLICATION_MAX_COUNT"}

type properties struct {
	mu     sync.Mutex
	values map[string]string
}

func newProperties(own map[string]string) properties {
	v := maps.Clone(defaults)
	maps.Copy(v, own)
	return properties{values: v}
}

func (p *properties) get(name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.values[name]
}

// Property is the value of a property, or empty when there is none of that name.
func (s *Server) Property(name string) string { return s.properties.get(name) }

// seconds is the value of a property that is a time.
func (s *Server) seconds(name string) time.Duration {
	n, _ := strconv.ParseInt(s.Property(name), 10, 64)
	return time.Duration(min(n, maxSeconds)) * time.Second
}

// maxSeconds keeps the highest times of a property within a time.Duration.
const maxSeconds = 1 << 32

// KnownProperty says whether there is a property of that name.
func KnownProperty(name string) bool { _, ok := defaults[name]; return ok }

// Property is a property as in the view.
type Property struct {
	Name, Value string
	Limits      Limits
}

// Properties lists all properties in order of name.
func (s *Server) Properties() []Property {
	s.properties.mu.Lock()
	defer s.properties.mu.Unlock()
	var out []Property
	for _, k := range slices.Sorted(maps.Keys(s.properties.values)) {
		out = append(out, Property{k, s.properties.values[k], limitsOf(k)})
	}
	return out
}

// SetProperty is ALTER SYSTEM SET. It takes effect at once, until the server ends.
func (s *Server) SetProperty(name, value string) error {
	if !KnownProperty(name) {
		return Errorf(0x01065, "The property [%s] does not exist.", name)
	}
	if slices.Contains(fixed, name) {
		return Errorf(0x01067, "The property [%s] is read-only.", name)
	}
	if n, err := strconv.ParseInt(value, 10, 64); err != nil || !limitsOf(name).take(n) {
		return Errorf(0x01066, "The property [%s] value [%s] cannot be converted.", name, value)
	}
	s.properties.mu.Lock()
	s.properties.values[name] = value
	s.properties.mu.Unlock()
	return nil
}
