package altibase

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"testing"
)

// scripted answers statements in the place of a driver.
type scripted func(statement string) ([][]driver.Value, error)

// session is one on which the statements are answered so.
func (s scripted) session(t *testing.T) *session {
	t.Helper()
	db := sql.OpenDB(s)
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); db.Close() })
	return &session{server: &Server{}, db: db, conn: conn}
}

func (s scripted) Connect(context.Context) (driver.Conn, error) { return s, nil }
func (s scripted) Driver() driver.Driver                        { return nil }
func (s scripted) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (s scripted) Begin() (driver.Tx, error)                    { return nil, errors.ErrUnsupported }
func (s scripted) Close() error                                 { return nil }

func (s scripted) QueryContext(_ context.Context, statement string, _ []driver.NamedValue) (driver.Rows, error) {
	rows, err := s(statement)
	if err != nil {
		return nil, err
	}
	return &answer{rows: rows}, nil
}

type answer struct{ rows [][]driver.Value }

func (a *answer) Close() error { return nil }

func (a *answer) Columns() []string {
	if len(a.rows) == 0 {
		return nil
	}
	return make([]string, len(a.rows[0]))
}

func (a *answer) Next(into []driver.Value) error {
	if len(a.rows) == 0 {
		return io.EOF
	}
	copy(into, a.rows[0])
	a.rows = a.rows[1:]
	return nil
}
