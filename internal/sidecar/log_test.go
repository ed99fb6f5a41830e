package sidecar

import (
	"io"
	"log/slog"
	"sync"
	"testing"
)

// logTo logs to a test for as long as it runs: a goroutine that a hanging call holds outlives
// the test, and to write to a test that is over is a panic.
func logTo(t *testing.T) *slog.Logger {
	w := &untilEnd{to: t.Output()}
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.to = io.Discard
	})
	return slog.New(slog.NewTextHandler(w, nil))
}

type untilEnd struct {
	mu sync.Mutex
	to io.Writer
}

func (w *untilEnd) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(line)
}
