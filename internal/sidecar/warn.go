package sidecar

import (
	"sync"
	"time"
)

// warnAgain is how often a trouble that goes on is logged.
const warnAgain = 30 * time.Second

// warnings are the troubles that were logged, by their subject.
type warnings struct {
	mu   sync.Mutex
	last map[string]warning
}

type warning struct {
	text string
	at   time.Time
}

// warn logs an error about a subject: a new one at once, then every warnAgain. Nil means that
// the trouble is over. Several goroutines may call it.
func (s *Sidecar) warn(about string, err error) {
	s.warnings.mu.Lock()
	defer s.warnings.mu.Unlock()
	before := s.warnings.last[about]
	switch {
	case err == nil:
		delete(s.warnings.last, about)
	case err.Error() != before.text || time.Since(before.at) >= warnAgain:
		if s.warnings.last == nil {
			s.warnings.last = map[string]warning{}
		}
		s.warnings.last[about] = warning{err.Error(), time.Now()}
		s.Log.Warn(about, "reason", err)
	}
}
