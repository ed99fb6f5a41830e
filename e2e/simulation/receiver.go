package simulation

import (
	"errors"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// receiver is the other end of a sender's link. It applies one stream in its order, including the changes of
// open transactions, whose tables it then locks.
type receiver struct {
	s       *server
	sender  *sender
	link    int64 // a new link starts new counts
	from    int64 // the restart number
	applied int64
	failed  akucore.Changes // skipped or given up
	open    []*applied      // open transactions
	waits   *lock           // for the table of the next change
}

// applied is the received part of a transaction of the peer's users.
type applied struct {
	*transaction
	lock *lock // nil: its row was given up
}

// leave is the end of a link on the receiver's side. What has no COMMIT is rolled back.
func (r *receiver) leave() {
	if r.s.receivers[r.sender.name] == r {
		delete(r.s.receivers, r.sender.name)
	}
	r.rollback()
}

func (r *receiver) rollback() {
	if r.waits != nil {
		r.waits.leave()
		r.waits = nil
	}
	open := r.open
	r.open = nil
	for _, a := range open {
		if a.lock != nil {
			a.lock.leave()
		}
	}
}

// abandoned is a receiver that does not notice the end of its peer. It keeps its locks until it misses the
// peer's sign of life.
func (r *receiver) abandoned() { r.s.w.after(lostAfter, r.rollback) }

// cut ends a link from the receiver's side. The sender tries again at once.
func (r *receiver) cut() {
	r.leave()
	r.sender.lose(10 * time.Millisecond)
}

// emptied ends a link because of a TRUNCATE here. A sender that sent something lately sleeps; of the idle ones
// some find their way back at once (transcripts/ddl-live).
func (r *receiver) emptied() {
	x := r.sender
	again := x.s.retryWait
	if rest, _ := x.s.volume.next(x.o, x.read, 1); len(rest) == 0 && !x.sent && x.s.w.chance(50, dieTruncate, r.s.pod, x.s.pod, 1) {
		again = 10 * time.Millisecond
	}
	r.leave()
	x.lose(again)
}

// take applies the next record of the stream. It returns false when the receiver has to wait for the table.
// The receiver then goes on by itself, and gives the row up after a while.
func (r *receiver) take(c change) (taken bool) {
	t := c.transaction
	switch {
	case c.sn <= r.sender.skips:
		if c.table != noTable {
			r.s.volume.misses(r.sender.s.volume.id, c, skipped)
		}
		return true
	case t != nil && t.early && !c.opens():
		r.ends(c)
		return true
	}
	table := c.table
	if c.opens() {
		table = t.row.table
	}
	lock := r.waits
	if lock == nil {
		lock = r.s.lock(table, applies)
	}
	if !lock.held {
		r.wait(lock, c)
		return false
	}
	r.waits = nil
	if c.opens() {
		r.open = append(r.open, &applied{t, lock})
		return true
	}
	r.apply(c)
	lock.leave()
	return true
}

// ends applies the COMMIT or ROLLBACK of a transaction whose change came before.
func (r *receiver) ends(c change) {
	for i, a := range r.open {
		if a.transaction != c.transaction {
			continue
		}
		r.open = append(r.open[:i:i], r.open[i+1:]...)
		if a.lock == nil {
			if c.table != noTable {
				r.s.volume.misses(r.sender.s.volume.id, c, givenUp)
			}
			return
		}
		if c.table != noTable {
			r.apply(c)
		}
		a.lock.leave()
		return
	}
	// A transaction that began before the link's restart number had ended and was acknowledged.
	if c.table != noTable && c.transaction.began >= r.from {
		r.s.volume.misses(r.sender.s.volume.id, c, skipped)
	}
}

func (r *receiver) apply(c change) {
	r.s.volume.comes(r.sender.s.volume.id, c)
	if !r.s.volume.apply(c) {
		r.fails(c)
	}
	r.s.touched[c.table] = time.Now()
}

// fails counts a change that was not made. The change of a transaction that has only begun is its row.
func (r *receiver) fails(c change) {
	before, after := c.before, c.after
	if c.opens() {
		before, after = r.s.volume.rows[c.transaction.row.table][c.transaction.row.key], c.transaction.row.value
	}
	switch {
	case before == 0:
		r.failed.Inserts++
	case after == 0:
		r.failed.Deletes++
	default:
		r.failed.Updates++
	}
}

// Reasons why a change never comes.
const (
	skipped = "its sender skipped it, because the receiver had been told a higher restart number"
	givenUp = "the receiver gave it up, because somebody had the table for longer than its lock timeout"
)

// wait continues the stream when the table is free, or without the row after the timeout.
func (r *receiver) wait(lock *lock, c change) {
	if r.waits == lock {
		return
	}
	r.waits, lock.then = lock, r.sender.pump
	r.s.w.after(r.s.lockTimeout+r.s.w.between(dieLock, r.s.pod, lock.table, 20+r.sender.s.pod, 0, time.Millisecond), func() {
		if r.waits != lock || lock.held {
			return
		}
		r.waits = nil
		lock.leave()
		r.fails(c)
		r.s.w.tell("    altibase-%d gives up a row of altibase-%d: ERR-11075", r.s.pod, r.sender.s.pod)
		if c.opens() {
			r.open = append(r.open, &applied{transaction: c.transaction})
		} else {
			r.s.volume.misses(r.sender.s.volume.id, c, givenUp)
		}
		r.sender.read = c.sn
		r.sender.pump()
	})
}

// heard is what programs report to people. Rows that a receiver gave up, with a report, are for people to
// repair.
func (w *world) heard(e lifecycle.Event) {
	if e.Kind != lifecycle.GivenUp && !errors.Is(e.Err, lifecycle.ErrGivenUp) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	from, to := w.volumes[e.Step.On], w.volumes[e.Step.Peer]
	if from == nil || to == nil {
		return
	}
	for t := range userTables {
		for sn, why := range to.missing[known{from.id, t}] {
			if c := from.log[from.behind(sn-1)]; why == givenUp {
				w.givenUp[place{t, c.key}] = true
			}
		}
	}
}
