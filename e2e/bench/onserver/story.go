package main

import (
	"regexp"
	"strings"
	"time"
)

// Lines of aku's log that begin, end and divide a story.
const (
	starts   = `"Start as ` // MASTER or SLAVE Pod: the first observation of the servers
	empties  = `"Table truncation has ended."`
	copies   = `"Replication sync has ended."`
	delivers = `"Replication flush has ended."`
	ends     = `"AKU started with END option."`
	shuts    = `: SHUTDOWN"`
	done     = `"AKU run successfully."`
)

// story is what happened in a log from one line to another.
type story struct {
	Took  time.Duration            // from the first line to the last
	Parts map[string]time.Duration // the durations that lines in between report, by their words
}

var (
	stamp = regexp.MustCompile(`^time=(\S+) `)
	tooks = regexp.MustCompile(` took=(\S+)`)
)

// tell finds the last story in a log, from a line with one word to a line with another. ended is false when
// the second line is missing.
func tell(log, from, to string, parts ...string) (story, bool) {
	s := story{}
	var began time.Time
	ended := false
	for line := range strings.Lines(log) {
		stamped := stamp.FindStringSubmatch(line)
		if stamped == nil {
			continue // a line of the server
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
