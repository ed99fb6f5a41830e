package altibase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
)

// locking runs a task whose statements lock tables, and lets them queue for that as long
// as wait. Without that the server refuses them at once (DDL_LOCK_TIMEOUT 0).
func (s *Server) locking(ctx context.Context, wait time.Duration, task func(context.Context, *session) error) error {
	return s.with(ctx, wait+changeTimeout, func(ctx context.Context, c *session) (err error) {
		if wait > 0 {
			if err := c.exec(ctx, setSession("DDL_LOCK_TIMEOUT", wait)); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, c.undo(ctx, setSession("DDL_LOCK_TIMEOUT", 0))) }()
		}
		return task(ctx, c)
	})
}

// undo runs a statement that puts something back, also when the context is over. A
// session that cannot do it is not used again.
func (c *session) undo(ctx context.Context, statement string) error {
	if c.broken {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quickTimeout)
	defer cancel()
	err := c.exec(ctx, statement)
	if err != nil {
		c.broken = true
	}
	return err
}

// SetReceiverLockTimeout is obeyed by receivers that run, too.
func (s *Server) SetReceiverLockTimeout(ctx context.Context, wait time.Duration) error {
	return s.change(ctx, quickTimeout, setSystem("REPLICATION_LOCK_TIMEOUT", int(wait.Seconds())))
}

func setSession(property string, wait time.Duration) string {
	return fmt.Sprintf("ALTER SESSION SET %s = %d", property, int(wait.Seconds()))
}

// Create makes a replication object.
func (s *Server) Create(ctx context.Context, spec akucore.ObjectSpec, wait time.Duration) error {
	return s.lockingChange(ctx, wait, createReplication(spec))
}

// Drop removes a replication object that is stopped.
func (s *Server) Drop(ctx context.Context, object string, wait time.Duration) error {
	return s.lockingChange(ctx, wait, dropReplication(object))
}

func (s *Server) lockingChange(ctx context.Context, wait time.Duration, statement string) error {
	return s.locking(ctx, wait, func(ctx context.Context, c *session) error { return c.exec(ctx, statement) })
}

// AddTables has a stopped object replicate these tables, too.
func (s *Server) AddTables(ctx context.Context, object string, tables []akucore.Table, wait time.Duration) error {
	return s.changeAll(ctx, object, addTable, tables, wait)
}

// DropTables takes tables out of a stopped object; their rows stay.
func (s *Server) DropTables(ctx context.Context, object string, tables []akucore.Table, wait time.Duration) error {
	return s.changeAll(ctx, object, dropTable, tables, wait)
}

func (s *Server) changeAll(ctx context.Context, object string, action func(akucore.Table) string, tables []akucore.Table, wait time.Duration) error {
	return s.locking(ctx, wait, func(ctx context.Context, c *session) error {
		for _, t := range tables {
			if err := c.exec(ctx, alterReplication(object, action(t))); err != nil {
				return fmt.Errorf("%s: %w", t, err)
			}
		}
		return nil
	})
}

// Sync copies the rows of these tables to the peer, of all when there are none, and
// starts the sender. It takes as long as the rows take; QUERY_TIMEOUT of the session is
// its limit. How long it may queue for its locks is a property of the server, which is put
// back afterwards.
func (s *Server) Sync(ctx context.Context, object string, parallel int, tables []akucore.Table, wait time.Duration) error {
	return s.with(ctx, s.config.QueryTimeout, func(ctx context.Context, c *session) (err error) {
		before, err := c.property(ctx, syncLockTimeout)
		if err != nil {
			return err
		}
		if most := int64(wait.Seconds()); before != most {
			if err := c.exec(ctx, setSystem(syncLockTimeout, int(most))); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, c.undo(ctx, setSystem(syncLockTimeout, int(before)))) }()
		}
		return c.exec(ctx, alterReplication(object, syncAction(parallel, tables)))
	})
}

const syncLockTimeout = "REPLICATION_SYNC_LOCK_TIMEOUT"

// property is the value of a property that is a number.
func (c *session) property(ctx context.Context, name string) (int64, error) {
	rows, err := c.query(ctx, "SELECT VALUE1 FROM V$PROPERTY WHERE NAME = "+literal(name))
	if err != nil {
		return 0, err
	}
	if len(rows) != 1 {
		return 0, fmt.Errorf("V$PROPERTY has no %s", name)
	}
	return rows[0].int(0), nil
}
