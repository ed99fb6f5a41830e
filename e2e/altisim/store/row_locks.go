package store

import (
	"context"
	"database/sql"

	"aku/e2e/altisim/engine"
)

// RowLocks says how to lock the rows that a statement changes. These rows are known only after SQLite has
// changed them. Nobody sees the changes before the COMMIT.
type RowLocks struct {
	Table *engine.Table                                 // nil, or without a primary key: no locks
	Try   func(keys []string) (taken string, err error) // as engine.Transaction.TryRows
}

// RowTaken is a row that another transaction has locked.
type RowTaken string

func (r RowTaken) Error() string { return "row " + string(r) + " is locked" }

// change runs a statement and locks the rows that it has changed. It returns their number.
func (l RowLocks) change(ctx context.Context, conn *sql.Conn, query string, args []any) (int64, error) {
	if l.Table == nil || len(l.Table.PrimaryKey) == 0 {
		res, err := conn.ExecContext(ctx, query, args...)
		if err != nil {
			return 0, err
		}
		return res.RowsAffected()
	}
	keys, err := l.keys(ctx, conn, query, args)
	if err != nil {
		return 0, err
	}
	taken, err := l.Try(keys)
	if err == nil && taken != "" {
		err = RowTaken(taken)
	}
	return int64(len(keys)), err
}

// keys runs a statement and returns the keys of the rows that it has written or deleted.
func (l RowLocks) keys(ctx context.Context, conn *sql.Conn, query string, args []any) (keys []string, err error) {
	var columns []engine.Column
	for _, name := range l.Table.PrimaryKey {
		columns = append(columns, *l.Table.Column(name))
	}
	rows, err := conn.QueryContext(ctx, query+" RETURNING "+rowImage("", columns), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}
