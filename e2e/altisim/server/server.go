// Package server runs the SQL statements of a session. It connects the rules of package engine, the rows of
// package store and the SQL of package sqlfront.
package server

import (
	"context"
	"errors"
	"strconv"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/sqlfront"
	"aku/e2e/altisim/store"
)

// Server is shared by all sessions.
type Server struct {
	Engine *engine.Server
	Store  *store.Store
}

// Session runs the statements of one client, one at a time.
type Session struct {
	*engine.Session
	srv *Server
	tx  *transaction // nil: every statement is a transaction of its own
}

// Open opens a session for a login.
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
		c.tx.rollback()
	}
	c.Session.Close()
}

// InTransaction reports whether a transaction is open.
func (c *Session) InTransaction() bool { return c.tx != nil }

// Output is the result of a statement: rows, or a tag such as INSERT 0 1.
type Output struct {
	Rows *store.Result
	Tag  string
	// After runs once the answer is on its way.
	After func()
}

// Do runs one statement.
func (c *Session) Do(ctx context.Context, st sqlfront.Statement, args []any) (Output, error) {
	c.Runs(st.Source)
	defer c.Runs("")
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
	case "LOCK":
		return c.lockTable(ctx, st)
	}
	if len(args) > 0 {
		return Output{}, sqlfront.SyntaxError(st.Source, 0)
	}
	run := c.statement(st)
	if run == nil {
		return Output{}, sqlfront.SyntaxError(st.Source, 0)
	}
	// DDL and similar statements commit the open transaction.
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
	case "ALTER TABLE", "CREATE INDEX", "CREATE UNIQUE", "COMMENT ON":
		return c.alterTable
	case "DROP INDEX":
		return c.dropIndex
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
	case "RENAME":
		return c.alterTable
	case "GRANT", "REVOKE": // every user may read and write everything
		return func(context.Context, sqlfront.Statement) (Output, error) { return Output{Tag: st.First(1)}, nil }
	}
	return nil
}

// rewrite turns a statement into one for SQLite, and returns the tables that it names, in order.
func (c *Session) rewrite(st sqlfront.Statement) (q sqlfront.Query, tables []*engine.Table, err error) {
	cat := c.srv.Engine.Catalog()
	q, err = sqlfront.Rewrite(st, sqlfront.Names{
		User: c.User, SessionID: c.ID, UserID: c.UserID, Database: cat.DBName,
		Table: func(user, name string) (string, error) {
			t := cat.Table(user, name)
			if t == nil {
				return "", nil
			}
			tables = append(tables, t)
			return store.Physical(t), nil
		},
		Virtual: c.virtual,
	})
	return q, tables, err
}

func (c *Session) query(ctx context.Context, st sqlfront.Statement, args []any) (Output, error) {
	if r := driverQuery(st); r != nil {
		return Output{Rows: r}, nil
	}
	q, tables, err := c.rewrite(st)
	if err != nil {
		return Output{}, err
	}
	tx, end := c.current()
	defer end()
	if st.ForUpdate() {
		for _, t := range tables {
			if err := tx.Write(ctx, t); err != nil {
				return Output{}, err
			}
		}
	}
	done, err := tx.Read(ctx, tables...)
	if err != nil {
		return Output{}, err
	}
	defer done()
	r, err := tx.rows.Query(ctx, q.SQL, args...)
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
	q, tables, err := c.rewrite(st)
	if err != nil {
		return Output{}, err
	}
	if len(tables) == 0 {
		return Output{}, sqlfront.TableNotFound(st)
	}
	tx, end := c.current()
	defer end()
	if err := tx.Write(ctx, tables[0]); err != nil {
		return Output{}, err
	}
	done, err := tx.Read(ctx, tables[1:]...)
	if err != nil {
		return Output{}, err
	}
	defer done()
	lock := store.RowLocks{Table: tables[0], Try: func(keys []string) (string, error) { return tx.TryRows(tables[0], keys) }}
	for {
		out, err := c.changeRows(ctx, tx, lock, st.First(1), q.SQL, args)
		var taken store.RowTaken
		if !errors.As(err, &taken) {
			return out, err
		}
		if err := tx.WaitForRow(ctx, tables[0], string(taken)); err != nil {
			return Output{}, err
		}
	}
}

// changeRows runs a writing statement, in the open transaction or in one of its own.
func (c *Session) changeRows(ctx context.Context, tx *transaction, lock store.RowLocks, verb, query string, args []any) (Output, error) {
	if c.tx == nil {
		n, err := c.srv.Store.Write(ctx, c.Replicates(), lock, query, args...)
		return Output{Tag: tag(verb, n)}, err
	}
	did, err := tx.rows.Exec(ctx, lock, query, args...)
	if err != nil {
		return Output{}, err
	}
	tx.Changed(did.Began, did.Changes)
	return Output{Tag: tag(verb, did.Touched)}, nil
}

func (c *Session) lockTable(ctx context.Context, st sqlfront.Statement) (Output, error) {
	user, name, err := sqlfront.LockTable(st, c.User)
	if err != nil {
		return Output{}, err
	}
	t := c.srv.Engine.Catalog().Table(user, name)
	if t == nil {
		return Output{}, sqlfront.TableNotFound(st)
	}
	tx, end := c.current()
	defer end()
	return Output{Tag: "LOCK TABLE"}, tx.LockTable(ctx, t)
}
