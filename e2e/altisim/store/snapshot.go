package store

import (
	"context"
	"database/sql"

	"aku/e2e/altisim/engine"
)

// rowBatch is the number of rows in a batch of a snapshot.
const rowBatch = 500

type snapshot struct {
	conn *sql.Conn
	sn   engine.SN
}

// Snapshot implements engine.Store. It takes the turn for a moment, so that rows and number fit together.
func (s *Store) Snapshot(ctx context.Context) (engine.Snapshot, error) {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.take(ctx, nil); err != nil {
		_ = conn.Close()
		return nil, err
	}
	defer s.release()
	var one int
	err = exec(ctx, conn, "BEGIN")
	if err == nil {
		err = conn.QueryRowContext(ctx, "SELECT 1 FROM _meta").Scan(&one) // the first read takes SQLite's snapshot
	}
	if err != nil {
		rollback(conn)
		_ = conn.Close()
		return nil, err
	}
	return &snapshot{conn, s.LastSN()}, nil
}

func (s *snapshot) SN() engine.SN { return s.sn }

func (s *snapshot) Close() {
	rollback(s.conn)
	_ = s.conn.Close()
}

func (s *snapshot) Rows(ctx context.Context, t *engine.Table, batch func([]string) error) error {
	rows, err := s.conn.QueryContext(ctx, "SELECT "+rowImage("", t.Columns)+" FROM "+physical(t))
	if err != nil {
		return err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			return err
		}
		if out = append(out, row); len(out) == rowBatch {
			if err := batch(out); err != nil {
				return err
			}
			out = nil
		}
	}
	if err := rows.Err(); err != nil || len(out) == 0 {
		return err
	}
	return batch(out)
}
