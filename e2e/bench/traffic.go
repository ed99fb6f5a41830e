package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settle is longer than the keep-alive interval of an idle sender.
const settle = 8 * time.Second

// traffic is what one join, end or restart asked of all servers together.
type traffic struct {
	Took               time.Duration
	Logins, Statements int
	Changes            int // statements that change something
	// Working is the time in which at least one server was busy with a change. The rest is the program's own
	// time.
	Working time.Duration
	// CPU is the processor time of this process: the program's and the writers'.
	CPU time.Duration

	changes []change
}

// change is a statement that changes something, and when it ran.
type change struct {
	text     string
	from, to time.Time
}

// Overhead is the program's own time, as a share of the servers' time.
func (t traffic) Overhead() float64 { return float64(t.Took-t.Working) / float64(t.Working) }

func (t traffic) String() string {
	return fmt.Sprintf("%s, of it working %s, %d logins, %d statements, of them changes %d", t.Took, t.Working, t.Logins, t.Statements, t.Changes)
}

// of is the time in which at least one server was busy with changes whose text matches.
func (t traffic) of(what *regexp.Regexp) time.Duration {
	return union(slices.DeleteFunc(slices.Clone(t.changes), func(c change) bool { return !what.MatchString(c.text) }))
}

var (
	loggedLine = regexp.MustCompile(`^time=(\S+) level=DEBUG msg=(login|statement) `)
	loggedTook = regexp.MustCompile(` took=(\S+) text="?((\w+)[^"]*)`)
)

// countJoin counts a join without users, on servers that log every statement.
func (m *mesh) countJoin(ctx context.Context, w way) (traffic, error) {
	if err := m.last().renew(); err != nil {
		return traffic{}, err
	}
	// Real servers take longer to start than this. Earlier changes, as by a CREATE, are then acknowledged
	// before the pod joins.
	time.Sleep(settle)
	t, err := m.count(func() error { return w.join(ctx, m.last()) })
	if err != nil {
		return t, fmt.Errorf("%s, join: %w", w.name, err)
	}
	return t, w.end(ctx, m.last())
}

// count counts what do asks of servers that log every statement.
func (m *mesh) count(do func() error) (traffic, error) {
	var t traffic
	before := map[*pod]int{}
	for _, p := range m.pods {
		before[p] = len(p.Output())
	}
	began, used := time.Now(), ownCPU()
	if err := do(); err != nil {
		return t, err
	}
	t.Took, t.CPU = time.Since(began), ownCPU()-used
	for _, p := range m.pods {
		for line := range strings.Lines(p.Output()[before[p]:]) {
			if err := t.add(line); err != nil {
				return t, err
			}
		}
	}
	t.Working = union(t.changes)
	return t, nil
}

// add reads a line of a server's log.
func (t *traffic) add(line string) error {
	head := loggedLine.FindStringSubmatch(line)
	if head == nil {
		return nil
	}
	if head[2] == "login" {
		t.Logins++
		return nil
	}
	what := loggedTook.FindStringSubmatch(line)
	if what == nil {
		return nil
	}
	switch strings.ToUpper(what[3]) {
	case "SET", "SHOW":
		return nil // a statement of the driver
	case "SELECT":
		t.Statements++
		return nil
	}
	t.Statements++
	t.Changes++
	at, err := time.Parse(time.RFC3339, head[1])
	if err != nil {
		return err
	}
	took, err := time.ParseDuration(what[1])
	if err != nil {
		return err
	}
	t.changes = append(t.changes, change{what[2], at.Add(-took), at})
	return nil
}

// union is the time in which at least one of the changes ran.
func union(changes []change) time.Duration {
	slices.SortFunc(changes, func(a, b change) int { return a.from.Compare(b.from) })
	var sum time.Duration
	var until time.Time
	for _, c := range changes {
		if c.from.Before(until) {
			c.from = until
		}
		if c.to.After(c.from) {
			sum += c.to.Sub(c.from)
			until = c.to
		}
	}
	return sum
}

// ownCPU is the processor time of this process so far.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
