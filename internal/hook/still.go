package hook

import (
	"log/slog"
	"sync"

	"aku/internal/lifecycle"
)

// still logs what is not done, whenever a step begins or ends. A hook can be killed at any
// moment, and then the last of these lines is the only record.
type still struct {
	log  *slog.Logger
	left func() []string

	mu   sync.Mutex
	said string
}

func (s *still) say() {
	left := lifecycle.LeftUndone(s.left())
	s.mu.Lock()
	defer s.mu.Unlock()
	if left == s.said {
		return
	}
	s.said = left
	s.log.Info("still to do, if this is the last line", "left_undone", left)
}
