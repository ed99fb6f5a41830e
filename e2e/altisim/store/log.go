package store

import (
	"context"
	"database/sql"
	"strconv"

	"aku/e2e/altisim/engine"
)

// ReadLog implements engine.Store.
func (s *Store) ReadLog(ctx context.Context, after engine.SN, limit int) ([]engine.Record, engine.SN, error) {
	upTo := max(s.LastSN(), after) // everything up to here is visible to the read that follows
	if upTo == after {
		return nil, after, nil
	}
	rows, err := s.read.QueryContext(ctx, "SELECT id, op, ifnull(tbl, 0), ifnull(before, ''), ifnull(after, '') FROM _log WHERE id > ? ORDER BY id LIMIT ?",
		recordID(after), limit)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var out []engine.Record
	for rows.Next() {
		var r engine.Record
		var id int64
		var op string
		if err := rows.Scan(&id, &op, &r.TableID, &r.Before, &r.After); err != nil {
			return nil, 0, err
		}
		r.SN, r.Op = sn(id), engine.Op(op[0])
		if r.Op == engine.Began {
			if r.Began, err = began(r.Before); err != nil {
				return nil, 0, err
			}
		}
		out = append(out, r)
	}
	if n := len(out); n == limit || n > 0 && out[n-1].SN > upTo {
		upTo = out[n-1].SN
	}
	return out, upTo, rows.Err()
}

func began(text string) (engine.SN, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	return engine.SN(n), err
}

// Touch implements engine.Store.
func (s *Store) Touch(ctx context.Context) error {
	return s.direct(ctx, false, true, func(*sql.Conn) error { return nil })
}

// Prune implements engine.Store.
func (s *Store) Prune(ctx context.Context, upTo engine.SN) error {
	return s.direct(ctx, false, false, func(conn *sql.Conn) error {
		return exec(ctx, conn, "DELETE FROM _log WHERE id <= ?", recordID(upTo))
	})
}
