package altibase

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

const (
	// cancelGrace is how long a cancelled call may take to return before it is
	// abandoned.
	cancelGrace = 2 * time.Second
	// mostAbandoned is how many calls may hang in one server before aku stops asking
	// it.
	mostAbandoned = 3
)

// errAbandoned marks a call that did not return.
var errAbandoned = errors.New("the server accepts connections but does not answer")

func isAbandoned(err error) bool { return errors.Is(err, errAbandoned) }

// session is one connection of one server, used by one task at a time.
type session struct {
	server *Server
	db     *sql.DB
	conn   *sql.Conn
	id     int64
	shows  identity // identity of its database
	sysdba bool
	broken bool
	queues bool   // its DDL_LOCK_TIMEOUT is aku's, not what it began with
	left   bool   // a call hangs in it, and ends it when the call returns
	over   func() // called at its end, unless nil

	transaction *sql.Tx // the open one
	rollBack    func()  // rolls it back: the end of the session would wait for it
}

// prove reads the identity of the server. A failed connect can be reported as success, and a
// stranger is to be told nothing: so this is the first statement of a session.
func (c *session) prove(ctx context.Context) (err error) {
	c.shows, err = c.identity(ctx)
	return err
}

// begin asks for the number of the session, and limits the statements on it.
func (c *session) begin(ctx context.Context) error {
	rows, err := c.query(ctx, "SELECT ID FROM V$SESSION WHERE ID = SESSION_ID()")
	if err != nil {
		return err
	}
	if len(rows) == 1 {
		c.id = rows[0].int(0)
	}
	return c.limitQueries(ctx, c.server.config.QueryTimeout)
}

// limitQueries makes the server end statements of the session that take longer; 0: no limit.
func (c *session) limitQueries(ctx context.Context, limit time.Duration) error {
	return c.exec(ctx, fmt.Sprintf("ALTER SESSION SET QUERY_TIMEOUT = %d", int(limit.Seconds())))
}

// exec runs a statement that returns no rows.
func (c *session) exec(ctx context.Context, statement string) error {
	_, err := c.query(ctx, statement)
	return err
}

// query runs a statement and reads all its rows.
func (c *session) query(ctx context.Context, statement string) ([]row, error) {
	var read []row
	err := c.rows(ctx, statement, func(rows *sql.Rows, columns int) error {
		for rows.Next() {
			values := make(row, columns)
			if err := rows.Scan(pointers(values)...); err != nil {
				return err
			}
			read = append(read, values)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return read, nil
}

// each runs a statement and calls do for each row. The row is text, and valid only during
// the call. It is for answers of many rows.
func (c *session) each(ctx context.Context, statement string, do func(columns []sql.RawBytes)) error {
	return c.rows(ctx, statement, func(rows *sql.Rows, columns int) error {
		values := make([]sql.RawBytes, columns)
		into := pointers(values)
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				return err
			}
			do(values)
		}
		return nil
	})
}

// pointers are what a row is read into.
func pointers[T any](values []T) []any {
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	return into
}

// rows runs a statement and calls read for its rows. When the context ends, it may return
// before read does.
func (c *session) rows(ctx context.Context, statement string, read func(rows *sql.Rows, columns int) error) error {
	query := c.conn.QueryContext
	if c.transaction != nil {
		query = c.transaction.QueryContext // beside an open transaction, conn would wait for its end when the connection breaks
	}
	err := c.call(ctx, func() error {
		rows, err := query(ctx, statement)
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		if err := read(rows, len(columns)); err != nil {
			return err
		}
		return rows.Err()
	})
	if !isAbandoned(err) {
		pulse.Beat(ctx) // many statements in a row are long work that makes progress
	}
	return err
}

// call is a bounded call of the driver in the session, which may break it.
func (c *session) call(ctx context.Context, do func() error) error {
	err := c.server.bounded(ctx, do, c.end)
	c.left = c.left || isAbandoned(err)
	if c.left || errors.Is(err, akucore.ErrUnreachable) {
		c.broken = true
	}
	return err
}

// bounded runs a call into the driver, and returns when the context ends, with or without
// the call. When an abandoned call returns later, late disposes of its result.
func (s *Server) bounded(ctx context.Context, call func() error, late func()) error {
	if s.hang() >= mostAbandoned {
		return &Error{Text: errAbandoned.Error(), kind: akucore.ErrUnreachable}
	}
	done, returned := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(returned)
		done <- safely(call)
	}()
	select {
	case err := <-done:
		return s.outcome(ctx, err)
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return s.outcome(ctx, err)
	case <-time.After(cancelGrace):
		s.abandoned.Add(1)
		go func() {
			<-returned
			late()
			s.abandoned.Add(-1)
		}()
		return fmt.Errorf("%w: %w", &Error{Text: "after " + cancelGrace.String() + " more", kind: akucore.ErrUnreachable}, errAbandoned)
	}
}

// hang is how many calls hang because of the server. A user's session that does not end does
// not count.
func (s *Server) hang() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(s.abandoned.Load()) - len(s.ending)
}

// safely runs a call into the driver. The Go part of the driver panics when a value is longer
// than the server had announced.
func safely(call func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the ODBC driver cannot read what the server answers: %v", cause)
		}
	}()
	return call()
}

// outcome gives a call that its context ended an error with a name.
func (s *Server) outcome(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && err.Error() != noResultSet {
		return fmt.Errorf("%w: %w", akucore.ErrTimeout, context.Cause(ctx))
	}
	return Classify(err)
}

// close ends the session, unless a call hangs in it: then the call ends it. The end can hang
// as well, so close waits only for a while, and not at all for a broken session.
func (c *session) close() {
	if c.left {
		return
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.end()
	}()
	if c.broken {
		return
	}
	select {
	case <-ended:
	case <-time.After(closeTimeout):
	}
}

// end ends what exists of the session; a failed login has left nothing.
func (c *session) end() {
	if c.over != nil {
		defer c.over()
	}
	if c.rollBack != nil {
		c.rollBack()
	}
	if c.conn != nil {
		c.conn.Close()
	}
	c.db.Close()
}

// row is one row of a result.
type row []any

// int is a column as a number; NULL is 0. Drivers return integers in several types.
func (r row) int(i int) int64 {
	switch v := r[i].(type) {
	case int64:
		return v
	case int32:
		return int64(v)
	case float64:
		return int64(v)
	case []byte:
		return parseInt(string(v))
	case string:
		return parseInt(v)
	}
	return 0
}

// text is a column as text; NULL is "".
func (r row) text(i int) string {
	switch v := r[i].(type) {
	case []byte:
		return string(v)
	case string:
		return v
	case nil:
		return ""
	}
	return fmt.Sprint(r[i])
}

// parseInt reads a number that a driver gives as text; anything else is 0, like NULL.
func parseInt(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
