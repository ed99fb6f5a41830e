// Package account keeps account of rows: which writes were acknowledged, and whether a server has them.
//
// Only acknowledged writes count. The outcome of a failed statement is unknown, because the server may have
// committed it before the connection broke. Its row may have either value, and the writer never uses that key
// again. An acknowledged row that a server does not have is lost, whatever else is true.
package account

import (
	"fmt"
	"slices"
)

// Absent is the value of a key without a row. No writer writes it.
const Absent = ""

// Account is the knowledge about each key.
type Account map[int64]*Fate

// Fate is the knowledge about the value of one key.
type Fate struct {
	Acknowledged string   // the last acknowledged value, or Absent
	Tried        []string // later values of unknown outcome
}

// Try records a value before it is written.
func (a Account) Try(key int64, value string) {
	fate := a[key]
	if fate == nil {
		fate = &Fate{Acknowledged: Absent}
		a[key] = fate
	}
	fate.Tried = append(fate.Tried, value)
}

// Acknowledge records that the last tried value is committed.
func (a Account) Acknowledge(key int64) error {
	fate := a[key]
	if fate == nil || len(fate.Tried) == 0 {
		return fmt.Errorf("key %d was acknowledged without having been tried", key)
	}
	fate.Acknowledged, fate.Tried = fate.Tried[len(fate.Tried)-1], nil
	return nil
}

// allows tells whether a server that lost nothing can hold this value.
func (f *Fate) allows(value string) bool {
	return value == f.Acknowledged || slices.Contains(f.Tried, value)
}

// Verdict is the comparison of one server's rows with an account.
type Verdict struct {
	Host         string `json:"host"`
	Rows         int    `json:"rows"`
	Acknowledged int    `json:"acknowledged"` // keys with an acknowledged value
	Undecided    int    `json:"undecided"`    // keys whose last statement has an unknown outcome
	Missing      int    `json:"missing"`      // acknowledged keys without a row
	Stale        int    `json:"stale"`        // acknowledged keys with an older value
	Extra        int    `json:"extra"`        // rows that nobody wrote
	// Examples are the first few faults as text.
	Examples []string `json:"examples,omitempty"`
}

// mostExamples keeps a report of ten thousand lost rows readable.
const mostExamples = 5

// Lost is the number of acknowledged keys whose last acknowledged value is gone.
func (v Verdict) Lost() int { return v.Missing + v.Stale }

// Compare judges the rows of a server, given as key and value.
func (a Account) Compare(host string, rows map[int64]string) Verdict {
	v := Verdict{Host: host, Rows: len(rows)}
	example := func(format string, args ...any) {
		if len(v.Examples) < mostExamples {
			v.Examples = append(v.Examples, fmt.Sprintf(format, args...))
		}
	}
	for _, key := range sortedKeys(a) {
		fate, value := a[key], rows[key]
		if fate.Acknowledged != Absent {
			v.Acknowledged++
		}
		if len(fate.Tried) > 0 {
			v.Undecided++
		}
		switch {
		case fate.allows(value):
		case value == Absent:
			v.Missing++
			example("key %d is missing, acknowledged was %q", key, fate.Acknowledged)
		default:
			v.Stale++
			example("key %d has %q, acknowledged was %q", key, value, fate.Acknowledged)
		}
	}
	for _, key := range sortedKeys(rows) {
		if a[key] == nil {
			v.Extra++
			example("key %d has %q, which nobody wrote", key, rows[key])
		}
	}
	return v
}

func sortedKeys[V any](m map[int64]V) []int64 {
	keys := make([]int64, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
