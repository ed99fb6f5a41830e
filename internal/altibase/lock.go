package altibase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

// locking runs a task whose statements lock tables, and lets them queue for at most wait; with
// 0 the server refuses them at once, whatever DDL_LOCK_TIMEOUT its sessions begin with.
func (s *Server) locking(ctx context.Context, limit, wait time.Duration, task func(context.Context, *session) error) error {
	return s.with(ctx, limit, func(ctx context.Context, c *session) (err error) {
		if err := c.queueFor(ctx, wait); err != nil {
			return err
		}
		if wait == 0 {
			return task(ctx, c)
		}
		defer func() { err = errors.Join(err, c.undo(ctx, setSession("DDL_LOCK_TIMEOUT", 0))) }()
		return pulse.While(ctx, func() error { return task(ctx, c) }) // who queues waits, and each statement has its limit
	})
}

// queueFor sets how long the session's statements queue for a table. It is 0 between two tasks,
// once it has been set.
func (c *session) queueFor(ctx context.Context, wait time.Duration) error {
	if wait == 0 && c.queues {
		return nil
	}
	err := c.exec(ctx, setSession("DDL_LOCK_TIMEOUT", wait))
	c.queues = c.queues || err == nil
	return err
}

// undo runs a statement that restores something, even when the context is over. When it
// fails, the session is not used again.
func (c *session) undo(ctx context.Context, statement string) error {
	if c.broken {
		return nil
	}
	err := c.server.quickly(context.WithoutCancel(ctx), func(ctx context.Context) error { return c.exec(ctx, statement) })
	c.broken = c.broken || err != nil
	return err
}

// SetReceiverLockTimeout also takes effect in receivers that run.
func (s *Server) SetReceiverLockTimeout(ctx context.Context, wait time.Duration) error {
	return s.change(ctx, quickTimeout, setSystem("REPLICATION_LOCK_TIMEOUT", int64(wait.Seconds())))
}

// ReceiverLockTimeout reads what is set.
func (s *Server) ReceiverLockTimeout(ctx context.Context) (time.Duration, error) {
	seconds, err := s.count(ctx, quickTimeout, "SELECT VALUE1 FROM V$PROPERTY WHERE NAME = 'REPLICATION_LOCK_TIMEOUT'")
	return time.Duration(seconds) * time.Second, err
}

func setSession(property string, wait time.Duration) string {
	return fmt.Sprintf("ALTER SESSION SET %s = %d", property, int(wait.Seconds()))
}

// Create creates a replication object.
func (s *Server) Create(ctx context.Context, spec akucore.ObjectSpec, wait time.Duration) error {
	return s.locking(ctx, wait+changeTimeout, wait, func(ctx context.Context, c *session) error {
		err := c.exec(ctx, createReplication(spec))
		if isUnknown(err) {
			return c.orFull(ctx, err)
		}
		return err
	})
}

// Drop removes a replication object that is stopped.
func (s *Server) Drop(ctx context.Context, object string, wait time.Duration) error {
	return s.locking(ctx, wait+changeTimeout, wait, func(ctx context.Context, c *session) error { return c.exec(ctx, dropReplication(object)) })
}

// AddTables adds tables to a stopped object.
func (s *Server) AddTables(ctx context.Context, object string, tables []akucore.Table, wait time.Duration) error {
	return s.changeAll(ctx, object, addTable, tables, wait)
}

// DropTables removes tables from a stopped object; their rows stay.
func (s *Server) DropTables(ctx context.Context, object string, tables []akucore.Table, wait time.Duration) error {
	return s.changeAll(ctx, object, dropTable, tables, wait)
}

func (s *Server) changeAll(ctx context.Context, object string, action func(akucore.Table) string, tables []akucore.Table, wait time.Duration) error {
	// Each table has the limit of one statement.
	return s.locking(ctx, time.Duration(len(tables))*(wait+changeTimeout), wait, func(ctx context.Context, c *session) error {
		return c.forEach(ctx, tables, wait+changeTimeout, func(t akucore.Table) string { return alterReplication(object, action(t)) })
	})
}
