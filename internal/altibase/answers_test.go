package altibase

import (
	"database/sql"
	"database/sql/driver"
	"testing"
)

// answers answer statements in the place of a driver.
type answers func(statement string) ([][]driver.Value, error)

// session is one on which the statements are answered so.
func (s answers) session(t *testing.T) *session {
	t.Helper()
	db := sql.OpenDB(connector{&fake{answer: s}, ""})
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); db.Close() })
	return &session{server: &Server{}, db: db, conn: conn}
}
