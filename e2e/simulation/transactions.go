package simulation

import (
	"slices"
	"time"

	"aku/internal/lifecycle"
)

// transaction is one that stays open for a while. It has written something at its
// beginning: its row, or something that nobody replicates; then its row comes at the end.
type transaction struct {
	id    int64
	began int64 // the last number of the log when it first wrote
	since time.Time
	early bool // its row was written at the beginning
	row   row
	lock  *lock // of the row's table, while it is open
}

// row is what somebody is about to write.
type row struct {
	place
	value int64
}

// begin opens a transaction that writes its row at once, if there is one. Callers hold
// the lock, and the lock to its table.
func (c *session) begin(r *row, table *lock) {
	s := c.server
	t := &transaction{id: s.w.id(), began: s.volume.last, since: time.Now(), lock: table}
	if r != nil {
		t.early, t.row = true, *r
		s.volume.opens(t)
	}
	c.transaction = t
	s.logged()
}

// commit ends it, unless the session ended before: then it is rolled back. Callers hold
// the lock.
func (c *session) commit(r row) {
	s, t := c.server, c.transaction
	switch {
	case t == nil:
	case s.w.network.hung[s.pod]:
		c.rollback()
	default:
		c.transaction = nil
		s.write(r, t)
		t.lock.leave()
	}
}

// rollback is the end of an open transaction whose session ends. Callers hold the lock.
func (c *session) rollback() {
	t := c.transaction
	if t == nil {
		return
	}
	c.transaction = nil
	if t.lock != nil {
		t.lock.leave()
	}
	if t.early {
		c.server.volume.rollback(t)
	}
	c.server.logged()
}

// applying are the transactions of peers that receivers have begun to apply.
func (s *server) applying() []*transaction {
	var open []*transaction
	for _, r := range s.receivers {
		for _, a := range r.open {
			open = append(open, a.transaction)
		}
	}
	slices.SortFunc(open, func(a, b *transaction) int { return int(a.id - b.id) })
	return open
}

// seen is what V$TRANSACTION shows of it; that of a receiver belongs to no session.
func (t *transaction) seen(session int64) lifecycle.Transaction {
	return lifecycle.Transaction{ID: t.id, Session: session, Since: t.since.Truncate(time.Second)}
}

// lasts is how long a transaction of somebody stays open. Callers hold the lock.
func (s *server) lasts(h habit) time.Duration {
	if h == lingers && s.w.options.LingerFor > 0 {
		return s.w.between(dieWrite, s.pod, 3, int(h), s.w.options.LingerFor, s.w.options.LingerFor+100*time.Millisecond)
	}
	if h == lingers {
		return s.w.between(dieWrite, s.pod, 3, int(h), 4*time.Second, 8*time.Second)
	}
	return s.w.between(dieWrite, s.pod, 3, int(h), 50*time.Millisecond, 9*time.Second)
}
