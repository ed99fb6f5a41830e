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

// stream is what a peer had of a sender before a delivery.
type stream struct {
	moved time.Time // when it moved last, at the latest; zero when that is not known
}

// observeStream asks when the stream of a step moved last: the peer has a beat of then, or the
// sender's server started after it.
func (r *Runner) observeStream(ctx context.Context, s akucore.Step, table akucore.Table) (stream, error) {
	beats, err := r.Servers.Server(s.Peer).Beats(ctx, table)
	if err != nil {
		return stream{}, err
	}
	instance, err := r.Servers.Server(s.On).Instance(ctx)
	if err != nil {
		return stream{}, err
	}
	var known stream
	if newest := beats[s.On].Newest(); newest.At > 0 {
		known.moved = time.UnixMilli(newest.At)
	}
	if started := time.Unix(instance.StartTime, 0); started.After(known.moved) {
		known.moved = started
	}
	return known, nil
}

// mayLack tells whether changes that a receiver counts as failed may be missing on it. A
// receiver that finds the row there, or another one, follows the server's rule for conflicts;
// so it does for what a sender repeats over a new connection. It leaves a row out only after it
// has waited REPLICATION_LOCK_TIMEOUT for a lock, and nothing behind that row moves meanwhile.
// A stream that moved within that time has left nothing out.
func (r *Runner) mayLack(before stream) bool {
	limit := r.Mesh.ReceiverLockTimeout
	if limit == 0 {
		limit = serverLockTimeout
	}
	return time.Since(before.moved) >= limit
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
