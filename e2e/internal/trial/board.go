package trial

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// board holds a value that changes, and wakes those who wait for a change.
type board[T any] struct {
	mu      sync.Mutex
	value   T
	changed chan struct{} // closed at the next change
}

func (b *board[T]) set(value T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.value = value
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

func (b *board[T]) get() (T, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.value, b.changed
}

// await waits until lacking returns "". Otherwise lacking says what is missing.
func (b *board[T]) await(ctx context.Context, limit time.Duration, what string, lacking func(T) string) error {
	limit = patient(limit)
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		value, changed := b.get()
		lack := lacking(value)
		if lack == "" {
			return nil
		}
		select {
		case <-changed:
		case <-timeout.C:
			return inVain(limit, what, lack)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pollInterval is the time between two checks of a condition that cannot be watched.
const pollInterval = 100 * time.Millisecond

// Await checks until lacking returns "". Otherwise lacking says what is missing.
func Await(ctx context.Context, limit time.Duration, what string, lacking func(context.Context) string) error {
	limit = patient(limit)
	end := time.Now().Add(limit)
	for {
		lack := lacking(ctx)
		switch {
		case lack == "":
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case time.Now().After(end):
			return inVain(limit, what, lack)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollInterval):
		}
	}
}

func inVain(limit time.Duration, what, lack string) error {
	return fmt.Errorf("waited %s for %s, last seen: %s", limit, what, lack)
}
