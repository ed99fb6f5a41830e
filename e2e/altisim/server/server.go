// Package server runs SQL statements of a session: it ties the rules of package
// engine, the rows of package store and the SQL of package sqlfront together.
package server

import (
	"context"
	"strconv"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/sqlfront"
	"aku/e2e/altisim/store"
)

// Server is what sessions share.
type Server struct {
	Engine *engine.Server
	Store  *store.Store
}

// Session runs the statements of one client, one at a time.
type Session struct {
	*engine.Session
	srv *Server
	tx  *store.Tx // nil: every statement is a transaction of its own
}

// Open makes a session for a login.
func (s *Server) Open(l engine.Login) (*Session, error) {
	e, err := s.Engine.Login(l)
	if err != nil {
		return nil, err
	}
	return &Session{Session: e, srv: s}, nil
}

// Close rolls back and ends the session.
func (c *Session) Close() {
	if c.tx != nil {
		c.tx.Rollback()
	}
	c.Session.Close()
}

// InTransaction says whether a transaction is open.
func (c *Session) InTransaction() bool { return c.tx != nil }

// Output is what a statement gave: rows, or a tag such as INSERT 0 1.
type Output struct {
	Rows *store.Result
	Tag  string
	// After runs once the answer is on its way.
	After func()
}

// Do runs one statement.
func (c *Session) Do(ctx context.Context, st sqlfront.Statement, args []any) (Output, error) {
	out, err := c.do(ctx, st, args)
	if err != nil {
		return out, translate(ctx, st, err)
	}
	return out, nil
}

func (c *Session) do(ctx context.Context, st sqlfront.Statement, args []any) (Output, error) {
	if c.Context().Err() != nil {
		return Output{}, engine.ErrCommunication
	}
	switch st.First(1) {
	case "SELECT", "WITH":
		return c.query(ctx, st, args)
	case "INSERT", "UPDATE", "DELETE":
		return c.write(ctx, st, args)
	case "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE":
		return c.transaction(ctx, st)
	case "SET", "SHOW":
		return driverSetting(st), nil
	}
	if len(args) > 0 {
		return Output{}, sqlfront.SyntaxError(st.Source, 0)
	}
	run := c.statement(st)
	if run == nil {
		return Output{}, sqlfront.SyntaxError(st.Source, 0)
	}
	// DDL and the like commit what is open.
	if err := c.endTransaction(ctx, true); err != nil {
		return Output{}, err
	}
	return run(ctx, st)
}

type runner func(context.Context, sqlfront.Statement) (Output, error)

func (c *Session) statement(st sqlfront.Statement) runner {
	switch st.First(2) {
	case "CREATE TABLE":
		return c.createTable
	case "ALTER TABLE":
		return c.alterTable
	case "DROP TABLE":
		return c.dropTable
	case "TRUNCATE TABLE":
		return c.truncate
	case "CREATE USER":
		return c.createUser
	case "ALTER USER":
		return c.alterUser
	case "DROP USER":
		return c.dropUser
	case "CREATE REPLICATION", "CREATE LAZY":
		return c.createReplication
	case "ALTER REPLICATION":
		return c.alterReplication
	case "DROP REPLICATION":
		return c.dropReplication
	case "ALTER SYSTEM":
		return c.alterSystem
	case "ALTER SESSION":
		return c.alterSession
	case "ALTER DATABASE":
		return c.alterDatabase
	}
	switch st.First(1) {
	case "GRANT", "REVOKE": // everybody may read and write what he can name
		return func(context.Context, sqlfront.Statement) (Output, error) { return Output{Tag: st.First(1)}, nil }
	}
	return nil
}

func (c *Session) names() sqlfront.Names {
	cat := c.srv.Engine.Catalog()
	return sqlfront.Names{
		User: c.User, SessionID: c.ID, UserID: c.UserID, Database: cat.DBName,
		Table: func(user, name string) (string, error) {
			t := cat.Table(user, name)
			if t == nil {
				return "", nil
			}
			return store.Physical(t), nil
		},
		Virtual: c.virtual,
	}
}

func (c *Session) query(ctx context.Context, st sqlfront.Statement, args []any) (Output, error) {
	if r := driverQuery(st); r != nil {
		return Output{Rows: r}, nil
	}
	q, err := sqlfront.Rewrite(st, c.names())
	if err != nil {
		return Output{}, err
	}
	read := c.srv.Store.Query
	if c.tx != nil {
		read = c.tx.Query
	}
	r, err := read(ctx, q.SQL, args...)
	if err != nil {
		return Output{}, err
	}
	if len(q.Labels) == len(r.Columns) {
		for i, l := range q.Labels {
			r.Columns[i].Name = l
			if _, err := strconv.ParseInt(l, 10, 32); err == nil && r.Columns[i].Declared == "" {
				r.Columns[i].Declared = "INTEGER" // a literal
			}
		}
	}
	return Output{Rows: r}, nil
}

func (c *Session) write(ctx context.Context, st sqlfront.Statement, args []any) (Output, error) {
	q, err := sqlfront.Rewrite(st, c.names())
	if err != nil {
		return Output{}, err
	}
	var n int64
	if c.tx != nil {
		n, err = c.tx.Exec(ctx, q.SQL, args...)
	} else {
		n, err = c.srv.Store.Write(ctx, c.Replicates(), q.SQL, args...)
	}
	if err != nil {
		return Output{}, err
	}
	return Output{Tag: tag(st.First(1), n)}, nil
}
