package lifecycle

import (
	"context"
	"errors"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

const (
	// connectTimeout is how long a sender may take to reach its peer.
	connectTimeout = 3 * time.Second
	// connectInterval is the time before the second look; it doubles from look to look.
	connectInterval = 2 * time.Millisecond
)

// starting is what start needs of a server.
type starting interface {
	States
	Senders
}

// start starts a sender and sees to it that it reaches its peer. START looks for the
// peer's answer once a second, and on the one session of a closed server one START
// follows the other; START RETRY comes back at once. But it sets the restart number
// before the peer is asked, and a peer that remembers a greater one of an earlier database
// then has the sender skip what lies below. So it is for an object that has its number
// from this very database, and for one that is new on both sides. A sender that does not
// get through is stopped, and START says why.
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
			return err
		}
	}
	if err := server.Stop(ctx, spec.Name); err != nil && !errors.Is(err, akucore.ErrDone) {
		return err
	}
	// Whoever found it stopped may have reset it.
	if err := r.permit(ctx, s); err != nil {
		return err
	}
	return server.Start(ctx, spec.Name)
}
