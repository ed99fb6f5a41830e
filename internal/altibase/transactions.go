package altibase

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// OpenTransactions reads V$TRANSACTION. There a transaction that only reads, or has only said
// LOCK TABLE, has no time of a first update, and a receiver has the session 0. Versions may
// differ in its columns; ok is false when a column is missing. Probes of this process are left
// out.
func (s *Server) OpenTransactions(ctx context.Context) (open []lifecycle.Transaction, ok bool, err error) {
	return s.transactions(ctx, " WHERE FIRST_UPDATE_TIME > 0")
}

// AllTransactions are also those that have written nothing.
func (s *Server) AllTransactions(ctx context.Context) (open []lifecycle.Transaction, ok bool, err error) {
	return s.transactions(ctx, "")
}

func (s *Server) transactions(ctx context.Context, which string) (open []lifecycle.Transaction, ok bool, err error) {
	probes := s.openProbes()
	open, err = read(ctx, s, quickTimeout, func(c *session, ctx context.Context) ([]lifecycle.Transaction, error) {
		return c.transactions(ctx, which)
	})
	maps.Copy(probes, s.openProbes()) // one may have begun meanwhile, or ended
	open = slices.DeleteFunc(open, func(t lifecycle.Transaction) bool { return probes[t.Session] })
	if e := new(Error); errors.As(err, &e) && (e.kind == nil || errors.Is(e.kind, akucore.ErrFatal) || errors.Is(e.kind, akucore.ErrNoTable)) {
		return nil, false, nil // the server answers, but has not these columns
	}
	return open, err == nil, err
}

func (c *session) transactions(ctx context.Context, which string) ([]lifecycle.Transaction, error) {
	rows, err := c.query(ctx, "SELECT ID, SESSION_ID, FIRST_UPDATE_TIME FROM V$TRANSACTION"+which)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	sessions, err := c.query(ctx, "SELECT ID, DB_USERNAME, COMM_NAME FROM V$SESSION")
	if err != nil {
		return nil, err
	}
	open := make([]lifecycle.Transaction, len(rows))
	for i, r := range rows {
		open[i] = lifecycle.Transaction{ID: r.int(0), Session: r.int(1)}
		if since := r.int(2); since > 0 {
			open[i].Since = time.Unix(since, 0)
		}
		for _, s := range sessions {
			if s.int(0) == open[i].Session {
				open[i].User, open[i].From = s.text(1), s.text(2)
			}
		}
	}
	return open, nil
}
