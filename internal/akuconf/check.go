package akuconf

import (
	"regexp"
	"strconv"
	"strings"

	"aku/internal/akucore"
	"aku/internal/settings"
)

const (
	password = "AKU_SYS_PASSWORD"
	misspelt = "AKU_SYS_PASWWORD"
	reset    = "AKU_REPLICATION_RESET_AT_END"
)

// mostOfTheVendor is the vendor's maximum for numbers that the chart limits further.
const mostOfTheVendor = 4294967295

// limits are the numbers that a value of the chart accepts, as in its schema.
type limits struct {
	value       string
	least, most int64
	cap         bool // a larger number that the vendor's aku accepts becomes most
}

// properties maps each property of the vendor's utility to a value of the chart and its limits. The
// name is empty when the property has a place of its own.
var properties = map[string]limits{
	password:                        {},
	misspelt:                        {},
	"AKU_STS_NAME":                  {},
	"AKU_SVC_NAME":                  {},
	"AKU_SERVER_COUNT":              {"aku.serverCount", 1, 6, false},
	"AKU_PORT_NO":                   {"service.port", 1024, 65535, false},
	"AKU_REPLICATION_PORT_NO":       {"service.replicationPort", 1024, 65535, false},
	"AKU_QUERY_TIMEOUT":             {"aku.queryTimeout", 0, mostOfTheVendor, true},
	"AKU_QUERY_RETRY_COUNT":         {"aku.queryRetryCount", 0, 1000000, true},
	"AKU_QUERY_RETRY_DELAY_MSEC":    {"aku.queryRetryDelayMsec", 0, 3600000, true},
	"AKU_ADDRESS_CHECK_COUNT":       {"aku.addressCheckCount", 1, 1000000, true},
	"AKU_FLUSH_AT_START":            {"aku.flushAtStart", 0, 1, false},
	"AKU_FLUSH_TIMEOUT_AT_START":    {"aku.flushTimeoutAtStart", 0, 86400, true},
	"AKU_DELAY_START_COMPLETE_TIME": {"aku.delayStartCompleteTime", 0, 86400, true},
	"AKU_FLUSH_AT_END":              {"aku.flushAtEnd", 0, 1, false},
	reset:                           {"aku.replicationResetAtEnd", 0, 1, false},
}

// parallel limits SYNC_PARALLEL_COUNT.
var parallel = limits{"syncParallelCount", 1, 100, false}

const (
	// nameForm matches a user, a table or a partition as the chart accepts it.
	nameForm = `("[^"']+"|[A-Za-z_[:^ascii:]][A-Za-z0-9_$#[:^ascii:]]*)`

	healthPort     = 20380
	defaultServers = 4
)

var tablePattern = regexp.MustCompile(`^` + nameForm + `\.` + nameForm + `( +(?i:PARTITION) +` + nameForm + `)?$`)

// check reports what aku or the chart would refuse.
func (p *parser) check(c Config) {
	for _, name := range order {
		property, set := c.Properties[name]
		rule := properties[name]
		if !set || rule.value == "" {
			continue
		}
		p.number(property, name, rule)
	}
	p.ports(c)
	if len(c.Replications) == 0 {
		p.fault(1, "REPLICATIONS is missing")
		return
	}
	servers := int64(defaultServers)
	if property, set := c.Properties["AKU_SERVER_COUNT"]; set {
		servers, _ = strconv.ParseInt(property.Value, 10, 64) // checked above
	}
	if objects := int64(len(c.Replications)) * (servers - 1); objects > settings.MaxObjects {
		p.fault(c.Replications[0].line, "%d replications make %d replication objects on each of %d servers, which takes %d: put the tables into fewer, or lower AKU_SERVER_COUNT",
			len(c.Replications), objects, servers, settings.MaxObjects)
	}
	prefixes, tables := map[string]int{}, map[akucore.Table]int{}
	for _, r := range c.Replications {
		p.prefix(r, prefixes)
		if len(r.Tables) == 0 {
			p.fault(r.line, "this replication has no tables")
		}
		if r.Parallel.Value != "" {
			p.number(r.Parallel, "SYNC_PARALLEL_COUNT", parallel)
		}
		for i, table := range r.Tables {
			name, _ := settings.ParseTable(table) // checked before
			if first, twice := tables[name]; twice {
				p.fault(r.lines[i], "%s is on line %d already: name a table once", table, first)
				continue
			}
			tables[name] = r.lines[i]
		}
	}
	for _, r := range c.Replications {
		beat := akucore.Block{Prefix: r.Prefix.Value}.Beat()
		if line, listed := tables[beat]; listed {
			p.fault(line, "%s is the name of aku's own table, which is replicated anyway: take it out of the list, or if it is yours, rename it or the replication", beat)
		}
	}
}

// ports reports ports that are equal to each other or to the health port. A port that the file
// leaves out has its default.
func (p *parser) ports(c Config) {
	own, set := c.Properties["AKU_PORT_NO"]
	other, otherSet := c.Properties["AKU_REPLICATION_PORT_NO"]
	if !set {
		own = Property{Value: "20300"}
	}
	if !otherSet {
		other = Property{Value: "20301"}
	}
	if line := max(own.Line, other.Line); line > 0 && number(own.Value) == number(other.Value) {
		p.fault(line, "AKU_PORT_NO and AKU_REPLICATION_PORT_NO are both %s, they must differ", number(own.Value))
	}
	for _, port := range []Property{own, other} {
		if number(port.Value) == strconv.Itoa(healthPort) {
			p.fault(port.Line, "%d is the health port of the chart's aku: choose another one", healthPort)
		}
	}
}

func (p *parser) prefix(r Replication, seen map[string]int) {
	prefix := r.Prefix
	folded := strings.ToUpper(prefix.Value)
	first, twice := seen[folded]
	switch {
	case prefix.Value == "":
		p.fault(r.line, "REPLICATION_NAME_PREFIX is missing in this replication")
	case len(prefix.Value) > settings.MaxPrefixBytes:
		p.fault(prefix.Line, "REPLICATION_NAME_PREFIX is %d bytes long, at most %d are allowed: %q", len(prefix.Value), settings.MaxPrefixBytes, prefix.Value)
	case !settings.PrefixForm.MatchString(prefix.Value):
		p.fault(prefix.Line, "REPLICATION_NAME_PREFIX is %q, it must be letters, digits and _, not beginning with a digit", prefix.Value)
	case twice:
		p.fault(prefix.Line, "REPLICATION_NAME_PREFIX %q is that of line %d already: give each replication its own", prefix.Value, first)
	default:
		seen[folded] = prefix.Line
	}
}

func (p *parser) number(of Property, name string, l limits) {
	n, err := strconv.ParseInt(of.Value, 10, 64)
	most := l.most
	if l.cap {
		most = mostOfTheVendor
	}
	if err != nil || n < l.least || n > most {
		p.fault(of.Line, "%s is %q, it must be a number from %d to %d", name, of.Value, l.least, most)
	}
}

// add adds a table that aku accepts, and reports any other.
func (p *parser) add(r *Replication, table string, line int) {
	// Quotes around the whole entry are not part of the name.
	if inner := strings.Trim(table, `"`); strings.Count(table, `"`) == 2 && len(inner) == len(table)-2 {
		table = inner
	}
	if _, err := settings.ParseTable(table); err != nil {
		p.fault(line, "%v", err)
		return
	}
	if !tablePattern.MatchString(table) {
		p.fault(line, "%q begins a name with a character that is not a letter: put the name in quotes", table)
		return
	}
	r.Tables = append(r.Tables, table)
	r.lines = append(r.lines, line)
}
