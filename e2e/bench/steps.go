package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// showSteps shows the log of each join and end by aku.
var showSteps bool

// steps is a log that is shown only on a failure, or on request.
type steps struct {
	mu    sync.Mutex
	began time.Time
	lines strings.Builder
	took  map[string]time.Duration // the times in messages
	done  []change                 // the steps of plans
}

// Enabled implements slog.Handler.
func (s *steps) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements slog.Handler.
func (s *steps) WithAttrs([]slog.Attr) slog.Handler { return s }

// WithGroup implements slog.Handler.
func (s *steps) WithGroup(string) slog.Handler { return s }

// Handle implements slog.Handler.
func (s *steps) Handle(_ context.Context, r slog.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.began.IsZero() {
		s.began = r.Time
	}
	fmt.Fprintf(&s.lines, "%7.3f ", r.Time.Sub(s.began).Seconds())
	s.lines.WriteString(r.Message)
	step := change{to: r.Time}
	r.Attrs(func(a slog.Attr) bool {
		s.lines.WriteString(" " + a.String())
		if a.Key == "step" {
			step.text = a.Value.String()
		}
		if a.Key == "took" {
			if s.took == nil {
				s.took = map[string]time.Duration{}
			}
			s.took[r.Message] += a.Value.Duration()
			step.from = r.Time.Add(-a.Value.Duration())
		}
		return true
	})
	if step.text != "" && !step.from.IsZero() {
		s.done = append(s.done, step)
	}
	s.lines.WriteString("\n")
	return nil
}

// text is the whole log.
func (s *steps) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines.String()
}

// tookFor is the time that the message reports.
func (s *steps) tookFor(message string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.took[message]
}
