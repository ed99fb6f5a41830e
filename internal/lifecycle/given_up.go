package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
)

// serverLockTimeout is how long a receiver waits for a lock where nobody has set it
// (REPLICATION_LOCK_TIMEOUT): then it gives the row up.
const serverLockTimeout = 5 * time.Second

// movedAt asks since when the stream of a step may have stood still: the peer has a beat of
// then, or the sender's server started later.
func (r *Runner) movedAt(ctx context.Context, s akucore.Step, table akucore.Table) (time.Time, error) {
	beats, err := r.Servers.Server(s.Peer).Beats(ctx, table)
	if err != nil {
		return time.Time{}, err
	}
	instance, err := r.Servers.Server(s.On).Instance(ctx)
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(max(beats[s.On].Newest().At, 1000*instance.StartTime)), nil
}

// mayLack tells whether changes that a receiver counts as failed may be missing on it. A
// receiver that finds the row there, or another one, follows the server's rule for conflicts;
// so it does for what a sender repeats over a new connection. It leaves a row out only after it
// has waited REPLICATION_LOCK_TIMEOUT for a lock, and nothing behind that row moves meanwhile.
// A stream that moved within that time has left nothing out.
func (r *Runner) mayLack(moved time.Time) bool {
	limit := r.Mesh.ReceiverLockTimeout
	if limit == 0 {
		limit = serverLockTimeout
	}
	return time.Since(moved) >= limit
}

// noteGivenUp leaves the sign on the server that delivers. Only beats use the sign's table, so
// nobody is held back for it.
func (r *Runner) noteGivenUp(ctx context.Context, s akucore.Step) error {
	server, sign := r.Servers.Server(s.On), r.Mesh.GivenUpSign(s.On, s.Peer)
	var err error
	for range lockTries {
		if err = server.Create(ctx, sign, time.Second); !errors.Is(err, akucore.ErrLocked) {
			break
		}
	}
	if done(err) != nil {
		return fmt.Errorf("%s on %s: %w", sign.Name, r.Mesh.PodName(s.On), err)
	}
	return nil
}
