package altibase

import (
	"context"
	"errors"

	"aku/internal/akucore"
)

// OpenTransactions reads V$TRANSACTION, where those that only read have no time of a
// first update. Versions may differ in its columns; one without them does not tell.
func (s *Server) OpenTransactions(ctx context.Context) (open []akucore.Transaction, ok bool, err error) {
	err = s.read(ctx, func(ctx context.Context, c *session) error {
		open = nil
		rows, err := c.query(ctx, "SELECT ID, SESSION_ID FROM V$TRANSACTION WHERE FIRST_UPDATE_TIME > 0")
		for _, r := range rows {
			open = append(open, akucore.Transaction{ID: r.int(0), Session: r.int(1)})
		}
		return err
	})
	if e := new(Error); errors.As(err, &e) && (e.kind == nil || errors.Is(e.kind, akucore.ErrFatal)) {
		return nil, false, nil // it answers, but not this
	}
	return open, err == nil, err
}
