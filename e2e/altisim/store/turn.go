package store

import (
	"context"
	"database/sql"
	"time"
)

// take waits for the turn to write. A parked transaction of somebody else gives way.
func (s *Store) take(ctx context.Context, own *Tx) error {
	t := time.NewTimer(writerWait)
	defer t.Stop()
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return errWriterBusy
	}
	if s.parked != nil && s.parked != own {
		s.parked.giveWay()
	}
	s.parked = nil
	return nil
}

func (s *Store) release() { <-s.turn }

// direct runs f as a transaction of its own. capture says whether its changes are logged, logged whether it
// moves the last SN in any case.
func (s *Store) direct(ctx context.Context, capture, logged bool, f func(*sql.Conn) error) error {
	if err := s.take(ctx, nil); err != nil {
		return err
	}
	defer s.release()
	return s.transact(ctx, capture, logged, f)
}

// transact is direct for those who hold the turn.
func (s *Store) transact(ctx context.Context, capture, logged bool, f func(*sql.Conn) error) error {
	conn := s.conn(capture)
	if err := begin(ctx, conn); err != nil {
		return err
	}
	if err := f(conn); err != nil {
		rollback(conn)
		return err
	}
	return s.commit(ctx, conn, logged, 0)
}

// afterCommit is the number of records after a commit that are without interest for a peer.
const afterCommit = 2

// commit ends a transaction. When it has changes in the log, they get a commit record with the transaction's
// id. Otherwise only the number moves.
//
// It finishes even when the client has disconnected.
func (s *Store) commit(ctx context.Context, conn *sql.Conn, logged bool, tx int64) error {
	ctx = context.WithoutCancel(ctx)
	// A number must cover every visible row, so somebody who reads the last number meanwhile waits.
	s.mu.Lock()
	defer s.mu.Unlock()
	to, err := func() (int64, error) {
		id, err := sequence(ctx, conn)
		if err != nil {
			return 0, err
		}
		switch {
		case sn(id) > s.last:
			err = exec(ctx, conn, "INSERT INTO _log (op, before) VALUES ('C', ?)", tx)
			if err == nil {
				err = exec(ctx, conn, "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = '_log'", afterCommit)
			}
			id += 1 + afterCommit
		case logged:
			err = exec(ctx, conn, "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = '_log'")
			id++
		}
		if err != nil {
			return 0, err
		}
		return id, exec(ctx, conn, "COMMIT")
	}()
	if err != nil {
		rollback(conn)
		return err
	}
	if sn(to) > s.last {
		s.last = sn(to)
		close(s.changed)
		s.changed = make(chan struct{})
	}
	return nil
}

func (s *Store) conn(capture bool) *sql.Conn {
	if capture {
		return s.captured
	}
	return s.silent
}

func exec(ctx context.Context, conn *sql.Conn, q string, args ...any) error {
	_, err := conn.ExecContext(ctx, q, args...)
	return err
}

// begin opens SQLite's transaction. It must not be interrupted: the driver may report an interrupt although
// the transaction is open, and nobody would end it.
func begin(ctx context.Context, conn *sql.Conn) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return exec(context.WithoutCancel(ctx), conn, "BEGIN IMMEDIATE")
}

// rollback must not fail for lack of time. After an interrupted statement it may have nothing to do, because
// that statement may have rolled back. A late interrupt of that statement may also hit this one.
func rollback(conn *sql.Conn) {
	for range 100 {
		if err := exec(context.Background(), conn, "ROLLBACK"); err == nil || !interrupted(err) {
			return
		}
	}
}

func sequence(ctx context.Context, conn *sql.Conn) (id int64, err error) {
	err = conn.QueryRowContext(ctx, "SELECT seq FROM sqlite_sequence WHERE name = '_log'").Scan(&id)
	return id, err
}
