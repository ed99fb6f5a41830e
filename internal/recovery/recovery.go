// Package recovery gives a master that lost its rows the copy of a slave. It acts instead
// of the sidecar of the master's pod.
package recovery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/avast/retry-go/v4"

	"aku/internal/akucore"
	"aku/internal/altibase"
	"aku/internal/lifecycle"
	"aku/internal/pulse"
	"aku/internal/rundir"
	"aku/internal/settings"
	"aku/internal/wiring"
)

const (
	// lockPatience is how long the sidecar may take to abandon a statement and release the lock.
	lockPatience = 15 * time.Second
	// endPoll is the time between two checks whether the pod is being ended.
	endPoll = 200 * time.Millisecond
)

// ErrRefused says that the recovery was not begun, because a rule forbids it.
var ErrRefused = errors.New("refused")

// Recovery holds what a recovery needs.
type Recovery struct {
	Settings settings.Settings
	Servers  *altibase.Cluster
	Log      *slog.Logger
	Source   int // pod number of the slave whose copy the master gets
	// Without are slaves that need not deliver to the source first. What only they have is lost.
	Without []int
	// Report is called with each event, unless it is nil.
	Report func(lifecycle.Event)
}

// Preview prints what would be done to which rows, and changes nothing.
func (r Recovery) Preview(ctx context.Context, to io.Writer) error {
	plan, err := r.plan(ctx)
	if err != nil {
		return err
	}
	return r.print(ctx, plan, to)
}

// Run recovers the master. The sidecar of the pod waits meanwhile, and then opens the server.
func (r Recovery) Run(ctx context.Context, to io.Writer) error {
	dir := rundir.Dir(r.Settings.RunDir)
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	done, err := dir.TakeTurn(waiting)
	cancel()
	if err != nil {
		return err
	}
	defer done()
	// The sessions end before the lock is released: to the next process they would look like
	// users.
	defer r.Servers.CloseIdle()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		for pulse.Sleep(ctx, endPoll) == nil {
			if dir.EndRequested() {
				stop(errors.New("this pod is being ended"))
			}
		}
	}()
	runner := wiring.Runner(r.Settings, r.Servers, r.Log)
	runner.Report = r.Report
	printed := false
	return r.again(ctx, func(last error) error {
		plan, err := r.plan(ctx)
		if err != nil {
			return retry.Unrecoverable(errors.Join(err, last))
		}
		if !printed {
			if err := r.print(ctx, plan, to); err != nil {
				return retry.Unrecoverable(err)
			}
			printed = true
		}
		if err := runner.Run(ctx, plan); err != nil {
			r.Servers.CloseIdle()
			return err
		}
		r.Log.Info("the master has its copy; the sidecar opens it", "source", r.Settings.Mesh().PodName(r.Source))
		return nil
	})
}

// again repeats once as often as a statement is repeated, with the same pause: without it, an
// error that comes at once would use up all tries in a moment. once gets the last error, nil at
// first.
func (r Recovery) again(ctx context.Context, once func(last error) error) error {
	var last error
	for try := range r.Settings.QueryRetryCount + 1 {
		if try > 0 {
			r.Log.Warn("beginning again", "reason", last)
			_ = pulse.Sleep(ctx, wiring.Runner(r.Settings, nil, nil).RetryDelay) // the next try fails with the context
		}
		if ctx.Err() == nil {
			last = pulse.CutShort(ctx, once(last), last)
		}
		switch {
		case last == nil || !retry.IsRecoverable(last):
			return last
		case ctx.Err() != nil:
			return fmt.Errorf("%w; the master stays closed, run it again: %w", context.Cause(ctx), last)
		}
	}
	return fmt.Errorf("the master stays closed, run it again: %w", last)
}

// plan observes the servers and plans. A plan that is refused is an error.
func (r Recovery) plan(ctx context.Context) (akucore.Plan, error) {
	mesh := r.Settings.Mesh()
	// A new database of the master must first take the identity of its slaves.
	if _, err := r.Servers.Settle(ctx); err != nil {
		return akucore.Plan{}, err
	}
	view, err := lifecycle.Observe(ctx, mesh, r.Servers, wiring.Unasked)
	if err != nil {
		return akucore.Plan{}, fmt.Errorf("own server: %w", err)
	}
	plan := akucore.PlanRecover(view, r.Source, r.Without...)
	if plan.Wait != "" {
		return plan, fmt.Errorf("%w: %s", ErrRefused, plan.Wait)
	}
	return plan, nil
}

// print prints the plan, which rows would be deleted and which would be copied.
func (r Recovery) print(ctx context.Context, plan akucore.Plan, to io.Writer) error {
	mesh := r.Settings.Mesh()
	fmt.Fprint(to, plan.Describe(mesh, wiring.SQL(mesh)))
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	defer table.Flush()
	fmt.Fprintf(table, "TABLE\tTO BE REMOVED FROM %s\tTO BE COPIED FROM %s\n", mesh.PodName(akucore.Master), mesh.PodName(r.Source))
	for _, t := range mesh.Tables() {
		var counts []int64
		for _, pod := range []int{akucore.Master, r.Source} {
			n, err := r.Servers.Server(pod).(*altibase.Server).CountRows(ctx, t)
			if err != nil {
				return fmt.Errorf("count the rows of %s on %s: %w", t, mesh.PodName(pod), err)
			}
			counts = append(counts, n)
		}
		fmt.Fprintf(table, "%s\t%d\t%d\n", t, counts[0], counts[1])
	}
	return nil
}
