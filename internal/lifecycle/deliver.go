package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

const (
	// flushLimit bounds a FLUSH where the step has no limit of its own. A FLUSH
	// needs the acknowledgement, 6 s when all is well.
	flushLimit = 60 * time.Second
	// pollFirst and pollMost are the intervals between two checks for a beat: a beat usually
	// arrives after 9 ms, and nearly always after 26 ms.
	pollFirst = 2 * time.Millisecond
	pollMost  = 250 * time.Millisecond
	// lateAfter is the delay of a beat after which aku searches for the reason; it searches
	// again every progressInterval.
	lateAfter = time.Second
)

// deliver proves that everything committed so far on one server is applied on its peer. It
// inserts a beat on the server, and waits until the peer has it.
//
// On the way to this process's own pod it looks for the rows that prove that pod's copy (crossing.go).
//
// It also compares the receiver's failure counts, and reports a rise that repeats do not
// explain. When the pod gives up something after the delivery, and the rise may mean that the
// peer lacks rows, the delivery is not proven, and a sign of it stays (GivenUpSign). There, all
// that a new connection has failed to apply is a rise.
//
// FLUSH is the proof where the peer cannot be asked, or where the pair does not carry the beat
// table yet. For a pod that opens it is the proof only on a pair from an aku without beats.
func (r *Runner) deliver(ctx context.Context, s akucore.Step) error {
	before, err := r.received(ctx, s)
	switch {
	case err != nil && s.Seen:
		return fmt.Errorf("%s: %w", r.Mesh.PodName(s.Peer), err)
	case err != nil:
		return r.flush(ctx, s)
	}
	var moved time.Time
	if s.Strict || s.Seen {
		moved, err = r.movedAt(ctx, s)
		if err != nil && !errors.Is(err, akucore.ErrNoTable) {
			return err
		}
	}
	probes, err := r.probes(ctx, s)
	if err != nil && !errors.Is(err, akucore.ErrNoTable) {
		return err
	}
	after, err := r.beat(ctx, s)
	switch {
	case errors.Is(err, akucore.ErrNoTable):
		return r.withoutBeat(ctx, s)
	case err != nil:
		return err
	}
	if err := r.settleProbes(ctx, s, probes); err != nil {
		return err
	}
	failed := givenUp(before, after)
	if failed != nil && s.Seen && !r.mayLack(ctx, s, moved) {
		// What comes twice after a copy or a new connection comes before the first beat.
		again, err := r.beat(ctx, s)
		if err != nil {
			return err
		}
		if failed = givenUp(after, again); failed == nil {
			r.Log.Info("changes came twice and were skipped", "step", s.Describe(r.Mesh))
		}
		after = again
	}
	r.watch.Load().judged(s.Peer, s.Object(r.Mesh), after)
	if anew := failedAnew(before, after); anew != nil && s.Strict && r.mayLack(ctx, s, moved) {
		failed = anew
	}
	if failed == nil {
		return nil
	}
	r.sayGivenUp(s.Object(r.Mesh), s.On, s.Peer, failed)
	if !s.Strict || !r.mayLack(ctx, s, moved) {
		return nil
	}
	return errors.Join(failed, r.noteGivenUp(ctx, s))
}

// beat inserts a beat, waits until the peer has it, and returns what the receiver has counted by then.
func (r *Runner) beat(ctx context.Context, s akucore.Step) (*akucore.Received, error) {
	beat, err := r.Servers.Server(s.On).Beat(ctx, r.Mesh.Blocks[s.Block].Beat(), s.On)
	if err != nil {
		return nil, err
	}
	if err := r.await(ctx, s, beat); err != nil {
		return nil, err
	}
	return r.received(ctx, s)
}

// received is what the receiver of a step's changes has counted, nil when there is none.
func (r *Runner) received(ctx context.Context, s akucore.Step) (*akucore.Received, error) {
	traffic, err := r.Servers.Server(s.Peer).Traffic(ctx)
	return traffic[s.Object(r.Mesh)].Receiver, err
}

// DeliverAll proves that all that the first so many pods have committed is applied on each of
// them, as a pod that ends does: by a beat on each way.
func DeliverAll(ctx context.Context, m akucore.Mesh, servers Servers, pods int, limit time.Duration) error {
	var all akucore.Stage
	for on := range pods {
		for peer := range pods {
			for b := range m.Blocks {
				if peer != on {
					all.Steps = append(all.Steps, akucore.Step{Do: akucore.Deliver, Side: akucore.Side{On: on, Peer: peer}, Block: b, For: limit})
				}
			}
		}
	}
	r := Runner{Mesh: m, Servers: servers, Log: slog.New(slog.DiscardHandler)}
	return r.Run(ctx, akucore.Plan{Stages: []akucore.Stage{all}})
}

// await waits until a beat is on the peer.
func (r *Runner) await(ctx context.Context, s akucore.Step, beat akucore.Beat) error {
	table, receiver := r.Mesh.Blocks[s.Block].Beat(), r.Servers.Server(s.Peer)
	began := time.Now()
	nextCheck, connected := began.Add(lateAfter), began
	end := int64(0) // of the sender's log, some time after the beat
	for poll := pollFirst; ; poll = min(2*poll, pollMost) {
		arrived, err := receiver.Arrived(ctx, table, s.On, beat.Number)
		switch {
		case ctx.Err() != nil:
			return r.notArrived(s, began)
		case errors.Is(err, akucore.ErrNoTable):
			return r.withoutBeat(ctx, s)
		case err != nil:
			return err
		case arrived:
			return nil
		}
		if time.Now().After(nextCheck) {
			nextCheck = time.Now().Add(progressInterval)
			carried, err := r.checkLate(ctx, s)
			if err != nil {
				return err
			}
			if !carried {
				return r.withoutBeat(ctx, s)
			}
			if end, err = r.pastBeat(ctx, s, beat, end); err != nil {
				return err
			}
			if time.Since(connected) >= reconnectAfter {
				done, err := r.reconnect(ctx, s)
				if err != nil {
					return err
				}
				if done {
					connected = time.Now()
				}
			}
		}
		if err := pulse.Sleep(ctx, poll); err != nil {
			return r.notArrived(s, began)
		}
	}
}

func (r *Runner) notArrived(s akucore.Step, began time.Time) error {
	return fmt.Errorf("%w: a beat of %s has not arrived on %s for %s", akucore.ErrTimeout, r.Mesh.PodName(s.On), r.Mesh.PodName(s.Peer), time.Since(began).Round(time.Millisecond))
}

// checkLate finds out why a beat is late: whether the pair carries the beat table, and whether
// the sender runs. A sender that has lost its peer sleeps up to 60 s; a FLUSH wakes it.
func (r *Runner) checkLate(ctx context.Context, s akucore.Step) (carried bool, err error) {
	object, table := s.Object(r.Mesh), r.Mesh.Blocks[s.Block].Beat()
	for _, pod := range []int{s.On, s.Peer} {
		if carried, err = r.Servers.Server(pod).Carries(ctx, object, table); err != nil || !carried {
			return false, err
		}
	}
	sender := r.Servers.Server(s.On)
	state, err := sender.Sender(ctx, object)
	switch {
	case err != nil:
		return true, err
	case state == akucore.SenderNone:
		return true, errors.New("it is stopped, so nothing is being delivered: start it")
	case state == akucore.SenderRetry:
		if err := sender.Flush(ctx, object, time.Second); errors.Is(err, akucore.ErrUnreachable) {
			return true, err
		}
	}
	return true, nil
}

// withoutBeat is the proof on a pair that does not carry the beat table. A pod does not open by an
// acknowledgement: a peer also acknowledges what its sender skips.
func (r *Runner) withoutBeat(ctx context.Context, s akucore.Step) error {
	if s.Seen && !s.Beatless {
		return fmt.Errorf("the pair does not carry the table %s between %s and %s, so no row can prove that it delivers", r.Mesh.Blocks[s.Block].Beat(), r.Mesh.PodName(s.On), r.Mesh.PodName(s.Peer))
	}
	return r.flush(ctx, s)
}

// flush waits for the peer's acknowledgement, at most as long as the step or the
// context allows.
func (r *Runner) flush(ctx context.Context, s akucore.Step) error {
	limit := flushLimit
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	if limit < time.Second {
		return fmt.Errorf("%w: no time left to wait for the acknowledgement", akucore.ErrTimeout)
	}
	return r.Servers.Server(s.On).Flush(ctx, s.Object(r.Mesh), limit)
}
