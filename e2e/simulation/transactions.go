package simulation

import (
	"slices"
	"time"

	"aku/internal/lifecycle"
)

// transaction is a transaction that stays open for a while. At its beginning it has written its row, or
// something that is not replicated. In the second case its row comes at the end.
type transaction struct {
	id    int64
	began int64 // the log's last number at its first write
	since time.Time
	early bool // it wrote its row at the beginning
	row   row
	lock  *lock // of the row's table, while it is open
}

// row is what a user is about to write.
type row struct {
	place
	value int64
}

// begin opens a transaction, which writes its row at once if there is one. Callers hold the lock, and the
// lock on its table.
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

// commit ends it. When the session has ended before, it was rolled back. Callers hold the lock.
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

// rollback ends an open transaction whose session ends. Callers hold the lock.
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

// applying are the peers' transactions that receivers have begun to apply.
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

// seen is the transaction in V$TRANSACTION. A receiver's transaction belongs to no session.
func (t *transaction) seen(session int64) lifecycle.Transaction {
	return lifecycle.Transaction{ID: t.id, Session: session, Since: t.since.Truncate(time.Second)}
}

// lasts is how long a user's transaction stays open. Callers hold the lock.
func (s *server) lasts(h habit) time.Duration {
	if h == lingers && s.w.options.LingerFor > 0 {
		return s.w.between(dieWrite, s.pod, 3, int(h), s.w.options.LingerFor, s.w.options.LingerFor+100*time.Millisecond)
	}
	if h == lingers {
		return s.w.between(dieWrite, s.pod, 3, int(h), 4*time.Second, 8*time.Second)
	}
	return s.w.between(dieWrite, s.pod, 3, int(h), 50*time.Millisecond, 9*time.Second)
}
