package settings

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"

	"aku/internal/akucore"
	"aku/internal/password"
)

const (
	// maxHostBytes is the longest replication host that the server takes; above it
	// CREATE REPLICATION fails with ERR-3118B.
	maxHostBytes = 62
	// maxNameBytes is a DNS label.
	maxNameBytes = 63
	// MaxPrefixBytes leaves room for _ij in the 40 bytes of a replication name.
	MaxPrefixBytes = 37
	// MaxServers is the largest number of pods.
	MaxServers  = 6
	maxParallel = 100
	// maxSeconds is the largest QUERY_TIMEOUT that the server takes.
	maxSeconds = 4294967295
	// MaxObjects is how many replication objects a server takes: the default of its property
	// REPLICATION_MAX_COUNT, which the chart does not change.
	MaxObjects = 32
)

// PrefixForm matches a name that needs no quotes; the server stores it in upper case.
var PrefixForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// check completes the settings and returns every fault.
func (s *Settings) check() []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	missing := func(name string) { faults = append(faults, missingText(name)) }

	named := true
	for _, v := range []struct{ name, value string }{{"AKU_STS_NAME", s.StatefulSet}, {"AKU_SVC_NAME", s.Service}} {
		switch {
		case v.value == "":
			missing(v.name)
			named = false
		case len(v.value) > maxNameBytes:
			fault("%s is %d bytes long, at most %d are allowed: %q", v.name, len(v.value), maxNameBytes, v.value)
		}
	}
	if s.Password == "" && s.PasswordFile == "" {
		missing("AKU_SYS_PASSWORD")
	}
	for _, v := range []struct{ name, value string }{{"AKU_SYS_PASSWORD", s.Password}, {"AKU_SYS_INITIAL_PASSWORD", s.FirstPassword}} {
		if err := password.Check(v.value); err != nil {
			fault("%s is not a valid password: %v", v.name, err)
		}
	}
	inRange := func(name string, value, least, most int) bool {
		if value < least || value > most {
			fault("%s is %d, it must be %d to %d", name, value, least, most)
			return false
		}
		return true
	}
	counted := inRange("AKU_SERVER_COUNT", s.ServerCount, 1, MaxServers)
	inRange("AKU_PORT_NO", s.Port, 1024, 65535)
	inRange("AKU_REPLICATION_PORT_NO", s.ReplicationPort, 1024, 65535)
	inRange("AKU_HEALTH_PORT", s.HealthPort, 1024, 65535)
	inRange("AKU_REPLICATION_LOCK_TIMEOUT", s.LockTimeout, 6, 3600)
	if inRange("AKU_LOCK_WAIT", s.LockWait, 1, 600) && s.LockWait >= s.LockTimeout {
		fault("AKU_LOCK_WAIT is %d, it must be below AKU_REPLICATION_LOCK_TIMEOUT (%d): receivers give rows up that wait longer", s.LockWait, s.LockTimeout)
	}
	inRange("AKU_BEAT_INTERVAL", s.BeatInterval, 1, 60)
	inRange("AKU_QUERY_TIMEOUT", s.QueryTimeout, 0, maxSeconds)
	inRange("AKU_QUERY_RETRY_COUNT", s.QueryRetryCount, 0, 1_000_000)
	inRange("AKU_QUERY_RETRY_DELAY_MSEC", s.QueryRetryDelayMsec, 0, 3_600_000)
	inRange("AKU_POD_EVENTS", s.PodEvents, 0, 1)
	inRange("AKU_ADDRESS_CHECK_COUNT", s.AddressCheckCount, 1, 1_000_000)
	inRange("AKU_FLUSH_AT_START", s.FlushAtStart, 0, 1)
	inRange("AKU_FLUSH_TIMEOUT_AT_START", s.FlushTimeoutAtStart, 0, maxSeconds)
	inRange("AKU_DELAY_START_COMPLETE_TIME", s.DelayStartComplete, 0, maxSeconds)
	inRange("AKU_FLUSH_AT_END", s.FlushAtEnd, 0, 1)
	oneOf := func(name, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			fault("%s is %q, it must be %s", name, value, strings.Join(allowed, " or "))
		}
	}
	oneOf("AKU_REPLICATION_RESET_AT_END", s.ReplicationResetAtEnd, "0", "1", "auto")
	inRange("AKU_END_TIMEOUT", s.EndTimeout, 10, 86400)
	inRange("AKU_DRAIN_TIME", s.DrainTime, 0, 86400)
	inRange("AKU_SHUTDOWN_AT_END", s.ShutdownAtEnd, 0, 1)
	if s.Port == s.ReplicationPort {
		fault("AKU_PORT_NO and AKU_REPLICATION_PORT_NO are both %d, they must differ", s.Port)
	}
	oneOf("AKU_ODBC_QUOTE", s.ODBCQuote, "double", "braces")
	oneOf("AKU_LOG_FORMAT", s.LogFormat, "text", "json")

	if named {
		host := akucore.Mesh{StatefulSet: s.StatefulSet, Service: s.Service, HostSuffix: s.HostSuffix}.Host(0)
		if len(host) > maxHostBytes {
			fault("the host name %q that AKU_STS_NAME, AKU_SVC_NAME and AKU_HOST_SUFFIX make is %d bytes long, at most %d are allowed: shorten one", host, len(host), maxHostBytes)
		}
		pod, ok := ordinal(s.PodName, s.StatefulSet)
		switch {
		case !ok && s.anyone:
			pod = akucore.Outside
		case !ok:
			fault("AKU_POD_NAME (or the host name) is %q, it must be %s-N with the pod number N", s.PodName, s.StatefulSet)
		case counted && pod >= s.ServerCount:
			s.surplus = fmt.Sprintf("AKU_POD_NAME is %q, but AKU_SERVER_COUNT %d allows only the pod numbers 0 to %d", s.PodName, s.ServerCount, s.ServerCount-1)
		}
		s.pod = pod
	}
	if !s.anyone {
		for _, name := range s.ownerMisses() {
			missing(name)
		}
	}
	return append(faults, s.checkReplications()...)
}

// missingText is how the vendor's utility names a property that is missing.
func missingText(name string) string {
	return fmt.Sprintf("Property [%s] should be specified by configuration.", name)
}

// ordinal is the pod number in a pod's name.
func ordinal(pod, statefulSet string) (int, bool) {
	digits, ok := strings.CutPrefix(pod, statefulSet+"-")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n >= 0
}

// checkReplications reads the blocks.
func (s *Settings) checkReplications() []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	missing := func(name string) { faults = append(faults, missingText(name)) }
	if len(s.Replications) == 0 {
		missing("AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX")
		missing("AKU_REPLICATIONS_0_TABLES")
	}
	if objects := len(s.Replications) * (s.ServerCount - 1); objects > MaxObjects {
		fault("%d blocks of AKU_REPLICATIONS and AKU_SERVER_COUNT %d make %d replication objects on each server, which takes %d: put the tables into fewer blocks or lower AKU_SERVER_COUNT",
			len(s.Replications), s.ServerCount, objects, MaxObjects)
	}
	s.blocks = nil
	prefixes, held := map[string]int{}, map[akucore.Table]int{}
	for i, r := range s.Replications {
		block := fmt.Sprintf("AKU_REPLICATIONS_%d_", i)
		prefix := strings.ToUpper(r.NamePrefix)
		switch {
		case prefix == "":
			missing(block + "REPLICATION_NAME_PREFIX")
		case len(prefix) > MaxPrefixBytes:
			fault("%sREPLICATION_NAME_PREFIX is %d bytes long, at most %d are allowed: %q", block, len(prefix), MaxPrefixBytes, r.NamePrefix)
		case !PrefixForm.MatchString(prefix):
			fault("%sREPLICATION_NAME_PREFIX is %q, it must be letters, digits and _, not beginning with a digit", block, r.NamePrefix)
		}
		if first, twice := prefixes[prefix]; twice && prefix != "" {
			fault("%sREPLICATION_NAME_PREFIX %q is that of AKU_REPLICATIONS_%d already", block, r.NamePrefix, first)
		}
		prefixes[prefix] = i
		if r.Parallel < 1 || r.Parallel > maxParallel {
			fault("%sSYNC_PARALLEL_COUNT is %d, it must be 1 to %d", block, r.Parallel, maxParallel)
		}
		tables, wrong := parseTables(r.Tables)
		if len(tables)+len(wrong) == 0 {
			missing(block + "TABLES")
		}
		for _, w := range wrong {
			fault("%sTABLES: %s", block, w)
		}
		for _, t := range tables {
			if first, twice := held[t]; twice {
				fault("%sTABLES: %s is listed in AKU_REPLICATIONS_%d already", block, t, first)
			}
			held[t] = i
		}
		s.blocks = append(s.blocks, akucore.Block{Prefix: prefix, Parallel: r.Parallel, Tables: tables})
	}
	return append(faults, s.forgottenBlocks()...)
}

var blockVariable = regexp.MustCompile(`^AKU_REPLICATIONS_(\d+)_`)

// forgottenBlocks finds blocks behind a gap in the numbers, which would otherwise be
// silently ignored.
func (s *Settings) forgottenBlocks() []string {
	var faults []string
	seen := map[int]bool{}
	for variable := range s.variables {
		m := blockVariable.FindStringSubmatch(variable)
		if m == nil {
			continue
		}
		if n, err := strconv.Atoi(m[1]); err == nil && n >= len(s.Replications) && !seen[n] && len(s.Replications) > 0 {
			seen[n] = true
			faults = append(faults, fmt.Sprintf("AKU_REPLICATIONS_%d_… is set, but AKU_REPLICATIONS_%d_… is not: number the blocks 0, 1, 2, …", n, len(s.Replications)))
		}
	}
	return faults
}

// unparsable returns, per variable that holds no number, its fault.
func unparsable(err error, variables map[string]string) map[string]string {
	faults := map[string]string{}
	var all env.AggregateError
	var parse env.ParseError
	switch {
	case errors.As(err, &all):
		for _, one := range all.Errors {
			for name, fault := range unparsable(one, variables) {
				faults[name] = fault
			}
		}
	case errors.As(err, &parse):
		for _, name := range variablesOf(parse.Name, variables) {
			value := variables[name]
			if _, err := strconv.Atoi(value); err != nil {
				faults[name] = fmt.Sprintf("%s is %q, it must be a number", name, value)
			}
		}
	default:
		faults[""] = err.Error()
	}
	return faults
}

// variablesOf are the names of the set variables behind a field.
func variablesOf(field string, variables map[string]string) []string {
	if f, ok := reflect.TypeFor[Settings]().FieldByName(field); ok {
		return []string{f.Tag.Get("env")}
	}
	f, ok := reflect.TypeFor[Replication]().FieldByName(field)
	if !ok {
		return nil
	}
	var names []string
	for name := range variables {
		if blockVariable.MatchString(name) && strings.HasSuffix(name, f.Tag.Get("env")) {
			names = append(names, name)
		}
	}
	return names
}
