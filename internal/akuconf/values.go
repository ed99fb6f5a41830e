package akuconf

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// order is the order of the properties in the output and in faults.
var order = []string{
	"AKU_SERVER_COUNT", "AKU_REPLICATION_RESET_AT_END", "AKU_FLUSH_AT_START", "AKU_FLUSH_TIMEOUT_AT_START", "AKU_DELAY_START_COMPLETE_TIME",
	"AKU_FLUSH_AT_END", "AKU_QUERY_TIMEOUT", "AKU_QUERY_RETRY_COUNT", "AKU_QUERY_RETRY_DELAY_MSEC", "AKU_ADDRESS_CHECK_COUNT",
	"AKU_PORT_NO", "AKU_REPLICATION_PORT_NO",
}

// secret is the name of the password's Secret in the output.
const secret = "altibase-sys"

// Values writes a configuration as values of the chart, without the password.
func (c Config) Values() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Made from aku.conf by aku-init import.")
	for _, name := range []string{"AKU_STS_NAME", "AKU_SVC_NAME"} {
		if p, set := c.Properties[name]; set {
			line("# %s was %s: the chart names its StatefulSet and its Services after the release (fullnameOverride changes that).", name, oneLine(p.Value))
		}
	}
	line("")
	line("# The password of SYS is not part of this file. Make its Secret:")
	if encrypted(c.Properties[password].Value) {
		line("# (what aku.conf holds looks encrypted; the Secret needs the password itself)")
	}
	line("#   kubectl create secret generic %s --from-literal=password=…", secret)
	line("auth:")
	line("  existingSecret: %s", secret)
	line("")
	line("aku:")
	c.numbers(line, "aku.")
	if _, set := c.Properties[reset]; !set {
		line("  # aku.conf has no %s, and resets at every end. The chart's own value is auto: reset only when", reset)
		line("  # the pod leaves for good, so that a restart costs no full copy.")
	}
	line("  replications:")
	for _, r := range c.Replications {
		line("    - namePrefix: %s", strconv.Quote(r.Prefix.Value))
		if r.Parallel.Value != "" {
			line("      syncParallelCount: %s", number(r.Parallel.Value))
		}
		line("      tables:")
		for _, t := range r.Tables {
			line("        - %s", quote(t))
		}
	}
	if _, port := c.Properties["AKU_PORT_NO"]; port || c.Properties["AKU_REPLICATION_PORT_NO"].Line > 0 {
		line("")
		line("service:")
		c.numbers(line, "service.")
	}
	return b.String()
}

// numbers writes the properties that are values below a key.
func (c Config) numbers(line func(string, ...any), below string) {
	for _, name := range order {
		value, ok := strings.CutPrefix(properties[name].value, below)
		p, set := c.Properties[name]
		if !ok || !set {
			continue
		}
		if n, most := integer(p.Value), properties[name].most; n > most {
			line("  # aku.conf has %d; the chart takes at most this.", n)
			line("  %s: %d", value, most)
			continue
		}
		if name == reset {
			line("  # The chart's own value is auto: reset only when the pod leaves for good, so that a restart costs no full copy.")
		}
		line("  %s: %s", value, number(p.Value))
	}
}

// number drops leading zeros, which YAML would read as octal.
func number(text string) string { return strconv.FormatInt(integer(text), 10) }

func integer(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64) // check has parsed it
	return n
}

// mostPassword is the longest password of the server, in bytes.
const mostPassword = 40

var hexadecimal = regexp.MustCompile(`^([0-9A-Fa-f]{2}){16,}$`)

// encrypted tells whether a value is hardly a password as people type it.
func encrypted(value string) bool { return len(value) > mostPassword || hexadecimal.MatchString(value) }

// quote writes a text in single quotes of YAML.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
