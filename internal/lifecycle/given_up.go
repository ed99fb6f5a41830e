package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
)

// movedAt is the time since which the stream of a step may have stood still: the time of the
// peer's newest beat, or of the start of the sender's server when that was later.
func (r *Runner) movedAt(ctx context.Context, s akucore.Step) (time.Time, error) {
	beats, err := r.Servers.Server(s.Peer).Beats(ctx, r.Mesh.Blocks[s.Block].Beat())
	if err != nil {
		return time.Time{}, err
	}
	instance, err := r.Servers.Server(s.On).Instance(ctx)
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(max(beats[s.On].Newest().At, 1000*instance.StartTime)), nil
}

// mayLack reports whether changes that a receiver counts as failed may be missing on it. When
// the row exists already, or has other values, the receiver follows the server's rule for
// conflicts. The same holds for changes that a sender repeats after a new connection. The
// receiver leaves a row out only after it has waited REPLICATION_LOCK_TIMEOUT for a lock, and
// nothing behind that row moves meanwhile. So a stream that moved within that time has left
// nothing out. The time is by the sender's clock, which may be in front. A time that is still to
// come was a moment ago, unless the two clocks differ by more than that time. The receiving server
// counts: somebody may have set a shorter time there.
func (r *Runner) mayLack(ctx context.Context, s akucore.Step, moved time.Time) bool {
	set, err := r.Servers.Server(s.Peer).ReceiverLockTimeout(ctx)
	return err != nil || time.Since(moved).Abs() >= set
}

// noteGivenUp creates the sign on the server that delivers. The sign's only table is the beat
// table, so no user waits for its lock.
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
