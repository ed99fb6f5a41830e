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
	// copyPoll is the time between two checks whether a copy without a limit moves.
	copyPoll = 10 * time.Second
	// copyStill is how long such a copy may stand still. While it waits for locks of the
	// master's users, it counts no rows.
	copyStill = 30 * time.Minute
)

// Sync copies the rows of these tables, or of all tables when there are none, to the peer,
// and starts the sender. Without a copy limit, it may take as long as it moves. A property of
// the server limits how long it queues for its locks.
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
		// The server's own limit is for statements that show no progress.
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

// watchCopy ends a copy that has stood still for too long.
func (s *Server) watchCopy(ctx context.Context, object string, giveUp context.CancelCauseFunc) {
	seen, moved := "", time.Now()
	ctx = pulse.With(ctx, nil) // runs beside the copy: its beats must not stand for the copy's
	for pulse.Sleep(ctx, copyPoll) == nil {
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

// tooSlow names the value to raise when the limit cuts a copy again: the next copy would
// also begin with empty tables, and end in the same way.
func (s *Server) tooSlow(ctx context.Context, object string, err error) error {
	cut := errors.Is(err, akucore.ErrTimeout) && ctx.Err() == nil
	s.mu.Lock()
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
