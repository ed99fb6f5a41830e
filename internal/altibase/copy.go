package altibase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

const (
	// copyLook is how often it is looked whether a copy without a limit moves.
	copyLook = 10 * time.Second
	// copyStill is how long such a copy may stand still. It waits for locks of the master's
	// users, and says nothing about rows meanwhile.
	copyStill = 30 * time.Minute
)

// Sync copies the rows of these tables to the peer, of all when there are none, and
// starts the sender. It takes as long as the rows take, as long as it moves, unless the
// copy has a limit. How long it may queue for its locks is a property of the server.
func (s *Server) Sync(ctx context.Context, object string, parallel int, tables []akucore.Table, wait time.Duration) error {
	copies := func(ctx context.Context, c *session) error {
		return c.lend(ctx, "REPLICATION_SYNC_LOCK_TIMEOUT", int64(wait.Seconds()), func() error {
			return c.exec(ctx, alterReplication(object, syncAction(parallel, tables)))
		})
	}
	if s.config.CopyTimeout > 0 {
		return s.tooSlow(ctx, object, s.with(ctx, s.config.CopyTimeout, copies))
	}
	return s.with(ctx, 0, func(ctx context.Context, c *session) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		go s.watchCopy(ctx, object, cancel)
		// The limit of the server is for statements that do not tell how far they are.
		if err := c.limitQueries(ctx, 0); err != nil {
			return err
		}
		err := copies(ctx, c)
		if c.broken {
			return err
		}
		return errors.Join(err, s.quickly(context.WithoutCancel(ctx), func(ctx context.Context) error {
			return c.limitQueries(ctx, s.config.QueryTimeout)
		}))
	})
}

// watchCopy gives a copy up that has stood still for too long.
func (s *Server) watchCopy(ctx context.Context, object string, giveUp context.CancelCauseFunc) {
	seen, moved := "", time.Now()
	ctx = pulse.With(ctx, nil) // it runs beside the copy, and does not speak for it
	for pulse.Sleep(ctx, copyLook) == nil {
		progress, err := s.SyncProgress(ctx, object)
		if now := fmt.Sprint(progress); err == nil && now != seen {
			seen, moved = now, time.Now()
		}
		if time.Since(moved) >= copyStill {
			giveUp(fmt.Errorf("the copy has not moved for %s", copyStill))
			return
		}
	}
}

// tooSlow says which value to raise when a copy is cut by its limit again: the next one
// would begin with empty tables, too, and end in the same way.
func (s *Server) tooSlow(ctx context.Context, object string, err error) error {
	cut := errors.Is(err, akucore.ErrTimeout) && ctx.Err() == nil
	s.mu.Lock()
	if s.cut == nil {
		s.cut = map[string]int{}
	}
	if cut {
		s.cut[object]++
	} else if err == nil {
		delete(s.cut, object)
	}
	times := s.cut[object]
	s.mu.Unlock()
	if !cut || times < 2 {
		return err
	}
	return fmt.Errorf("%w: cut %d times by AKU_QUERY_TIMEOUT (aku.queryTimeout of the chart), which is %s: raise it; "+
		"with 0 or the default a copy has no limit as long as it moves: %w", akucore.ErrCopyLimit, times, s.config.CopyTimeout, err)
}
