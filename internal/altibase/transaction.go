package altibase

import (
	"context"
	"database/sql"
)

// beginTransaction switches the session's autocommit off, until endTransaction.
func (c *session) beginTransaction(ctx context.Context) error {
	open, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.rollBack = cancel
	begun := make(chan *sql.Tx, 1)
	err := c.call(ctx, func() error {
		tx, err := c.conn.BeginTx(open, nil)
		begun <- tx
		return err
	})
	if err == nil {
		c.transaction = <-begun
	}
	return err
}

// endTransaction commits the open transaction or rolls it back, if there is one. When that fails, the
// end of the session ends it. A session in which a call hangs rolls back by itself when the call
// returns.
func (c *session) endTransaction(ctx context.Context, how func(*sql.Tx) error) error {
	tx := c.transaction
	if tx == nil || c.left {
		return nil
	}
	c.transaction = nil
	return c.call(ctx, func() error { return how(tx) })
}
