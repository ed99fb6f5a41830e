package simulation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"aku/internal/akucore"
)

// Writers share a table. A SYNC and DDL lock it exclusively. Requests wait in the order in which they came,
// behind earlier waiting ones.

var errLocked = fmt.Errorf("%w: ERR-11075 The transaction has exceeded the lock timeout specified by the user", akucore.ErrLocked)

// lock is a held or requested lock on a table of one server.
type lock struct {
	s     *server
	table int
	kind  lockKind
	held  bool
	over  chan struct{} // closed: it does not wait any more
	then  func()        // what a receiver does when it need not wait any more
}

type lockKind int

const (
	writes  lockKind = iota // of a user's transaction
	applies                 // of a receiver's
	alone                   // of a SYNC or DDL
)

// lock requests a table. Callers hold the lock of the world.
func (s *server) lock(table int, kind lockKind) *lock {
	c := &lock{s: s, table: table, kind: kind, over: make(chan struct{})}
	s.locks[table] = append(s.locks[table], c)
	s.grant(table)
	return c
}

// leave releases the table or withdraws the request. On an ended server it does nothing. Callers hold the
// lock.
func (l *lock) leave() {
	at := slices.Index(l.s.locks[l.table], l)
	if at < 0 {
		return
	}
	l.s.locks[l.table] = slices.Delete(l.s.locks[l.table], at, at+1)
	if !l.held {
		close(l.over)
	}
	l.s.grant(l.table)
}

// grant gives a table to all who need not wait any longer. A receiver that waits behind a SYNC or DDL keeps
// that from its lock (transcripts/sync-and-queues), until the receiver gives its row up or the SYNC gives up.
func (s *server) grant(table int) {
	queue := s.locks[table]
	for i, c := range queue {
		if c.kind == alone {
			blocked := slices.ContainsFunc(queue[i+1:], func(behind *lock) bool { return behind.kind == applies })
			if i == 0 && !c.held && !blocked {
				c.hold()
			}
			return
		}
		if !c.held {
			c.hold()
		}
	}
}

func (l *lock) hold() {
	l.held = true
	close(l.over)
	if l.then != nil {
		l.s.w.after(l.s.w.between(dieLock, l.s.pod, l.table, int(l.kind), 0, time.Millisecond), l.then)
	}
}

// await waits for a table until the limit, and withdraws the request after it. Those who waited together go
// on in an order of the seed, which depends on who.
func (l *lock) await(ctx context.Context, limit time.Duration, who int) error {
	w := l.s.w
	w.mu.Lock()
	held, next := l.held, w.between(dieLock, l.s.pod, l.table, 10+who, 0, time.Millisecond)
	w.mu.Unlock()
	if held {
		return nil
	}
	t := time.NewTimer(limit + next)
	defer t.Stop()
	var err error
	select {
	case <-l.over:
		err = l.s.wait(ctx, next)
	case <-t.C:
		err = errLocked
	case <-ctx.Done():
		err = ctx.Err()
	case <-l.s.ctx.Done():
		err = errGone
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if l.held && err == nil {
		return nil
	}
	l.leave()
	if err == nil {
		err = errGone
	}
	return err
}

// alone locks tables for one statement, one after the other, within the limit. leave releases them, under the
// lock.
func (s *server) alone(ctx context.Context, tables []int, limit time.Duration) (leave func(), err error) {
	var had []*lock
	leave = func() {
		for _, c := range had {
			c.leave()
		}
	}
	deadline := time.Now().Add(limit)
	for _, t := range slices.Sorted(slices.Values(tables)) {
		s.w.mu.Lock()
		c := s.lock(t, alone)
		s.w.mu.Unlock()
		if err := c.await(ctx, time.Until(deadline), int(alone)); err != nil {
			s.w.mu.Lock()
			leave()
			s.w.mu.Unlock()
			return nil, err
		}
		had = append(had, c)
	}
	return leave, nil
}

// commitTime is how long the shortest transaction holds a table.
const commitTime = 2 * time.Millisecond

// ddl runs a statement that locks tables exclusively, once check permits it. Without a wait it
// fails at once when an open transaction has written one of the tables.
func (s *server) ddl(ctx context.Context, wait time.Duration, check func() ([]akucore.Table, error), change func()) error {
	leave := func() {}
	if wait > 0 {
		var tables []akucore.Table
		err := s.change(func() (err error) { tables, err = check(); return err })
		if err == nil {
			leave, err = s.alone(ctx, numbers(tables), wait)
		}
		if err != nil {
			return err
		}
	}
	return s.change(func() error {
		defer leave()
		tables, err := check()
		switch {
		case err != nil:
			return err
		case wait == 0 && s.written(tables):
			return errLocked
		}
		change()
		return nil
	})
}

// written tells whether an open transaction has written one of the tables. Callers hold the lock.
func (s *server) written(tables []akucore.Table) bool {
	return slices.ContainsFunc(numbers(tables), func(t int) bool {
		return len(s.locks[t]) > 0 || time.Since(s.touched[t]) < commitTime
	})
}

func numbers(tables []akucore.Table) []int {
	numbers := make([]int, len(tables))
	for i, t := range tables {
		numbers[i] = table(t)
	}
	return numbers
}
