package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

const (
	// connectTimeout is how long a sender may take to reach its peer.
	connectTimeout = 3 * time.Second
	// connectInterval is the time before the second check; it doubles with each check.
	connectInterval = 2 * time.Millisecond
)

// starting is what start needs of a server.
type starting interface {
	States
	Senders
}

// start starts a sender and makes sure that it reaches its peer. START checks for the peer's
// answer once a second, and on the one session of a closed server STARTs run one after the
// other. START RETRY returns at once, but it sets the restart number before it asks the peer.
// When the peer remembers a greater number of an earlier database, the sender then skips what
// lies below that number. So START RETRY is only for an object whose number comes from this
// very database, and for an object that is new on both sides. A sender that does not reach its
// peer is stopped, and START gives the reason.
func (r *Runner) start(ctx context.Context, server starting, s akucore.Step, spec akucore.ObjectSpec) error {
	if s.If != akucore.IfKept && !s.New {
		return server.Start(ctx, spec.Name)
	}
	err := server.StartRetry(ctx, spec.Name)
	if errors.Is(err, akucore.ErrDone) {
		err = r.isDone(ctx, server, s, spec, err)
	}
	if err != nil {
		return err
	}
	pause, deadline := connectInterval, time.Now().Add(connectTimeout)
	for state := akucore.SenderConnecting; state == akucore.SenderConnecting && time.Now().Before(deadline); pause *= 2 {
		if state, err = server.Sender(ctx, spec.Name); err != nil || state == akucore.SenderRunning {
			return err
		}
		if err := pulse.Sleep(ctx, min(pause, pollMost, time.Until(deadline))); err != nil {
			return fmt.Errorf("%w: %s is not yet reached: %w", akucore.ErrTimeout, r.Mesh.PodName(s.Peer), err)
		}
	}
	if err := server.Stop(ctx, spec.Name); err != nil && !errors.Is(err, akucore.ErrDone) {
		return err
	}
	// Another process may have found it stopped, and reset it.
	if err := r.permit(ctx, s); err != nil {
		return err
	}
	return server.Start(ctx, spec.Name)
}
