// Package pulse shows whether a loop still runs. The caller of the loop puts a pulse into
// its context. The loop, and the functions that it calls, beat at every step. Code that waits
// beats as well, so only code that hangs is silent.
package pulse

import (
	"context"
	"sync"
	"time"
)

// Pulse remembers the last beat. The zero value has never beaten and is not late.
type Pulse struct {
	mu   sync.Mutex
	last time.Time
}

// Beat says that the loop moves.
func (p *Pulse) Beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = time.Now()
}

// Silence is how long ago the last beat was.
func (p *Pulse) Silence() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last.IsZero() {
		return 0
	}
	return time.Since(p.last)
}

type key struct{}

// With gives a context whose beats are those of p; nil for none, so that work beside the
// loop does not speak for it.
func With(ctx context.Context, p *Pulse) context.Context { return context.WithValue(ctx, key{}, p) }

// Beat beats for the context, if somebody wants to know.
func Beat(ctx context.Context) {
	if p, _ := ctx.Value(key{}).(*Pulse); p != nil {
		p.Beat()
	}
}

// Sleep waits, and beats before and after; it ends early, with an error, with the context.
func Sleep(ctx context.Context, d time.Duration) error {
	Beat(ctx)
	defer Beat(ctx)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Every is how often While beats.
const Every = time.Second

// While does something that takes its time, and has a limit of its own, and beats
// meanwhile.
func While(ctx context.Context, do func() error) error {
	done := make(chan struct{})
	defer close(done)
	go func() {
		tick := time.NewTicker(Every)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				Beat(ctx)
			}
		}
	}()
	return do()
}
