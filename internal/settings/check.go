package settings

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

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
	MaxServers = 6
	// MaxObjects is how many replication objects a server takes: the default of its property
	// REPLICATION_MAX_COUNT, which the chart does not change.
	MaxObjects = 32
)

// PrefixForm matches a name that needs no quotes; the server stores it in upper case.
var PrefixForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// faults are what is wrong with the variables, a sentence each.
type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// missing says so as the vendor's utility does.
func (f *faults) missing(name string) {
	f.add("Property [%s] should be specified by configuration.", name)
}

// err is nil when there are none.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return errors.New(strings.Join(f, "\n"))
}

// values checks a struct's fields by their tags range and words.
func (f *faults) values(of any, prefix string) {
	for field, value := range reflect.ValueOf(of).Fields() {
		name := prefix + field.Tag.Get("env")
		var least, most int64
		if _, err := fmt.Sscanf(field.Tag.Get("range"), "%d-%d", &least, &most); err == nil && (value.Int() < least || value.Int() > most) {
			f.add("%s is %d, it must be %d to %d", name, value.Int(), least, most)
		}
		if words := strings.Fields(field.Tag.Get("words")); len(words) > 0 && !slices.Contains(words, value.String()) {
			f.add("%s is %q, it must be %s", name, value.String(), strings.Join(words, " or "))
		}
	}
}

// check completes the settings and returns every fault.
func (s *Settings) check() faults {
	var f faults
	named := true
	for _, v := range []struct{ name, value string }{{"AKU_STS_NAME", s.StatefulSet}, {"AKU_SVC_NAME", s.Service}} {
		switch {
		case v.value == "":
			f.missing(v.name)
			named = false
		case len(v.value) > maxNameBytes:
			f.add("%s is %d bytes long, at most %d are allowed: %q", v.name, len(v.value), maxNameBytes, v.value)
		}
	}
	if s.Password == "" && s.PasswordFile == "" {
		f.missing("AKU_SYS_PASSWORD")
	}
	for _, v := range []struct{ name, value string }{{"AKU_SYS_PASSWORD", s.Password}, {"AKU_SYS_INITIAL_PASSWORD", s.FirstPassword}} {
		if err := password.Check(v.value); err != nil {
			f.add("%s is not a valid password: %v", v.name, err)
		}
	}
	f.values(*s, "")
	if s.LockWait >= s.LockTimeout {
		f.add("AKU_LOCK_WAIT is %d, it must be below AKU_REPLICATION_LOCK_TIMEOUT (%d): receivers give rows up that wait longer", s.LockWait, s.LockTimeout)
	}
	if s.Port == s.ReplicationPort {
		f.add("AKU_PORT_NO and AKU_REPLICATION_PORT_NO are both %d, they must differ", s.Port)
	}
	if named {
		host := akucore.Mesh{StatefulSet: s.StatefulSet, Service: s.Service, HostSuffix: s.HostSuffix}.Host(0)
		if len(host) > maxHostBytes {
			f.add("the host name %q that AKU_STS_NAME, AKU_SVC_NAME and AKU_HOST_SUFFIX make is %d bytes long, at most %d are allowed: shorten one", host, len(host), maxHostBytes)
		}
		pod, ok := ordinal(s.PodName, s.StatefulSet)
		switch {
		case !ok && s.anyone:
			pod = akucore.Outside
		case !ok:
			f.add("AKU_POD_NAME (or the host name) is %q, it must be %s-N with the pod number N", s.PodName, s.StatefulSet)
		case s.ServerCount > 0 && pod >= s.ServerCount:
			s.surplus = fmt.Sprintf("AKU_POD_NAME is %q, but AKU_SERVER_COUNT %d allows only the pod numbers 0 to %d", s.PodName, s.ServerCount, s.ServerCount-1)
		}
		s.pod = pod
	}
	if err := s.CheckOwner(); err != nil && !s.anyone {
		f.add("%v", err)
	}
	return append(f, s.checkReplications()...)
}

// CheckOwner names the variables that AKU_OWNER_FILES needs and that are not set.
func (s Settings) CheckOwner() error {
	var f faults
	if len(s.OwnerFiles) > 0 && s.PodUID == "" {
		f.missing("AKU_POD_UID")
	}
	if len(s.OwnerFiles) > 0 && s.Namespace == "" {
		f.missing("AKU_POD_NAMESPACE")
	}
	return f.err()
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
func (s *Settings) checkReplications() faults {
	var f faults
	if len(s.Replications) == 0 {
		f.missing("AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX")
		f.missing("AKU_REPLICATIONS_0_TABLES")
	}
	if objects := len(s.Replications) * (s.ServerCount - 1); objects > MaxObjects {
		f.add("%d blocks of AKU_REPLICATIONS and AKU_SERVER_COUNT %d make %d replication objects on each server, which takes %d: put the tables into fewer blocks or lower AKU_SERVER_COUNT",
			len(s.Replications), s.ServerCount, objects, MaxObjects)
	}
	s.blocks = nil
	prefixes, held := map[string]int{}, map[akucore.Table]int{}
	for i, r := range s.Replications {
		block := fmt.Sprintf("AKU_REPLICATIONS_%d_", i)
		prefix := strings.ToUpper(r.NamePrefix)
		switch {
		case prefix == "":
			f.missing(block + "REPLICATION_NAME_PREFIX")
		case len(prefix) > MaxPrefixBytes:
			f.add("%sREPLICATION_NAME_PREFIX is %d bytes long, at most %d are allowed: %q", block, len(prefix), MaxPrefixBytes, r.NamePrefix)
		case !PrefixForm.MatchString(prefix):
			f.add("%sREPLICATION_NAME_PREFIX is %q, it must be letters, digits and _, not beginning with a digit", block, r.NamePrefix)
		}
		if first, twice := prefixes[prefix]; twice && prefix != "" {
			f.add("%sREPLICATION_NAME_PREFIX %q is that of AKU_REPLICATIONS_%d already", block, r.NamePrefix, first)
		}
		prefixes[prefix] = i
		f.values(r, block)
		tables, wrong := parseTables(r.Tables)
		if len(tables)+len(wrong) == 0 {
			f.missing(block + "TABLES")
		}
		for _, w := range wrong {
			f.add("%sTABLES: %s", block, w)
		}
		for _, t := range tables {
			if first, twice := held[t]; twice {
				f.add("%sTABLES: %s is listed in AKU_REPLICATIONS_%d already", block, t, first)
			}
			held[t] = i
		}
		s.blocks = append(s.blocks, akucore.Block{Prefix: prefix, Parallel: r.Parallel, Tables: tables})
	}
	for _, b := range s.blocks {
		if i, listed := held[b.Beat()]; listed && b.Prefix != "" {
			f.add("AKU_REPLICATIONS_%d_TABLES: %s is aku's own table, which is replicated anyway: take it out of the list", i, b.Beat())
		}
	}
	return append(f, s.forgottenBlocks()...)
}

var blockVariable = regexp.MustCompile(`^AKU_REPLICATIONS_(\d+)_`)

// forgottenBlocks finds blocks behind a gap in the numbers, which would otherwise be
// silently ignored.
func (s *Settings) forgottenBlocks() (f faults) {
	seen := map[int]bool{}
	for variable := range s.variables {
		m := blockVariable.FindStringSubmatch(variable)
		if m == nil {
			continue
		}
		if n, err := strconv.Atoi(m[1]); err == nil && n >= len(s.Replications) && !seen[n] && len(s.Replications) > 0 {
			seen[n] = true
			f.add("AKU_REPLICATIONS_%d_… is set, but AKU_REPLICATIONS_%d_… is not: number the blocks 0, 1, 2, …", n, len(s.Replications))
		}
	}
	return f
}
