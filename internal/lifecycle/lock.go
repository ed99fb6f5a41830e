package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/avast/retry-go/v4"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

// Some statements lock the tables of an object on their server. They wait for every open
// transaction that has written one of the tables, and users and the receivers of other pods'
// changes queue behind them. A receiver applies its peer's changes in order, also those of
// transactions that are not yet committed. A receiver that queues with such a transaction open
// never gets to the COMMIT that the statement waits for. So while a statement waits, aku stops
// the other pods' senders to its server. Their logs keep what they have.

const (
	// lockTries is how often aku tries a statement that fails at once because of a lock. Without
	// long transactions, one of a few tries succeeds.
	lockTries = 8
	// lockPause is the time before the second try; it doubles up to lockPauseMost.
	lockPause     = 20 * time.Millisecond
	lockPauseMost = 100 * time.Millisecond
)

// locked runs a statement that changes the object of a step. It tries at once. If a lock is in
// the way, the statement queues, with the other pods' changes held back.
func (r *Runner) locked(ctx context.Context, s akucore.Step, do func(wait time.Duration) error) error {
	pause := lockPause
	for range lockTries {
		locked := do(0)
		if !errors.Is(locked, akucore.ErrLocked) {
			return locked
		}
		if err := pulse.Sleep(ctx, pause); err != nil {
			return fmt.Errorf("%w: %w", locked, err)
		}
		pause = min(2*pause, lockPauseMost)
	}
	deadline := time.Now().Add(settleLimit)
	for {
		before := r.openOfUsers(ctx, s.On)
		err := r.queue(ctx, s, do)
		if !errors.Is(err, akucore.ErrLocked) {
			return err
		}
		open := alsoIn(before, r.openOfUsers(ctx, s.On))
		if len(open) == 0 {
			return retry.Unrecoverable(fmt.Errorf("%w after %s%s", err, r.lockWait(), r.whose(ctx, s.On)))
		}
		if err := r.awaitHolders(ctx, s, open, deadline); err != nil {
			return err
		}
	}
}

// queue runs a statement that waits in the queue for its locks, at most lockWait.
func (r *Runner) queue(ctx context.Context, s akucore.Step, do func(wait time.Duration) error) error {
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
	return do(r.lockWait())
}

// openOfUsers are the users' transactions on a server, also those that have written nothing. A
// server that cannot be asked shows none; the statement itself reports why.
func (r *Runner) openOfUsers(ctx context.Context, pod int) []Transaction {
	open, _, _ := r.Servers.Server(pod).AllTransactions(ctx)
	return ofUsers(open)
}

// awaitHolders waits for transactions that were open all the time that a statement queued. One of
// them may hold the lock by LOCK TABLE. Such a transaction has written nothing, so outlast does
// not see how old it is. Meanwhile nobody queues, and no sender is stopped.
func (r *Runner) awaitHolders(ctx context.Context, s akucore.Step, open []Transaction, deadline time.Time) error {
	r.sayWaiting(s, open)
	what := fmt.Sprintf("for more than %s; they may be in the way of %s", r.lockWait(), s.Describe(r.Mesh))
	for poll := pollFirst; len(open) > 0; poll = min(2*poll, pollMost) {
		if time.Now().After(deadline) {
			return retry.Unrecoverable(r.tooLong(s.On, open, what))
		}
		if err := pulse.Sleep(ctx, poll); err != nil {
			return fmt.Errorf("%w: %w", r.tooLong(s.On, open, what), err)
		}
		open = alsoIn(open, r.openOfUsers(ctx, s.On))
	}
	return nil
}

// lockWait is how long a statement may queue for its locks, and users behind it.
func (r *Runner) lockWait() time.Duration { return max(r.LockWait, time.Second) }

// outlast waits until no user's transaction on a server is older than the time that a
// statement may wait for it. To queue behind such a transaction would only stop the users.
// Transactions of receivers do not matter, because their senders are stopped next. The server's
// clock may differ from the own one, so it counts only for what the first read shows. What comes
// later began later.
func (r *Runner) outlast(ctx context.Context, s akucore.Step) error {
	var server Transactions = r.Servers.Server(s.On)
	var since map[int64]time.Time // when each began, as far as is known here
	long := func(open []Transaction) []Transaction {
		first, seen := since == nil, map[int64]time.Time{}
		var long []Transaction
		for _, t := range open {
			began, known := since[t.ID]
			switch {
			case first:
				began = t.Since
			case !known:
				began = time.Now()
			}
			if seen[t.ID] = began; t.Session != 0 && time.Since(began) > r.lockWait() {
				long = append(long, t)
			}
		}
		since = seen
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
			return fmt.Errorf("%w: %w", r.tooLong(s.On, open, fmt.Sprintf("for more than %s", r.lockWait())), err)
		}
	}
}

// hold stops the other pods' senders to the server of a step, in the block of the step.
// resume starts them again, whether the statement succeeded or not. After a kill, each
// sender's own sidecar starts it.
func (r *Runner) hold(ctx context.Context, s akucore.Step) (resume func(), err error) {
	h, begins := r.holds.join(s)
	resume = sync.OnceFunc(func() {
		if r.holds.leave(h) {
			r.startSenders(ctx, h.held)
			close(h.over)
		}
	})
	if begins {
		if h.err = r.awaitBefore(ctx, h, s.On); h.err == nil {
			h.held, h.err = r.stopSenders(ctx, s)
		}
		close(h.stopped)
	}
	select {
	case <-h.stopped:
		return resume, h.err
	case <-ctx.Done():
		return resume, r.notHeld(ctx, s.On)
	}
}

// notHeld is the error of a step whose time is over before the senders to its server are
// stopped.
func (r *Runner) notHeld(ctx context.Context, pod int) error {
	return fmt.Errorf("%w: hold back the changes of the other pods to %s: it waited for STOPs of their senders: %w", akucore.ErrTimeout, r.Mesh.PodName(pod), ctx.Err())
}

// holds are the holds of one run, by server and block. Statements that wait on one server at
// the same time share one hold, because STOPs of a server run one after the other, a second
// each.
type holds struct {
	mu  sync.Mutex
	all map[[2]int]*hold
}

type hold struct {
	users   int
	before  *hold          // the hold before, which is being released
	stopped chan struct{}  // closed when the senders are stopped
	over    chan struct{}  // closed when the senders are started again
	held    []akucore.Step // steps that start the senders
	err     error
}

// awaitBefore waits until the senders of the hold before are started again.
func (r *Runner) awaitBefore(ctx context.Context, h *hold, pod int) error {
	if h.before == nil {
		return nil
	}
	select {
	case <-h.before.over:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: hold back the changes of the other pods to %s: it waited for their senders, which are just being started: %w", akucore.ErrTimeout, r.Mesh.PodName(pod), ctx.Err())
	}
}

// join returns the hold for a step's server. The caller that begins it stops the senders.
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

// leave reports whether no step needs the hold any more.
func (h *holds) leave(of *hold) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	of.users--
	return of.users == 0
}

// stopSenders stops the senders to the server of a step, and returns the steps that start
// them again. The plan handles the sender of the step's own object, except in a recovery:
// there, slaves in service still send to the object that is dropped on the master.
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
				return // the sender cannot be reached and is left alone: then the statement fails, and nothing is lost
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

// startSenders starts the stopped senders, even when the plan's time is over.
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

// resumeLimit bounds the starts of the stopped senders.
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

// stopHangs is how long a STOP takes at most on a server that answers.
const stopHangs = 3 * time.Second

// stop stops a sender. While the peer's receiver waits for a lock, the server's STOP hangs.
// Whose lock that is, the peer is asked meanwhile: later there may be no time for it.
func (r *Runner) stop(ctx context.Context, server Senders, s akucore.Step, object string) error {
	r.lookBeforeStop(ctx, s)
	limited, cancel := context.WithTimeout(ctx, r.stopLimit())
	defer cancel()
	holders := make(chan string, 1)
	hangs := time.AfterFunc(stopHangs, func() { holders <- r.whose(limited, s.Peer) })
	err := server.Stop(limited, object)
	asked, whose := !hangs.Stop(), ""
	if !errors.Is(err, akucore.ErrTimeout) {
		return err
	}
	if asked {
		whose = <-holders
	}
	return fmt.Errorf("%w; the receiver on %s may wait for a lock%s", err, r.Mesh.PodName(s.Peer), whose)
}

// stopLimit bounds a STOP: STOPs of one server run one after the other, up to 1 s each.
func (r *Runner) stopLimit() time.Duration { return r.lockWait() + akucore.StatementTail }

// whose names the open transactions of a server that may hold a lock, for the end of a message.
// Those that have written come first. A user may also have said LOCK TABLE and written nothing;
// a receiver that has written nothing only waits. When the time is over, it asks no server.
func (r *Runner) whose(ctx context.Context, pod int) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	open, ok, err := r.Servers.Server(pod).AllTransactions(ctx)
	open = slices.DeleteFunc(open, func(t Transaction) bool { return t.Session == 0 && t.Since.IsZero() })
	if err != nil || !ok || len(open) == 0 {
		return ""
	}
	wrote := slices.DeleteFunc(slices.Clone(open), func(t Transaction) bool { return t.Since.IsZero() })
	open = append(wrote, slices.DeleteFunc(open, func(t Transaction) bool { return !t.Since.IsZero() })...)
	return fmt.Sprintf(": on %s transactions of %s are open", r.Mesh.PodName(pod), sessions(open))
}

// tooLong is the error that names the transactions that keep a pod from going on.
func (r *Runner) tooLong(pod int, open []Transaction, what string) error {
	return fmt.Errorf("%w: transactions of %s on %s have been open %s: commit them, or ALTER DATABASE … SESSION CLOSE",
		akucore.ErrTimeout, sessions(open), r.Mesh.PodName(pod), what)
}

// sayWaiting reports the transactions that a step waits for.
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
		case t.Since.IsZero():
			texts[i] = fmt.Sprintf("session %d (%s, %s; nothing written)", t.Session, t.User, t.From)
		default:
			texts[i] = fmt.Sprintf("session %d (%s, %s)", t.Session, t.User, t.From)
		}
	}
	return strings.Join(texts, ", ")
}
