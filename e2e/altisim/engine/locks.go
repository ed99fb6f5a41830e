package engine

import (
	"context"
	"slices"
	"sync"
	"time"
)

// lockMode is how a transaction holds a table. A higher mode includes the lower ones.
type lockMode int

const (
	lockRead      lockMode = iota + 1 // for one statement
	lockShare                         // to change rows, until the transaction ends
	lockExclusive                     // alone
)

// forever is the limit of a wait that only its context ends.
const forever time.Duration = -1

// locks are a server's locks on tables and rows. Each lock has one queue, first come, first served. A request
// behind a waiting exclusive one waits, too; that includes readers of a table.
type locks struct {
	clock Clock
	mu    sync.Mutex
	locks map[lockKey]*lock
}

// lockKey is a table by its id, or a row of it by its primary key.
type lockKey struct {
	table int
	row   string // JSON array; empty: the table
}

type lock struct {
	holders map[*Transaction]lockMode
	queue   []*lockRequest
}

type lockRequest struct {
	by      *Transaction
	key     lockKey
	mode    lockMode
	granted chan struct{} // closed
	anew    chan struct{} // closed when the wait starts over
	renewed bool
	long    bool // it has waited for more than single statements
}

func newLocks(c Clock) locks { return locks{clock: c, locks: map[lockKey]*lock{}} }

// take waits until the transaction has the lock. With a limit of 0 it does not wait. A session that would
// wait for itself gets ErrDeadlock at once. A receiver waits until its limit.
func (l *locks) take(ctx context.Context, by *Transaction, key lockKey, mode lockMode, limit time.Duration) error {
	l.mu.Lock()
	if by.held[key] >= mode {
		l.mu.Unlock()
		return nil
	}
	t := l.locks[key]
	if t == nil {
		t = &lock{holders: map[*Transaction]lockMode{}}
		l.locks[key] = t
	}
	q := &lockRequest{by: by, key: key, mode: mode, granted: make(chan struct{}), anew: make(chan struct{})}
	t.queue = append(t.queue, q)
	t.grant()
	refuse := error(nil)
	switch {
	case q.has():
	case limit == 0:
		refuse = ErrLockTimeout
	case !by.receiver && l.waitsForItself(q):
		refuse = ErrDeadlock
	}
	if q.has() || refuse != nil {
		t.forget(q)
		l.drop(key)
		l.mu.Unlock()
		return refuse
	}
	by.waits = q
	l.mu.Unlock()

	err := q.wait(ctx, limit, l.clock)

	l.mu.Lock()
	defer l.mu.Unlock()
	by.waits = nil
	if q.has() {
		return nil
	}
	t.forget(q)
	l.drop(key)
	return err
}

// drop removes a lock that nobody holds or waits for.
func (l *locks) drop(key lockKey) {
	if t := l.locks[key]; t != nil && len(t.holders) == 0 && len(t.queue) == 0 {
		delete(l.locks, key)
	}
}

// release releases all locks of a transaction.
func (l *locks) release(by *Transaction) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key := range by.held {
		l.giveBack(by, key)
	}
}

// releaseRead ends a statement's hold on a table, unless the transaction holds more.
func (l *locks) releaseRead(by *Transaction, table int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if key := (lockKey{table: table}); by.held[key] == lockRead {
		l.giveBack(by, key)
	}
}

func (l *locks) giveBack(by *Transaction, key lockKey) {
	delete(by.held, key)
	t := l.locks[key]
	delete(t.holders, by)
	t.grant()
	l.drop(key)
}

// grant gives the lock to as many of the queue as can have it. An exclusive request for a table that has
// waited for an open transaction does not get it while a receiver's request is behind it, even when nobody
// holds the table. The real server was seen to let both wait until one times out, and to start the exclusive
// one's time anew from here. Waits for single statements take microseconds there and do not count.
func (t *lock) grant() {
	for len(t.queue) > 0 {
		q := t.queue[0]
		if !t.isFree(q) {
			return
		}
		if q.key.row == "" && q.mode == lockExclusive && q.long && slices.ContainsFunc(t.queue[1:], func(o *lockRequest) bool { return o.by.receiver }) {
			if !q.renewed {
				q.renewed = true
				close(q.anew)
			}
			return
		}
		t.queue = t.queue[1:]
		t.holders[q.by], q.by.held[q.key] = q.mode, q.mode
		q.by.waits = nil // also before it has noticed
		close(q.granted)
	}
}

// isFree tells whether no other holder conflicts with the request.
func (t *lock) isFree(q *lockRequest) bool {
	free := true
	for holder := range t.holders {
		if t.against(q, holder) {
			free = false
			q.long = q.long || !holder.brief
		}
	}
	return free
}

func (t *lock) against(q *lockRequest, holder *Transaction) bool {
	return holder != q.by && (q.mode == lockExclusive || t.holders[holder] == lockExclusive)
}

// forget removes a request from the queue.
func (t *lock) forget(q *lockRequest) {
	if i := slices.Index(t.queue, q); i >= 0 {
		t.queue = slices.Delete(t.queue, i, i+1)
		t.grant()
	}
}

// waitsForItself tells whether the chain of those whom a request waits for leads back to its own transaction.
func (l *locks) waitsForItself(q *lockRequest) bool {
	seen := map[*Transaction]bool{}
	var leads func(*lockRequest) bool
	leads = func(r *lockRequest) bool {
		for _, o := range l.waitedFor(r) {
			if o == q.by {
				return true
			}
			if !seen[o] {
				seen[o] = true
				if o.waits != nil && leads(o.waits) {
					return true
				}
			}
		}
		return false
	}
	return leads(q)
}

// waitedFor are the holders that conflict with a request, and those before it in the queue.
func (l *locks) waitedFor(q *lockRequest) (others []*Transaction) {
	t := l.locks[q.key]
	for holder := range t.holders {
		if t.against(q, holder) {
			others = append(others, holder)
		}
	}
	for _, o := range t.queue {
		if o == q {
			break
		}
		others = append(others, o.by)
	}
	return others
}

// LockWait is a transaction that waits for a lock, and one that it waits for.
type LockWait struct{ ID, For int64 }

// LockWaits are all present waits.
func (s *Server) LockWaits() (waits []LockWait) {
	s.locks.mu.Lock()
	defer s.locks.mu.Unlock()
	for _, t := range s.locks.locks {
		for _, q := range t.queue {
			for _, o := range s.locks.waitedFor(q) {
				waits = append(waits, LockWait{q.by.ID, o.ID})
			}
		}
	}
	return waits
}

func (q *lockRequest) has() bool {
	select {
	case <-q.granted:
		return true
	default:
		return false
	}
}

func (q *lockRequest) wait(ctx context.Context, limit time.Duration, clock Clock) error {
	var expired <-chan time.Time
	var timer *time.Timer
	if limit != forever {
		timer = time.NewTimer(clock.LockWait(limit))
		defer timer.Stop()
		expired = timer.C
	}
	anew := q.anew
	for {
		select {
		case <-q.granted:
			return nil
		case <-anew:
			anew = nil
			if timer != nil {
				timer.Reset(clock.LockWait(limit))
			}
		case <-expired:
			return ErrLockTimeout
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
