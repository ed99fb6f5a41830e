package altisimtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alexbrainman/odbc" // also registers the driver
)

// Dial says how to log in. The zero value is a plain SYS session.
type Dial struct {
	User, Password string
	Sysdba         bool
	Host           string // "": the server's own
}

// DSN is the connection string for a login.
func (s *Server) DSN(d Dial) string {
	if err := odbcIni(); err != nil {
		s.t.Fatal(err)
	}
	if d.User == "" {
		d.User = "SYS"
	}
	if d.Password == "" {
		d.Password = s.Password
	}
	if d.Host == "" {
		d.Host = s.Host
	}
	dsn := fmt.Sprintf("DSN=%s;Server=%s;PORT=%d;UID=%s;PWD={%s};%s", section, d.Host, s.Port, d.User,
		strings.ReplaceAll(d.Password, "}", "}}"), Extra)
	if d.Sysdba {
		dsn += ";" + Sysdba
	}
	return dsn
}

// Conn is one session.
type Conn struct {
	*sql.Conn
	db *sql.DB
	t  testing.TB
}

// Connect opens a session.
func (s *Server) Connect(d Dial) (*Conn, error) {
	db, err := sql.Open("odbc", s.DSN(d))
	if err != nil {
		return nil, err
	}
	c, err := db.Conn(context.Background())
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return &Conn{c, db, s.t}, nil
}

// Open opens a session that ends with the test.
func (s *Server) Open(d Dial) *Conn {
	s.t.Helper()
	c, err := s.Connect(d)
	if err != nil {
		s.t.Fatalf("connect to %s: %v", s.Host, err)
	}
	s.t.Cleanup(c.Close)
	return c
}

// Close ends the session.
func (c *Conn) Close() {
	_ = c.Conn.Close()
	_ = c.db.Close()
}

// Try runs a statement, with or without rows, and returns its error.
func (c *Conn) Try(ctx context.Context, statement string, args ...any) error {
	rows, err := c.QueryContext(ctx, statement, args...)
	if err != nil {
		if err.Error() == noRows {
			return nil
		}
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// noRows is the Go driver's error for a statement that succeeded without a result. Only a query can be
// cancelled, so every statement runs as one.
const noRows = "Stmt did not create a result set"

// Do runs statements. All must succeed.
func (c *Conn) Do(statements ...string) {
	c.t.Helper()
	for _, st := range statements {
		if err := c.Try(context.Background(), st); err != nil {
			c.t.Fatalf("%s: %v", st, err)
		}
	}
}

// Rows returns the result of a query: columns joined by
// , NULL as -.
func (c *Conn) Rows(query string, args ...any) []string {
	c.t.Helper()
	out, err := c.TryRows(query, args...)
	if err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
	return out
}

// TryRows is Rows for queries that may fail.
func (c *Conn) TryRows(query string, args ...any) ([]string, error) {
	rows, err := c.QueryContext(context.Background(), query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	out := []string{}
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		var text []string
		for _, v := range values {
			switch v := v.(type) {
			case nil:
				text = append(text, "-")
			case []byte:
				text = append(text, string(v))
			default:
				text = append(text, fmt.Sprint(v))
			}
		}
		out = append(out, strings.Join(text, "|"))
	}
	return out, rows.Err()
}

// Int returns the one number in the result of a query.
func (c *Conn) Int(query string, args ...any) int64 {
	c.t.Helper()
	rows := c.Rows(query, args...)
	if len(rows) != 1 {
		c.t.Fatalf("%s: %d rows, want 1", query, len(rows))
	}
	n, err := strconv.ParseInt(rows[0], 10, 64)
	if err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// Until repeats a query until it returns the wanted rows.
func (c *Conn) Until(limit time.Duration, query string, want ...string) {
	c.t.Helper()
	var got []string
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if got = c.Rows(query); strings.Join(got, "\n") == strings.Join(want, "\n") {
			return
		}
	}
	c.t.Fatalf("%s: after %s still %q, want %q", query, limit, got, want)
}

// SQL runs one statement in a session of its own and returns its rows.
func (s *Server) SQL(statement string) []string {
	s.t.Helper()
	c := s.Open(Dial{})
	defer c.Close()
	return c.Rows(statement)
}

var inText = regexp.MustCompile(`\[ERR-([0-9A-F]{5}) : `)

// Code is the server's error number: the one in the text, where altisim has to put it, or else the native
// one. It is 0 when err is nil, and -1 when err has no number.
func Code(err error) int {
	if err == nil {
		return 0
	}
	if m := inText.FindStringSubmatch(err.Error()); m != nil {
		n, _ := strconv.ParseInt(m[1], 16, 32)
		return int(n)
	}
	var e *odbc.Error
	if errors.As(err, &e) && len(e.Diag) > 0 && e.Diag[0].NativeError > 0x1000 {
		return e.Diag[0].NativeError
	}
	return -1
}

// OpenDSN opens a session by a connection string.
func (s *Server) OpenDSN(dsn string) *Conn {
	s.t.Helper()
	db, err := sql.Open("odbc", dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	c := &Conn{conn, db, s.t}
	s.t.Cleanup(c.Close)
	return c
}
