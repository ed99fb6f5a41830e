package store

import (
	"context"
	"database/sql"
)

// Result is the complete result of a query.
type Result struct {
	Columns []ResultColumn
	Rows    [][]any
}

// ResultColumn is a column of a result. Declared is the type of the table's column, or empty for a computed
// one.
type ResultColumn struct {
	Name, Declared string
}

// Query reads committed rows.
func (s *Store) Query(ctx context.Context, query string, args ...any) (*Result, error) {
	return collect(s.read.QueryContext(ctx, query, args...))
}

func collect(rows *sql.Rows, err error) (*Result, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	r := &Result{}
	for _, t := range types {
		r.Columns = append(r.Columns, ResultColumn{t.Name(), t.DatabaseTypeName()})
	}
	for rows.Next() {
		row := make([]any, len(types))
		into := make([]any, len(types))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		r.Rows = append(r.Rows, row)
	}
	return r, rows.Err()
}
