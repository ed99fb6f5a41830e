package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/avast/retry-go/v4"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

// Some statements lock the tables of an object on their server. They wait for whoever has
// written one of the tables and not ended, and everybody else queues behind them: users,
// and the receivers of other pods' changes. A receiver applies its peer's changes in their
// order, also those of transactions that are not yet committed; one that queues with such
// a transaction open never comes to the COMMIT that the statement waits for. So while a
// statement waits, the other pods' senders to its server are stopped; what they have is
// kept in their logs.

const (
	// lockTries is how often a statement is tried that fails at once for a lock. Without
	// long transactions one of a few tries gets it.
	lockTries = 8
	// lockPause is the time before the second try; it doubles up to lockPauseMost.
	lockPause     = 20 * time.Millisecond
	lockPauseMost = 100 * time.Millisecond
)

// locked runs a statement that changes the object of a step: at once where nobody is in
// its way, else in the queue, with the other pods' changes held back.
func (r *Runner) locked(ctx context.Context, s akucore.Step, do func(wait time.Duration) error) error {
	pause := lockPause
	for range lockTries {
		if err := do(0); !errors.Is(err, akucore.ErrLocked) {
			return err
		}
		if err := pulse.Sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, lockPauseMost)
	}
	if err := r.outlast(ctx, s); err != nil {
		return err
	}
	resume, err := r.hold(ctx, s)
	defer resume()
	if err != nil {
		return err
	}
	if err := r.permit(ctx, s); err != nil {
		return err
	}
	err = do(r.lockWait())
	if errors.Is(err, akucore.ErrLocked) {
		return retry.Unrecoverable(fmt.Errorf("%w after %s%s", err, r.lockWait(), r.whose(ctx, s.On)))
	}
	return err
}

// lockWait is how long a statement may queue for its locks, and users behind it.
func (r *Runner) lockWait() time.Duration { return max(r.LockWait, time.Second) }

// outlast waits until no user's transaction is open on a server that has lasted longer
// than a statement may wait for it: to queue behind it would only stop the users. What
// receivers hold does not matter, they are about to be held back.
func (r *Runner) outlast(ctx context.Context, s akucore.Step) error {
	var server Transactions = r.Servers.Server(s.On)
	long := func(open []Transaction) []Transaction {
		var long []Transaction
		for _, t := range open {
			if t.Session != 0 && time.Since(t.Since) > r.lockWait() {
				long = append(long, t)
			}
		}
		return long
	}
	deadline := time.Now().Add(settleLimit)
	told := false
	for poll := pollFirst; ; poll = min(2*poll, pollMost) {
		open, ok, err := server.OpenTransactions(ctx)
		if err != nil || !ok {
			return err
		}
		if open = long(open); len(open) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return retry.Unrecoverable(r.tooLong(s.On, open, fmt.Sprintf("for more than %s; they are in the way of %s", r.lockWait(), s.Describe(r.Mesh))))
		}
		if !told {
			told = true
			r.sayWaiting(s, open)
		}
		if err := pulse.Sleep(ctx, poll); err != nil {
			return err
		}
	}
}

// hold stops the other pods' senders to the server of a step, in the block of the step.
// Resume starts them again, whatever became of the statement; what a killed program has
// left stopped, the sender's own sidecar starts.
func (r *Runner) hold(ctx context.Context, s akucore.Step) (resume func(), err error) {
	h, begins := r.holds.join(s)
	resume = sync.OnceFunc(func() {
		if r.holds.leave(h) {
			r.startSenders(ctx, h.held)
			close(h.over)
		}
	})
	if begins {
		if h.err = h.awaitBefore(ctx); h.err == nil {
			h.held, h.err = r.stopSenders(ctx, s)
		}
		close(h.stopped)
	}
	select {
	case <-h.stopped:
		return resume, h.err
	case <-ctx.Done():
		return resume, ctx.Err()
	}
}

// holds are those of one run, by server and block. Statements that wait on one server at
// the same time share one: STOPs of a server follow each other, a second each.
type holds struct {
	mu  sync.Mutex
	all map[[2]int]*hold
}

type hold struct {
	users   int
	before  *hold          // that is being let go
	stopped chan struct{}  // closed when the senders are
	over    chan struct{}  // closed when they are started again
	held    []akucore.Step // that start them
	err     error
}

// awaitBefore waits until the senders that the hold before has stopped are started again.
func (h *hold) awaitBefore(ctx context.Context) error {
	if h.before == nil {
		return nil
	}
	select {
	case <-h.before.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join gives the hold for a step's server. Who begins it stops the senders.
func (h *holds) join(s akucore.Step) (joined *hold, begins bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := [2]int{s.On, s.Block}
	if now := h.all[at]; now != nil && now.users > 0 {
		now.users++
		return now, false
	}
	if h.all == nil {
		h.all = map[[2]int]*hold{}
	}
	before := h.all[at]
	if before != nil {
		before.before = nil // long over
	}
	h.all[at] = &hold{users: 1, before: before, stopped: make(chan struct{}), over: make(chan struct{})}
	return h.all[at], true
}

// leave tells whether nobody is left who needs the hold.
func (h *holds) leave(of *hold) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	of.users--
	return of.users == 0
}

// stopSenders stops the senders to the server of a step, and gives the steps that start
// them again. That of the step's own object is the plan's business; but what a recovery
// drops on the master, slaves in service still send to.
func (r *Runner) stopSenders(ctx context.Context, s akucore.Step) (held []akucore.Step, err error) {
	var mu sync.Mutex
	var failed []error
	var wg sync.WaitGroup
	for _, pod := range r.Mesh.Others(s.On) {
		at := akucore.Step{Side: akucore.Side{On: pod, Peer: s.On}, Block: s.Block, For: r.stopLimit()}
		if at.Object(r.Mesh) == s.Object(r.Mesh) && !(s.Do == akucore.Drop && r.Mesh.Self == akucore.Master) {
			continue
		}
		wg.Go(func() {
			state, err := r.Servers.Server(pod).Brief(ctx)
			if err != nil || !state.Objects[at.Object(r.Mesh)].Started {
				return // what cannot be reached from here is left alone: then the statement fails, and nothing is lost
			}
			err = r.quietly(ctx, at.As(akucore.Stop, akucore.Unguarded))
			mu.Lock()
			defer mu.Unlock()
			held = append(held, at.As(akucore.StartRetry, akucore.IfKept))
			if err != nil {
				failed = append(failed, fmt.Errorf("hold back the changes of %s: %w", r.Mesh.PodName(pod), err))
			}
		})
	}
	wg.Wait()
	return held, errors.Join(failed...)
}

// startSenders starts what was held back, also when the plan's time is over.
func (r *Runner) startSenders(ctx context.Context, held []akucore.Step) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), resumeLimit)
	defer cancel()
	var wg sync.WaitGroup
	for _, s := range held {
		wg.Go(func() {
			if err := r.quietly(ctx, s); err != nil {
				r.Log.Warn("its own pod will start it", "step", s.Describe(r.Mesh), "error", err)
			}
		})
	}
	wg.Wait()
}

// resumeLimit bounds the starts of what was held back.
const resumeLimit = 10 * time.Second

// quietly runs a step that is part of another one.
func (r *Runner) quietly(ctx context.Context, s akucore.Step) error {
	if s.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.For)
		defer cancel()
	}
	if err := r.permit(ctx, s); err != nil {
		return err
	}
	return r.do(ctx, s)
}

// stop stops a sender. Where the peer's receiver waits for a lock, the server's STOP waits
// with it.
func (r *Runner) stop(ctx context.Context, server Senders, s akucore.Step, object string) error {
	limited, cancel := context.WithTimeout(ctx, r.stopLimit())
	defer cancel()
	err := server.Stop(limited, object)
	if errors.Is(err, akucore.ErrTimeout) {
		return fmt.Errorf("%w; the receiver on %s may wait for a lock%s", err, r.Mesh.PodName(s.Peer), r.whose(ctx, s.Peer))
	}
	return err
}

// stopLimit bounds a STOP: STOPs of one server follow each other, up to 1 s each.
func (r *Runner) stopLimit() time.Duration { return r.lockWait() + akucore.StatementTail }

// whose names the transactions that are open on a server, for the end of a message. When
// time is over it asks nobody.
func (r *Runner) whose(ctx context.Context, pod int) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	open, ok, err := r.Servers.Server(pod).OpenTransactions(ctx)
	if err != nil || !ok || len(open) == 0 {
		return ""
	}
	return fmt.Sprintf(": on %s transactions of %s are open", r.Mesh.PodName(pod), sessions(open))
}

// tooLong says whose transactions keep a pod from going on.
func (r *Runner) tooLong(pod int, open []Transaction, what string) error {
	return fmt.Errorf("%w: transactions of %s on %s have been open %s: commit them, or ALTER DATABASE … SESSION CLOSE",
		akucore.ErrTimeout, sessions(open), r.Mesh.PodName(pod), what)
}

// sayWaiting says whose transactions a step waits for.
func (r *Runner) sayWaiting(s akucore.Step, open []Transaction) {
	r.Log.Info("waiting", "step", s.Describe(r.Mesh), "for", fmt.Sprintf("transactions of %s on %s", sessions(open), r.Mesh.PodName(s.On)))
}

// sessions names the sessions of transactions.
func sessions(open []Transaction) string {
	texts := make([]string, len(open))
	for i, t := range open {
		switch {
		case t.Session == 0:
			texts[i] = "a peer"
		case t.User == "":
			texts[i] = fmt.Sprintf("session %d", t.Session)
		default:
			texts[i] = fmt.Sprintf("session %d (%s, %s)", t.Session, t.User, t.From)
		}
	}
	return strings.Join(texts, ", ")
}
