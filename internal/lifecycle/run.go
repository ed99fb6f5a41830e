package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/avast/retry-go/v4"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

// Runner carries out plans.
type Runner struct {
	Mesh    akucore.Mesh
	Servers Servers
	Log     *slog.Logger

	// RetryCount and RetryDelay are for failed statements that may succeed when they
	// are repeated (AKU_QUERY_RETRY_COUNT, AKU_QUERY_RETRY_DELAY_MSEC).
	RetryCount int
	RetryDelay time.Duration
	// DrainTime is how long users may take to leave before their sessions are closed
	// (AKU_DRAIN_TIME).
	DrainTime time.Duration
	// LockWait is how long a statement may queue for table locks, and users behind it
	// (AKU_LOCK_WAIT); at least 1 s.
	LockWait time.Duration
	// Report is called with each event, also of the Starter, unless it is nil. It is called
	// from several goroutines and must not block.
	Report func(Event)
	// undelivered are the deliveries that failed in this run. Steps on pairs of other pods
	// that replace a delivery also count: they make a slave join anew.
	undelivered sync.Map
	// skipped are the sides whose changes were seen skipped in this run.
	skipped sync.Map

	// holds are the senders that are stopped while statements wait for their locks.
	holds holds
	// syncFailed: the last SYNC did. The next one holds the other pods' changes back.
	syncFailed atomic.Bool
	// copiedAnew are the objects whose last copy did not count, because its log was reset.
	copiedAnew sync.Map
	// crossed are the users' transactions that were open right before the last SYNC of an
	// object, by its name.
	crossed sync.Map

	// watch is what the plan that runs is watched for; nil for a plan that neither copies nor ends.
	watch atomic.Pointer[watch]

	// closing is the time from which users of a pod are being shut out, by pod.
	closing sync.Map
}

// Run carries out a plan and stops at the first stage that fails.
func (r *Runner) Run(ctx context.Context, p akucore.Plan) error {
	r.begin(p)
	if p.Copies() {
		return r.watchFailures(ctx, r.Mesh.Self, func() error { return r.run(ctx, p) })
	}
	return r.run(ctx, p)
}

func (r *Runner) run(ctx context.Context, p akucore.Plan) error {
	for i, stage := range p.Stages {
		if err := r.stage(ctx, stage, i); err != nil {
			return err
		}
	}
	return nil
}

// RunAll carries out a plan to its end, whatever fails on the way: a pod that ends does
// as much as it can. The guards refuse what it must not do after a failure.
func (r *Runner) RunAll(ctx context.Context, p akucore.Plan) error {
	r.begin(p)
	var failed []error
	for i, stage := range p.Stages {
		failed = append(failed, r.stage(ctx, stage, i))
	}
	return errors.Join(failed...)
}

// begin clears what the run before has proven and not proven.
func (r *Runner) begin(p akucore.Plan) {
	r.undelivered.Clear()
	r.skipped.Clear()
	r.report(Event{Kind: Planned, Plan: p})
}

// stage runs the steps of a stage at the same time, except that steps on one object of one
// server run one after the other.
func (r *Runner) stage(ctx context.Context, stage akucore.Stage, number int) error {
	began := time.Now()
	if stage.Begin != "" {
		r.Log.Info(stage.Begin)
	}
	type object struct{ on, peer, block int }
	chains := map[object][]*turn{}
	for i, t := range turns(stage) {
		t.at = Place{number, i}
		at := object{t.step.On, t.step.Peer, t.step.Block}
		chains[at] = append(chains[at], t)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	for _, turns := range chains {
		wg.Go(func() {
			for _, t := range turns {
				defer t.end(nil)
			}
			for _, t := range turns {
				err := r.step(ctx, t)
				t.end(err)
				if err != nil {
					mu.Lock()
					failed = append(failed, fmt.Errorf("%s: %w", t.step.Describe(r.Mesh), err))
					mu.Unlock()
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	if stage.End != "" {
		r.Log.Info(stage.End, "took", time.Since(began).Round(time.Millisecond))
	}
	return nil
}

// step runs one step, and repeats it where that can help. Its limit is for all tries.
func (r *Runner) step(ctx context.Context, t *turn) error {
	s, whole := t.step, ctx
	r.report(Event{Kind: StepBegun, Step: s, At: t.at})
	if s.For > 0 && s.Do != akucore.Delay {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.For)
		defer cancel()
	}
	err := t.await(ctx, r.Mesh)
	began := time.Now()
	if err == nil {
		err = r.tries(ctx, t)
	}
	if err != nil {
		r.report(Event{Kind: StepFailed, Step: s, At: t.at, Took: time.Since(began), Err: err})
		if s.Remains && whole.Err() == nil {
			r.sayGivenUp(s.Object(r.Mesh), s.On, s.Peer, fmt.Errorf("its copy is given up, and it is not known how far its log has come: %w; compare the pods with aku-init verify", err))
			return nil
		}
		if s.Proves() || s.OnObject() && s.On != r.Mesh.Self && s.Peer != r.Mesh.Self {
			r.undelivered.Store(s.Describe(r.Mesh), err)
		}
		return err
	}
	took := time.Since(began)
	r.Log.Info("done", "step", s.Describe(r.Mesh), "took", took.Round(time.Millisecond))
	r.report(Event{Kind: StepDone, Step: s, At: t.at, Took: took})
	return nil
}

// tries runs a step until it succeeds, or cannot succeed. When the time is over, the error
// has that of the last try that was not cut.
func (r *Runner) tries(ctx context.Context, t *turn) error {
	s := t.step
	var last, before error
	err := retry.Do(
		func() error {
			pulse.Beat(ctx)
			before = last
			last = r.permit(ctx, s)
			if last == nil {
				last = r.do(ctx, s)
			}
			return last
		},
		retry.Context(ctx),
		retry.Attempts(uint(r.RetryCount)+1),
		retry.Delay(r.RetryDelay),
		retry.DelayType(retry.FixedDelay),
		retry.LastErrorOnly(true),
		retry.RetryIf(func(err error) bool {
			// An interrupted SYNC leaves rows behind, and the next SYNC would keep them
			// instead of newer ones. Only another plan, with its TRUNCATE, may repeat it.
			return s.Do != akucore.Sync && s.Do != akucore.SyncTables && retryable(err)
		}),
		retry.OnRetry(func(n uint, err error) {
			if n >= uint(r.RetryCount) {
				return // the last try failed as well
			}
			r.Log.Warn("trying again", "step", s.Describe(r.Mesh), "attempt", n+1, "error", err)
			r.report(Event{Kind: StepRetried, Step: s, At: t.at, Err: err})
		}),
	)
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case last == nil:
		return fmt.Errorf("it was not begun: %w", err)
	case errors.Is(last, ctx.Err()):
		return pulse.CutShort(ctx, last, before)
	}
	return fmt.Errorf("%w: %w", last, context.Cause(ctx))
}

func retryable(err error) bool {
	for _, final := range []error{akucore.ErrFatal, akucore.ErrPassword, akucore.ErrTimeout, ErrGivenUp, ErrSkipped} {
		if errors.Is(err, final) {
			return false
		}
	}
	return retry.IsRecoverable(err)
}

// do runs the statement of a step.
func (r *Runner) do(ctx context.Context, s akucore.Step) error {
	server := r.Servers.Server(s.On)
	switch s.Do {
	case akucore.Truncate:
		return server.Truncate(ctx, s.Tables)
	case akucore.Close:
		return r.close(ctx, server, s.On)
	case akucore.Open:
		return server.SetAdminMode(ctx, false)
	case akucore.AllowSharing:
		return server.AllowDuplicateHosts(ctx)
	case akucore.Shutdown:
		return server.Shutdown(ctx)
	case akucore.Delay:
		return pulse.Sleep(ctx, s.For)
	case akucore.Deliver:
		return r.deliver(ctx, s)
	case akucore.Flush:
		return r.flush(ctx, s)
	case akucore.MakeBeats:
		return done(server.MakeBeatTable(ctx, r.Mesh.Blocks[s.Block].Beat()))
	case akucore.DropBeats:
		return unlessMissing(server.DropBeatTable(ctx, r.Mesh.Blocks[s.Block].Beat()))
	case akucore.BeginLife:
		_, err := server.BeginLife(ctx, r.Mesh.Blocks[s.Block].Beat(), s.On, s.Above)
		return err
	case akucore.AwaitLocks:
		return server.SetReceiverLockTimeout(ctx, r.Mesh.ReceiverLockTimeout)
	case akucore.Settle:
		return r.settle(ctx, server, s)
	case akucore.BeginRecovery, akucore.EndRecovery:
		return r.setSign(ctx, server, s)
	case akucore.ForgetGivenUp:
		sign := r.Mesh.GivenUpSign(s.On, s.Peer).Name
		return done(r.locked(ctx, s, func(wait time.Duration) error { return server.Drop(ctx, sign, wait) }))
	}
	return r.doOnObject(ctx, server, s)
}

// doOnObject is do of a step on a replication object. When the server says that the work is
// already done, and the state confirms it, the step succeeds.
func (r *Runner) doOnObject(ctx context.Context, server Server, s akucore.Step) error {
	spec := s.Spec(r.Mesh)
	var err error
	switch s.Do {
	case akucore.Create:
		err = r.locked(ctx, s, func(wait time.Duration) error { return server.Create(ctx, spec, wait) })
	case akucore.Drop:
		err = r.locked(ctx, s, func(wait time.Duration) error { return server.Drop(ctx, spec.Name, wait) })
	case akucore.Start:
		err = r.start(ctx, server, s, spec)
	case akucore.StartRetry:
		err = server.StartRetry(ctx, spec.Name)
	case akucore.StartAndWait:
		err = server.Start(ctx, spec.Name)
	case akucore.Stop:
		err = r.stop(ctx, server, s, spec.Name)
	case akucore.Reset:
		err = server.Reset(ctx, spec.Name)
	case akucore.AddTables, akucore.DropTables:
		return r.changeTables(ctx, server, s, spec.Name)
	case akucore.SetHost:
		err = server.SetHost(ctx, spec.Name, spec.Host, spec.Port)
	case akucore.Sync, akucore.SyncTables:
		err = r.sync(ctx, server, s, spec.Name, r.Mesh.Blocks[s.Block].Parallel)
	default:
		return fmt.Errorf("%w: unknown verb %q", akucore.ErrFatal, s.Do)
	}
	if errors.Is(err, akucore.ErrDone) {
		return r.isDone(ctx, server, s, spec, err)
	}
	return err
}

// changing is the interface that a change of objects needs.
type changing interface {
	States
	Objects
}

// changeTables adds to an object the tables that it does not have, or drops those that it
// has: an earlier try may have done a part already.
func (r *Runner) changeTables(ctx context.Context, server changing, s akucore.Step, object string) error {
	return r.locked(ctx, s, func(wait time.Duration) error {
		state, err := server.State(ctx, Want{Listed: []string{object}})
		if err != nil {
			return err
		}
		o, exists := state.Objects[object]
		if !exists {
			return errors.New("the object is gone: observe again")
		}
		if s.Do == akucore.AddTables {
			return server.AddTables(ctx, object, o.Lacks(s.Tables), wait)
		}
		return server.DropTables(ctx, object, o.Has(s.Tables), wait)
	})
}

// done returns err, or nil when err says that the work is already done.
func done(err error) error {
	if errors.Is(err, akucore.ErrDone) {
		return nil
	}
	return err
}

// unlessMissing returns err, or nil when err says that the table does not exist.
func unlessMissing(err error) error {
	if errors.Is(err, akucore.ErrNoTable) {
		return nil
	}
	return err
}

// isDone checks that an object is as the step wants it, after the server refused the statement
// as already done.
func (r *Runner) isDone(ctx context.Context, server States, s akucore.Step, spec akucore.ObjectSpec, refused error) error {
	state, err := server.State(ctx, Want{Listed: []string{spec.Name}})
	if err != nil {
		return err
	}
	o, exists := state.Objects[spec.Name]
	done := false
	switch s.Do {
	case akucore.Create:
		if exists && !o.Fits(spec) {
			return fmt.Errorf("%w: it exists with host %s,%d and tables %s; the configuration wants %s,%d and %s",
				akucore.ErrFatal, o.Host, o.Port, akucore.FewNames(o.Tables), spec.Host, spec.Port, akucore.FewNames(spec.Tables))
		}
		done = exists
	case akucore.Drop:
		done = !exists
	case akucore.Start, akucore.StartRetry, akucore.StartAndWait:
		done = exists && o.Started
	case akucore.Stop:
		done = !o.Active()
	case akucore.Reset:
		done = !exists || !o.Started && o.XSN == akucore.Unset
	}
	if !done {
		return refused
	}
	return nil
}
