package altibase

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"testing"
)

// answers answer statements in the place of a driver.
type answers func(statement string) ([][]driver.Value, error)

// session is one on which the statements are answered so.
func (s answers) session(t *testing.T) *session {
	t.Helper()
	db := sql.OpenDB(s)
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); db.Close() })
	return &session{server: &Server{}, db: db, conn: conn}
}

func (s answers) Connect(context.Context) (driver.Conn, error) { return s, nil }
func (s answers) Driver() driver.Driver                        { return nil }
func (s answers) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (s answers) Begin() (driver.Tx, error)                    { return nil, errors.ErrUnsupported }
func (s answers) Close() error                                 { return nil }

func (s answers) QueryContext(_ context.Context, statement string, _ []driver.NamedValue) (driver.Rows, error) {
	rows, err := s(statement)
	if err != nil {
		return nil, err
	}
	return &result{rows: rows}, nil
}

type result struct{ rows [][]driver.Value }

func (a *result) Close() error { return nil }

func (a *result) Columns() []string {
	if len(a.rows) == 0 {
		return nil
	}
	return make([]string, len(a.rows[0]))
}

func (a *result) Next(into []driver.Value) error {
	if len(a.rows) == 0 {
		return io.EOF
	}
	copy(into, a.rows[0])
	a.rows = a.rows[1:]
	return nil
}
