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
	out, err := records(ctx, s.read, "id > ? ORDER BY id LIMIT ?", recordID(after), limit)
	if n := len(out); n == limit || n > 0 && out[n-1].SN > upTo {
		upTo = out[n-1].SN
	}
	return out, upTo, err
}

// querier is a connection or a pool of them.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// records reads a part of the log.
func records(ctx context.Context, from querier, where string, args ...any) ([]engine.Record, error) {
	rows, err := from.QueryContext(ctx, "SELECT id, op, ifnull(tbl, 0), ifnull(before, ''), ifnull(after, '') FROM _log WHERE "+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []engine.Record
	for rows.Next() {
		var r engine.Record
		var id int64
		var op string
		if err := rows.Scan(&id, &op, &r.TableID, &r.Before, &r.After); err != nil {
			return nil, err
		}
		r.SN, r.Op = sn(id), engine.Op(op[0])
		if r.Op == engine.Began || r.Op == engine.Commit {
			n, err := strconv.ParseInt(r.Before, 10, 64)
			if err != nil {
				return nil, err
			}
			if r.Before = ""; r.Op == engine.Began {
				r.Began = engine.SN(n)
			} else {
				r.Tx = n
			}
		}
		out = append(out, r)
	}
	return out, rows.Err()
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
