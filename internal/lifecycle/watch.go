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
	// watchInterval is how often the own server is looked at while it is in service.
	watchInterval = time.Second
	// missesAllowed is how many looks in a row may fail: a server that hangs for a
	// moment keeps its pod in service.
	missesAllowed = 3
)

// ErrGone is returned by Watch and Sweep when the own server is not, or must not be,
// in service any more.
var ErrGone = errors.New("the own server left service")

// Attend watches the own server in service and sweeps the mesh, until the pod has to
// start over: that is an error that matches ErrGone. Present is called after each look
// of the watch that found the server well, asked after each look of the sweep at all pods.
func Attend(ctx context.Context, r *Runner, since akucore.Instance, replicas func(context.Context) int, present, asked func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var sweeping sync.WaitGroup
	sweeping.Go(func() { cancel(Sweep(pulse.With(ctx, nil), r, replicas, asked)) })
	defer sweeping.Wait()
	defer cancel(nil)
	err := Watch(ctx, r.Servers.Server(r.Mesh.Self), since, present)
	if cause := context.Cause(ctx); errors.Is(cause, ErrGone) {
		return cause
	}
	return err
}

// Watch looks at the own server, which is in service, until it goes away, starts
// again or is closed. Present is called after each look that found it well.
func Watch(ctx context.Context, own Server, since akucore.Instance, present func()) error {
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
