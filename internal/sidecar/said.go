package sidecar

import (
	"sync"
	"time"
)

// sayAgain is how often a trouble that lasts is logged.
const sayAgain = 30 * time.Second

// said are the troubles that were logged, by what they are about. It may be asked from
// several goroutines.
type said struct {
	mu   sync.Mutex
	last map[string]saying
}

type saying struct {
	text string
	at   time.Time
}

// due tells whether a trouble is to be logged: at once when it is new, else now and then.
// Without a text it is over.
func (s *said) due(about, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.last[about]
	switch {
	case text == "":
		delete(s.last, about)
		return false
	case text == before.text && time.Since(before.at) < sayAgain:
		return false
	}
	if s.last == nil {
		s.last = map[string]saying{}
	}
	s.last[about] = saying{text, time.Now()}
	return true
}

// warn logs what is wrong with something; nil says that it is well.
func (s *Sidecar) warn(about string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if s.said.due(about, text) {
		s.Log.Warn(about, "reason", err)
	}
}
