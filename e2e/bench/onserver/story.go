package main

import (
	"regexp"
	"strings"
	"time"
)

// Words of aku by which its log is measured.
const (
	looks    = `"Start as ` // MASTER or SLAVE Pod: the first look at the servers
	empties  = `"Table truncation has ended."`
	copies   = `"Replication sync has ended."`
	delivers = `"Replication flush has ended."`
	ends     = `"AKU started with END option."`
	shuts    = `: SHUTDOWN"`
	done     = `"AKU run successfully."`
)

// story is what happened in a log from one of its lines to another one.
type story struct {
	Took  time.Duration            // from the one to the other
	Parts map[string]time.Duration // what lines between them say that they took, by the words looked for
}

var (
	stamp = regexp.MustCompile(`^time=(\S+) `)
	tooks = regexp.MustCompile(` took=(\S+)`)
)

// tell finds the last story in a log that begins with one word and ends with another; false when it has not ended.
func tell(log, from, to string, parts ...string) (story, bool) {
	s := story{}
	var began time.Time
	ended := false
	for line := range strings.Lines(log) {
		stamped := stamp.FindStringSubmatch(line)
		if stamped == nil {
			continue // the server's own
		}
		at, err := time.Parse(time.RFC3339, stamped[1])
		switch {
		case err != nil:
		case strings.Contains(line, from):
			s, began, ended = story{Parts: map[string]time.Duration{}}, at, false
		case began.IsZero() || ended:
		case strings.Contains(line, to):
			s.Took, ended = at.Sub(began), true
		default:
			for _, part := range parts {
				if took := tooks.FindStringSubmatch(line); took != nil && strings.Contains(line, part) {
					if spent, err := time.ParseDuration(took[1]); err == nil {
						s.Parts[part] += spent
					}
				}
			}
		}
	}
	return s, ended
}
