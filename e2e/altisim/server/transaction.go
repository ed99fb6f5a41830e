package server

import (
	"context"
	"fmt"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/sqlfront"
	"aku/e2e/altisim/store"
)

func tag(verb string, n int64) string {
	if verb == "INSERT" {
		return fmt.Sprintf("INSERT 0 %d", n)
	}
	return fmt.Sprintf("%s %d", verb, n)
}

// transaction is a transaction's locks and rows.
type transaction struct {
	*engine.Transaction
	rows *store.Tx
}

func (c *Session) begin(brief bool) *transaction {
	t := c.srv.Engine.Begin(c.ID, brief)
	return &transaction{t, c.srv.Store.Begin(t.ID, c.Replicates())}
}

func (t *transaction) rollback() {
	t.rows.Rollback()
	t.End()
}

// current is the open transaction, or one for the running statement alone, which end ends.
func (c *Session) current() (t *transaction, end func()) {
	if c.tx != nil {
		return c.tx, func() {}
	}
	t = c.begin(true)
	return t, t.End
}

// transaction runs what the ODBC driver sends with autocommit off: BEGIN, COMMIT, ROLLBACK, and a savepoint
// around every statement.
func (c *Session) transaction(ctx context.Context, st sqlfront.Statement) (Output, error) {
	verb := st.First(1)
	last := st.Tokens[len(st.Tokens)-1].Text
	var err error
	switch {
	case verb == "BEGIN" || verb == "START":
		if c.tx == nil {
			c.tx = c.begin(false)
		}
		verb = "BEGIN"
	case verb == "COMMIT" || verb == "END":
		verb, err = "COMMIT", c.endTransaction(ctx, true)
	case verb == "SAVEPOINT" && c.tx != nil:
		err = c.tx.rows.Savepoint(ctx, last)
	case verb == "RELEASE" && c.tx != nil:
		err = c.tx.rows.Release(ctx, last)
	case st.First(2) == "ROLLBACK TO":
		if c.tx != nil {
			err = c.tx.rows.RollbackTo(ctx, last)
		}
	case verb == "ROLLBACK" || verb == "ABORT":
		verb, err = "ROLLBACK", c.endTransaction(ctx, false)
	}
	return Output{Tag: verb}, err
}

func (c *Session) endTransaction(ctx context.Context, commit bool) error {
	tx := c.tx
	c.tx = nil
	switch {
	case tx == nil:
		return nil
	case commit:
		defer tx.End()
		return tx.rows.Commit(ctx)
	default:
		tx.rollback()
		return nil
	}
}
