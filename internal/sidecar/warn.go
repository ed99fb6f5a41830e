package sidecar

import (
	"sync"
	"time"
)

// warnAgain is how often a trouble that goes on is logged.
const warnAgain = 30 * time.Second

// warnings are the troubles that were logged, by their subject. Several goroutines may use
// it.
type warnings struct {
	mu   sync.Mutex
	last map[string]warning
}

type warning struct {
	text string
	at   time.Time
}

// due reports whether a trouble must be logged: a new one at once, then every warnAgain. An
// empty text means that it is over.
func (s *warnings) due(about, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.last[about]
	switch {
	case text == "":
		delete(s.last, about)
		return false
	case text == before.text && time.Since(before.at) < warnAgain:
		return false
	}
	if s.last == nil {
		s.last = map[string]warning{}
	}
	s.last[about] = warning{text, time.Now()}
	return true
}

// warn logs an error about a subject; nil means that the trouble is over.
func (s *Sidecar) warn(about string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if s.warnings.due(about, text) {
		s.Log.Warn(about, "reason", err)
	}
}
