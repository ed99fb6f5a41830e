package akuconf

import (
	"strconv"
	"strings"

	"aku/internal/settings"
)

const (
	password = "AKU_SYS_PASSWORD"
	misspelt = "AKU_SYS_PASWWORD"
)

// properties are those of the utility: the value of the chart that each becomes, ""
// for those with a place of their own, and what numbers it takes.
var properties = map[string]struct {
	value       string
	least, most int64
}{
	password:                        {},
	misspelt:                        {},
	"AKU_STS_NAME":                  {},
	"AKU_SVC_NAME":                  {},
	"AKU_SERVER_COUNT":              {"aku.serverCount", 1, 6},
	"AKU_PORT_NO":                   {"service.port", 1024, 65535},
	"AKU_REPLICATION_PORT_NO":       {"service.replicationPort", 1024, 65535},
	"AKU_QUERY_TIMEOUT":             {"aku.queryTimeout", 0, 4294967295},
	"AKU_QUERY_RETRY_COUNT":         {"aku.queryRetryCount", 0, 1000000},
	"AKU_QUERY_RETRY_DELAY_MSEC":    {"aku.queryRetryDelayMsec", 0, 3600000},
	"AKU_ADDRESS_CHECK_COUNT":       {"aku.addressCheckCount", 1, 1000000},
	"AKU_FLUSH_AT_START":            {"aku.flushAtStart", 0, 1},
	"AKU_FLUSH_TIMEOUT_AT_START":    {"aku.flushTimeoutAtStart", 0, 4294967295},
	"AKU_DELAY_START_COMPLETE_TIME": {"aku.delayStartCompleteTime", 0, 4294967295},
	"AKU_FLUSH_AT_END":              {"aku.flushAtEnd", 0, 1},
	"AKU_REPLICATION_RESET_AT_END":  {"aku.replicationResetAtEnd", 0, 1},
}

// check finds values that aku would refuse.
func (p *parser) check(c Config) {
	for _, name := range order {
		property, set := c.Properties[name]
		rule := properties[name]
		if !set || rule.value == "" {
			continue
		}
		p.number(property, name, rule.least, rule.most)
	}
	if len(c.Replications) == 0 {
		p.fault(1, "REPLICATIONS is missing")
	}
	for _, r := range c.Replications {
		if r.Prefix.Value == "" {
			p.fault(r.line, "REPLICATION_NAME_PREFIX is missing in this replication")
		}
		if len(r.Tables) == 0 {
			p.fault(r.line, "this replication has no tables")
		}
		if r.Parallel.Value != "" {
			p.number(r.Parallel, "SYNC_PARALLEL_COUNT", 1, 100)
		}
	}
}

func (p *parser) number(of Property, name string, least, most int64) {
	n, err := strconv.ParseInt(of.Value, 10, 64)
	if err != nil || n < least || n > most {
		p.fault(of.Line, "%s is %q, it must be a number from %d to %d", name, of.Value, least, most)
	}
}

// add takes a table that aku would take, too.
func (p *parser) add(r *Replication, table string, line int) {
	// Quotes around the whole name do not belong to it.
	if inner := strings.Trim(table, `"`); strings.Count(table, `"`) == 2 && len(inner) == len(table)-2 {
		table = inner
	}
	if err := settings.CheckTable(table); err != nil {
		p.fault(line, "%v", err)
		return
	}
	r.Tables = append(r.Tables, table)
}
