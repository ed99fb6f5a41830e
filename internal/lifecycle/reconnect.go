package lifecycle

import (
	"context"
	"errors"
	"time"

	"aku/internal/akucore"
)

// reconnectAfter is how late a beat must be before aku suspects that its sender has no
// receiver. A handshake takes less than a second.
const reconnectAfter = 10 * time.Second

// reconnect ends a connection that exists only for the sender: the sender runs, but its peer
// has no receiver for it. This happens when a peer disappears with its node or behind a cut.
// Its address is another one now, and TCP takes a quarter of an hour to notice. STOP and START
// make the sender send again from where the peer had acknowledged. After a kill between the
// two, the sweep starts the sender like any other stopped one.
func (r *Runner) reconnect(ctx context.Context, s akucore.Step) (done bool, err error) {
	object := s.Object(r.Mesh)
	var sender Senders = r.Servers.Server(s.On)
	state, err := sender.Sender(ctx, object)
	if err != nil || state != akucore.SenderRunning {
		return false, err
	}
	traffic, err := r.Servers.Server(s.Peer).Traffic(ctx)
	if err != nil || traffic[object].Receiver != nil {
		return false, err
	}
	r.Log.Warn("a sender runs, and its peer has no receiver for it: it is stopped and started", "replication", object, "from", r.Mesh.PodName(s.On), "to", r.Mesh.PodName(s.Peer))
	if err := r.stop(ctx, sender, s, object); err != nil && !errors.Is(err, akucore.ErrDone) {
		return false, err
	}
	// Whoever found it stopped may have reset it: a START would then leave out what is still to be delivered.
	s.If = akucore.IfKept
	if err := r.permit(ctx, s); err != nil {
		return false, err
	}
	if err := sender.Start(ctx, object); err != nil && !errors.Is(err, akucore.ErrDone) {
		return false, err
	}
	return true, nil
}
