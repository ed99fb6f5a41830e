package altibase

import (
	"context"

	"golang.org/x/sync/errgroup"

	"aku/internal/akucore"
)

// truncateSessions is how many sessions empty tables at the same time: each table takes the
// server at least 4 ms, and there may be a thousand.
const truncateSessions = 4

// Truncate empties the tables on this server that have a row. It restores the property that
// allows this for replicated tables in any case.
func (s *Server) Truncate(ctx context.Context, tables []akucore.Table) error {
	return s.with(ctx, 0, func(ctx context.Context, c *session) error {
		tables, err := c.filled(ctx, tables)
		if err != nil || len(tables) == 0 {
			return err
		}
		return c.lend(ctx, "REPLICATION_DDL_ENABLE", 1, func() error { return s.empty(ctx, c, tables) })
	})
}

// empty truncates tables on a session, and on other idle sessions beside it. While the server
// is closed, these are the sessions that were opened before.
func (s *Server) empty(ctx context.Context, c *session, tables []akucore.Table) error {
	todo := make(chan akucore.Table, len(tables))
	for _, t := range tables {
		todo <- t
	}
	close(todo)
	group, ctx := errgroup.WithContext(ctx)
	work := func(c *session) error {
		for t := range todo {
			if err := c.forEach(ctx, []akucore.Table{t}, changeTimeout, truncate); err != nil {
				return err
			}
		}
		return nil
	}
	group.Go(func() error { return work(c) })
	for range min(truncateSessions, len(tables)) - 1 {
		further, err := s.acquirePlain(ctx)
		if err != nil {
			break
		}
		group.Go(func() error {
			defer s.release(further)
			return work(further)
		})
	}
	return group.Wait()
}
