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
	// watchInterval is the time between two polls of the pod's own server in service.
	watchInterval = time.Second
	// missesAllowed is how many polls in a row may fail: a server that hangs for a moment
	// keeps its pod in service.
	missesAllowed = 3
)

// ErrGone says that the own server is not, or must not be, in service any more.
var ErrGone = errors.New("the own server left service")

// Watcher keeps watch over a pod in service and over its mesh.
type Watcher struct {
	Runner *Runner
	Since  akucore.Instance // the instance that came into service
	// Replicas is the number of pods that the StatefulSet wants, or -1 when it is not known.
	Replicas func(context.Context) int
	// Present is called after each poll that found the server well. Observed is called after
	// each observation of all pods, when its sessions are closed.
	Present, Observed func()
	Plan              StartRules
}

// Watch watches the pod's own server and sweeps the mesh, until the pod has to start over. Its
// error then matches ErrGone.
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

// WatchServer polls a server in service until the server goes away, restarts or is closed.
// It calls present after each poll that found the server well.
func WatchServer(ctx context.Context, own Instances, since akucore.Instance, present func()) error {
	misses := 0
	for {
		if err := pulse.Sleep(ctx, watchInterval); err != nil {
			return err
		}
		now, err := own.Instance(ctx)
		seen := akucore.Pod{State: akucore.State{Instance: now}, Err: err}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case seen.Closed():
			return fmt.Errorf("%w: it is closed to users", ErrGone)
		case err == nil && now.StartTime != since.StartTime:
			return fmt.Errorf("%w: it started again", ErrGone)
		case errors.Is(err, akucore.ErrPassword):
			// The server answers. The password was changed, and the new one has not arrived yet.
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
