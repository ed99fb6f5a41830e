package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// settle is longer than the keep-alive of a sender that nothing is written for.
const settle = 8 * time.Second

// traffic is what one join asked of the servers, all together.
type traffic struct {
	Took               time.Duration
	Logins, Statements int
	Changes            int // those statements that change something
	// Working is the part of the time in which some server was busy with a change: what
	// is left is what the joining program takes for itself.
	Working time.Duration
}

// Overhead is what the program adds to the servers' own time.
func (t traffic) Overhead() float64 { return float64(t.Took-t.Working) / float64(t.Working) }

var (
	loggedLine = regexp.MustCompile(`^time=(\S+) level=DEBUG msg=(login|statement) `)
	loggedTook = regexp.MustCompile(` took=(\S+) text="?(\w+)`)
)

// countJoin is a join without users, on servers that log all that they are asked.
func (m *mesh) countJoin(ctx context.Context, w way) (traffic, error) {
	var t traffic
	if err := m.last().renew(); err != nil {
		return t, err
	}
	// A server that starts takes longer than this: what was written before, as by a
	// CREATE, is acknowledged when its pod joins.
	time.Sleep(settle)
	before := map[*pod]int{}
	for _, p := range m.pods {
		before[p] = len(p.Output())
	}
	began := time.Now()
	if err := w.join(ctx, m.last()); err != nil {
		return t, fmt.Errorf("%s, join: %w", w.name, err)
	}
	t.Took = time.Since(began)
	var busy [][2]time.Time
	for _, p := range m.pods {
		for line := range strings.Lines(p.Output()[before[p]:]) {
			head := loggedLine.FindStringSubmatch(line)
			if head == nil {
				continue
			}
			if head[2] == "login" {
				t.Logins++
				continue
			}
			what := loggedTook.FindStringSubmatch(line)
			if what == nil || what[2] == "SET" || what[2] == "SHOW" {
				continue // the driver's own
			}
			t.Statements++
			if what[2] == "select" || what[2] == "SELECT" {
				continue
			}
			t.Changes++
			at, err := time.Parse(time.RFC3339, head[1])
			if err != nil {
				return t, err
			}
			took, err := time.ParseDuration(what[1])
			if err != nil {
				return t, err
			}
			busy = append(busy, [2]time.Time{at.Add(-took), at})
		}
	}
	t.Working = union(busy)
	return t, w.end(ctx, m.last())
}

// union is how long at least one of the spans lasted.
func union(spans [][2]time.Time) time.Duration {
	slices.SortFunc(spans, func(a, b [2]time.Time) int { return a[0].Compare(b[0]) })
	var sum time.Duration
	var until time.Time
	for _, s := range spans {
		if s[0].Before(until) {
			s[0] = until
		}
		if s[1].After(s[0]) {
			sum += s[1].Sub(s[0])
			until = s[1]
		}
	}
	return sum
}
