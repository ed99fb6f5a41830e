package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"aku/e2e/altisim/engine"
)

// Tx is a user's transaction.
type Tx struct {
	s       *Store
	capture bool
	live    bool // its changes are in SQLite's open transaction
	wrote   bool
	tables  []*engine.Table // that it writes
	done    []statement
	id      int64
	began   engine.SN // the log's last number at its first write
}

type statement struct {
	query string
	args  []any
}

// Begin makes a session's transaction with an id for the log. capture says whether peers get its changes.
func (s *Store) Begin(id int64, capture bool) *Tx {
	return &Tx{s: s, capture: capture, id: id}
}

// Wrote reports whether the transaction has anything to commit.
func (t *Tx) Wrote() bool { return t.wrote }

// giveWay undoes the changes so that another transaction can write.
func (t *Tx) giveWay() {
	rollback(t.s.conn(t.capture))
	t.live = false
}

// enter takes the turn and makes sure that the transaction's changes are in SQLite's open transaction.
func (t *Tx) enter(ctx context.Context) error {
	if err := t.s.take(ctx, t); err != nil {
		return err
	}
	if t.capture && t.s.lacksTriggers(t.tables...) {
		if t.live {
			t.giveWay()
		}
		if err := t.s.makeTriggers(ctx, t.tables...); err != nil {
			t.s.release()
			return err
		}
	}
	if t.live {
		return nil
	}
	conn := t.s.conn(t.capture)
	err := begin(ctx, conn)
	if err == nil && t.wrote && t.capture && t.began < t.s.LastSN() {
		// Its records come late here. On the real server they are where it wrote them.
		err = exec(ctx, conn, "INSERT INTO _log (op, before) VALUES ('B', ?)", int64(t.began))
	}
	for _, st := range t.done {
		if err == nil {
			err = exec(ctx, conn, st.query, st.args...)
		}
	}
	if err != nil {
		rollback(conn)
		t.s.release()
		return err
	}
	t.live = true
	return nil
}

// leave parks the transaction.
func (t *Tx) leave() {
	t.s.parked = t
	t.s.release()
}

// Done is the result of a writing statement in a transaction.
type Done struct {
	Touched int64           // rows
	Began   engine.SN       // the log's number at the transaction's first write
	Changes []engine.Record // for the peers
}

// Exec runs a writing statement. When another transaction has locked one of the rows, nothing is changed and
// the error is a RowTaken.
func (t *Tx) Exec(ctx context.Context, lock RowLocks, query string, args ...any) (Done, error) {
	if !slices.Contains(t.tables, lock.Table) {
		t.tables = append(t.tables, lock.Table)
	}
	if err := t.enter(ctx); err != nil {
		return Done{}, err
	}
	defer t.leave()
	conn := t.s.conn(t.capture)
	last, err := sequence(ctx, conn)
	var touched int64
	if err == nil {
		touched, err = lock.change(ctx, conn, query, args)
	}
	if err != nil {
		if ctx.Err() != nil || interrupted(err) || errors.As(err, new(RowTaken)) {
			t.giveWay() // the earlier statements run again; SQLite may have rolled back everything
		}
		return Done{}, err
	}
	t.done = append(t.done, statement{query, args})
	if !t.wrote {
		t.wrote, t.began = true, t.s.LastSN() // the log does not move while this has the turn
	}
	d := Done{Touched: touched, Began: t.began}
	if t.capture {
		d.Changes, err = records(context.WithoutCancel(ctx), conn, "id > ? ORDER BY id", last)
	}
	return d, err
}

// Query reads inside the transaction.
func (t *Tx) Query(ctx context.Context, query string, args ...any) (*Result, error) {
	if !t.Wrote() {
		return t.s.Query(ctx, query, args...)
	}
	if err := t.enter(ctx); err != nil {
		return nil, err
	}
	defer t.leave()
	return collect(t.s.conn(t.capture).QueryContext(ctx, query, args...))
}

// Commit makes the changes durable and visible. The transaction is over afterwards, also after an error.
func (t *Tx) Commit(ctx context.Context) error {
	if !t.Wrote() {
		return nil
	}
	if err := t.enter(ctx); err != nil {
		t.done, t.wrote = nil, false
		return err
	}
	defer t.s.release()
	t.live, t.wrote, t.done = false, false, nil
	return t.s.commit(ctx, t.s.conn(t.capture), true, t.id)
}

// Rollback undoes the changes.
func (t *Tx) Rollback() {
	t.done, t.wrote = nil, false
	if t.s.take(context.Background(), t) != nil {
		return
	}
	defer t.s.release()
	if t.live {
		t.giveWay()
	}
}

// Savepoint sets a point inside the transaction.
func (t *Tx) Savepoint(ctx context.Context, name string) error {
	q := "SAVEPOINT " + Quote(name)
	if t.wrote {
		_, err := t.Exec(ctx, RowLocks{}, q)
		return err
	}
	t.done = append(t.done, statement{query: q}) // set when there is something to write
	return nil
}

// RollbackTo undoes what came after the savepoint.
func (t *Tx) RollbackTo(ctx context.Context, name string) error {
	if t.wrote {
		if err := t.mark(ctx, "ROLLBACK TO "+Quote(name)); err != nil {
			return err
		}
	}
	t.forget(name, true)
	return nil
}

// Release removes the savepoint and keeps what came after it.
func (t *Tx) Release(ctx context.Context, name string) error {
	if t.wrote {
		if err := t.mark(ctx, "RELEASE "+Quote(name)); err != nil {
			return err
		}
	}
	t.forget(name, false)
	return nil
}

// mark runs a statement that must not run again with the others.
func (t *Tx) mark(ctx context.Context, query string) error {
	if err := t.enter(ctx); err != nil {
		return err
	}
	defer t.leave()
	return exec(ctx, t.s.conn(t.capture), query)
}

// forget removes a savepoint from the statements to run again, and with undo also what came after it.
func (t *Tx) forget(name string, undo bool) {
	mark := "SAVEPOINT " + Quote(name)
	for i := len(t.done) - 1; i >= 0; i-- {
		if t.done[i].query != mark {
			continue
		}
		if undo {
			t.done = t.done[:i+1]
		} else {
			t.done = append(t.done[:i], t.done[i+1:]...)
		}
		return
	}
}

// Write runs one statement as a transaction of its own, with the locks of Exec.
func (s *Store) Write(ctx context.Context, capture bool, lock RowLocks, query string, args ...any) (n int64, err error) {
	if err := s.take(ctx, nil); err != nil {
		return 0, err
	}
	defer s.release()
	if capture {
		if err := s.makeTriggers(ctx, lock.Table); err != nil {
			return 0, err
		}
	}
	err = s.transact(ctx, capture, true, func(conn *sql.Conn) error {
		n, err = lock.change(ctx, conn, query, args)
		return err
	})
	return n, err
}

// interrupted means that SQLite ended the statement because its context ended.
func interrupted(err error) bool { return strings.Contains(err.Error(), "interrupted") }
