// Package settings reads the AKU_ environment variables once, and reports all
// faults together, with the names of the variables. It opens no file and makes no
// connection. The package comments of the binaries are the manual of the variables.
package settings

import (
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"aku/internal/akucore"
)

// Settings are the settings of the environment, checked. The tag range has the least and the
// largest number of a variable, words the values that it may have. 4294967295 is the largest
// QUERY_TIMEOUT that the server takes.
type Settings struct {
	StatefulSet string `env:"AKU_STS_NAME"`
	Service     string `env:"AKU_SVC_NAME"`
	HostSuffix  string `env:"AKU_HOST_SUFFIX"`
	PodName     string `env:"AKU_POD_NAME"`
	PodUID      string `env:"AKU_POD_UID"`
	PodEvents   int    `env:"AKU_POD_EVENTS" envDefault:"1" range:"0-1"`
	Namespace   string `env:"AKU_POD_NAMESPACE"`
	// OwnerFiles are the files that keep the data folders for the pod.
	OwnerFiles  []string `env:"AKU_OWNER_FILES"`
	ServerCount int      `env:"AKU_SERVER_COUNT" envDefault:"4" range:"1-6"`

	Password     string `env:"AKU_SYS_PASSWORD"`
	PasswordFile string `env:"AKU_SYS_PASSWORD_FILE"`
	// FirstPassword is the password that the image gives SYS in a new database.
	FirstPassword string `env:"AKU_SYS_INITIAL_PASSWORD"`

	Port            int `env:"AKU_PORT_NO" envDefault:"20300" range:"1024-65535"`
	ReplicationPort int `env:"AKU_REPLICATION_PORT_NO" envDefault:"20301" range:"1024-65535"`

	LockTimeout  int `env:"AKU_REPLICATION_LOCK_TIMEOUT" envDefault:"3600" range:"6-3600"`
	LockWait     int `env:"AKU_LOCK_WAIT" envDefault:"20" range:"1-600"`
	BeatInterval int `env:"AKU_BEAT_INTERVAL" envDefault:"5" range:"1-60"`

	QueryTimeout          int    `env:"AKU_QUERY_TIMEOUT" envDefault:"3600" range:"0-4294967295"`
	QueryRetryCount       int    `env:"AKU_QUERY_RETRY_COUNT" envDefault:"5" range:"0-1000000"`
	QueryRetryDelayMsec   int    `env:"AKU_QUERY_RETRY_DELAY_MSEC" envDefault:"1000" range:"0-3600000"`
	AddressCheckCount     int    `env:"AKU_ADDRESS_CHECK_COUNT" envDefault:"30" range:"1-1000000"`
	FlushAtStart          int    `env:"AKU_FLUSH_AT_START" envDefault:"1" range:"0-1"`
	FlushTimeoutAtStart   int    `env:"AKU_FLUSH_TIMEOUT_AT_START" envDefault:"300" range:"0-4294967295"`
	DelayStartComplete    int    `env:"AKU_DELAY_START_COMPLETE_TIME" envDefault:"0" range:"0-4294967295"`
	FlushAtEnd            int    `env:"AKU_FLUSH_AT_END" envDefault:"1" range:"0-1"`
	ReplicationResetAtEnd string `env:"AKU_REPLICATION_RESET_AT_END" envDefault:"1" words:"0 1 auto"`
	EndTimeout            int    `env:"AKU_END_TIMEOUT" envDefault:"90" range:"10-86400"`
	DrainTime             int    `env:"AKU_DRAIN_TIME" envDefault:"5" range:"0-86400"`
	ShutdownAtEnd         int    `env:"AKU_SHUTDOWN_AT_END" envDefault:"0" range:"0-1"`

	Replications []Replication `envPrefix:"AKU_REPLICATIONS"`

	ODBCDriver string `env:"AKU_ODBC_DRIVER,expand" envDefault:"${ALTIBASE_HOME}/lib/libaltibase_odbc-64bit-ul64.so"`
	ODBCSysdba string `env:"AKU_ODBC_SYSDBA" envDefault:"PRIVILEGE=SYSDBA"`
	ODBCExtra  string `env:"AKU_ODBC_EXTRA" envDefault:"NLS_USE=UTF8;LOGIN_TIMEOUT=4"`
	ODBCQuote  string `env:"AKU_ODBC_QUOTE" envDefault:"double" words:"double braces"`

	RunDir      string `env:"AKU_RUN_DIR" envDefault:"/run/aku"`
	InitdbDir   string `env:"AKU_INITDB_DIR"`
	RecoverFile string `env:"AKU_RECOVER_FILE"`
	HealthPort  int    `env:"AKU_HEALTH_PORT" envDefault:"20380" range:"1024-65535"`
	LogFormat   string `env:"AKU_LOG_FORMAT" envDefault:"text" words:"text json"`

	variables map[string]string
	anyone    bool   // the process need not run in a pod
	surplus   string // why the mesh has no place for the pod
	pod       int
	blocks    []akucore.Block
}

// Replication is one REPLICATIONS block.
type Replication struct {
	NamePrefix string `env:"REPLICATION_NAME_PREFIX"`
	Parallel   int    `env:"SYNC_PARALLEL_COUNT" envDefault:"1" range:"1-100"`
	Tables     string `env:"TABLES"`
}

// Read reads the settings from the environment. The error lists every fault. When the only
// fault is that the mesh has no place for the pod's number, the error is akucore.ErrSurplus,
// and Read also returns the settings.
func Read() (Settings, error) { return From(env.ToMap(os.Environ())) }

// ReadMesh is like Read, but the process need not be in one of the pods: then its
// mesh's Self is akucore.Outside, and every server is reached by its name.
func ReadMesh() (Settings, error) { return MeshFrom(env.ToMap(os.Environ())) }

// From takes the settings from the given variables. The error lists every fault.
func From(variables map[string]string) (Settings, error) {
	return Settings{variables: variables}.read()
}

// MeshFrom is to ReadMesh as From is to Read.
func MeshFrom(variables map[string]string) (Settings, error) {
	return Settings{variables: variables, anyone: true}.read()
}

func (s Settings) read() (Settings, error) {
	var f faults
	variable, noNumbers := "", map[string]bool{}
	options := env.Options{
		Environment: s.variables,
		OnSet:       func(name string, _ any, _ bool) { variable = name }, // the parser, which comes next, is not told
		FuncMap: map[reflect.Type]env.ParserFunc{
			reflect.TypeFor[int](): func(text string) (any, error) {
				n, err := strconv.Atoi(text) // the library's own reads 32 bits, which are too few for QUERY_TIMEOUT
				if err != nil {
					f.add("%s is %q, it must be a number", variable, text)
					noNumbers[variable] = true
					n = 0
				}
				return n, nil
			},
		},
	}
	if err := env.ParseWithOptions(&s, options); err != nil {
		f.add("%v", err)
	}
	if s.PodName == "" {
		s.PodName, _ = os.Hostname()
	}
	for _, fault := range s.check() {
		// A variable that could not be read is reported once.
		if name, _, _ := strings.Cut(fault, " "); !noNumbers[name] {
			f = append(f, fault)
		}
	}
	if s.surplus != "" && len(f) == 0 {
		return s, fmt.Errorf("%w: %s", akucore.ErrSurplus, s.surplus)
	}
	if s.surplus != "" {
		f = append(f, s.surplus)
	}
	return s, f.err()
}

// DefaultQueryTimeout is the default of AKU_QUERY_TIMEOUT, in seconds.
const DefaultQueryTimeout = 3600

// Mesh is the part of the settings that the rules use.
func (s Settings) Mesh() akucore.Mesh {
	return akucore.Mesh{
		StatefulSet:     s.StatefulSet,
		Service:         s.Service,
		HostSuffix:      s.HostSuffix,
		Self:            s.pod,
		ServerCount:     s.ServerCount,
		ReplicationPort: s.ReplicationPort,
		Blocks:          s.blocks,

		ReceiverLockTimeout: Seconds(s.LockTimeout),
	}
}

// EndLimit is the hard limit of a whole end.
func (s Settings) EndLimit() time.Duration { return Seconds(s.EndTimeout) }

// BeatEvery is the time between two beats of a pod in service.
func (s Settings) BeatEvery() time.Duration { return Seconds(s.BeatInterval) }

// Seconds is a time that a variable gives in seconds.
func Seconds(n int) time.Duration { return time.Duration(n) * time.Second }
