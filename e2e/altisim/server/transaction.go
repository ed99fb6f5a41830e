package server

import (
	"context"
	"fmt"

	"aku/e2e/altisim/sqlfront"
)

func tag(verb string, n int64) string {
	if verb == "INSERT" {
		return fmt.Sprintf("INSERT 0 %d", n)
	}
	return fmt.Sprintf("%s %d", verb, n)
}

// transaction runs what the ODBC driver sends when autocommit is off: BEGIN,
// COMMIT, ROLLBACK, and a savepoint around every statement.
func (c *Session) transaction(ctx context.Context, st sqlfront.Statement) (Output, error) {
	verb := st.First(1)
	last := st.Tokens[len(st.Tokens)-1].Text
	var err error
	switch {
	case verb == "BEGIN" || verb == "START":
		if c.tx == nil {
			c.tx = c.srv.Store.Begin(c.ID, c.Replicates())
		}
		verb = "BEGIN"
	case verb == "COMMIT" || verb == "END":
		verb, err = "COMMIT", c.endTransaction(ctx, true)
	case verb == "SAVEPOINT" && c.tx != nil:
		err = c.tx.Savepoint(ctx, last)
	case verb == "RELEASE" && c.tx != nil:
		err = c.tx.Release(ctx, last)
	case st.First(2) == "ROLLBACK TO":
		if c.tx != nil {
			err = c.tx.RollbackTo(ctx, last)
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
		return tx.Commit(ctx)
	default:
		tx.Rollback()
		return nil
	}
}
