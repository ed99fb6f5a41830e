package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

const (
	// watchInterval is the time between two looks at the own server in service.
	watchInterval = time.Second
	// missesAllowed is how many looks in a row may fail: a server that hangs for a
	// moment keeps its pod in service.
	missesAllowed = 3
)

// ErrGone says that the own server is not, or must not be, in service any more.
var ErrGone = errors.New("the own server left service")

// Watcher keeps watch over a pod in service and over its mesh.
type Watcher struct {
	Runner *Runner
	Since  akucore.Instance // that came into service
	// Replicas tells how many pods there are to be, or -1.
	Replicas func(context.Context) int
	// Present is called after each look that found the own server well, Observed after each
	// look at all pods, when its sessions are closed.
	Present, Observed func()
	// Plan decides; nil for PlanStart. Tests put other rules in its place.
	Plan func(akucore.View, akucore.StartOptions) akucore.Plan
}

// Watch watches the own server and sweeps the mesh, until the pod has to start over: that
// is an error that matches ErrGone.
func (w *Watcher) Watch(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var sweeping sync.WaitGroup
	sweeping.Go(func() { cancel(w.sweep(pulse.With(ctx, nil))) })
	defer sweeping.Wait()
	defer cancel(nil)
	err := WatchServer(ctx, w.Runner.Servers.Server(w.Runner.Mesh.Self), w.Since, w.Present)
	if cause := context.Cause(ctx); errors.Is(cause, ErrGone) {
		return cause
	}
	return err
}

// WatchServer looks at a server in service until it goes away, starts again or is closed.
// Present is called after each look that found it well.
func WatchServer(ctx context.Context, own Instances, since akucore.Instance, present func()) error {
	misses := 0
	for {
		if err := pulse.Sleep(ctx, watchInterval); err != nil {
			return err
		}
		now, err := own.Instance(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, akucore.ErrClosed) || errors.Is(err, akucore.ErrBusy) || err == nil && now.AdminMode:
			return fmt.Errorf("%w: it is closed to users", ErrGone)
		case err == nil && now.StartTime != since.StartTime:
			return fmt.Errorf("%w: it started again", ErrGone)
		case errors.Is(err, akucore.ErrPassword):
			// It answers. The password was changed, and the new one is on its way.
			misses = 0
		case err == nil:
			misses = 0
			present()
		default:
			misses++
			if misses >= missesAllowed {
				return fmt.Errorf("%w: %w", ErrGone, err)
			}
		}
	}
}
