package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"aku/internal/akucore"
)

// ErrSkipped says that a peer's receiver has passed a beat and does not have it.
var ErrSkipped = errors.New("skipped by the peer, which knows a later log")

// pastBeat tells how much log a sender still has to send, and finds out whether the peer has
// passed the beat without it. End is the end of the sender's log at an earlier read, after the
// beat was inserted; 0 for none. Up to that number the peer has applied all there is to apply.
func (r *Runner) pastBeat(ctx context.Context, s akucore.Step, beat akucore.Beat, end int64) (int64, error) {
	object := s.Object(r.Mesh)
	sent, err := r.Servers.Server(s.On).Traffic(ctx)
	gap := sent[object].Gap
	if err != nil || gap == nil {
		return end, err
	}
	r.Log.Info("delivering", "replication", object, "from", r.Mesh.PodName(s.On), "to", r.Mesh.PodName(s.Peer), "gap_bytes", gap.Bytes)
	if end == 0 {
		return gap.LastSN, nil
	}
	receiver := r.Servers.Server(s.Peer)
	applied, err := receiver.Traffic(ctx)
	received := applied[object].Receiver
	if err != nil || received == nil || received.AppliedSN < end {
		return end, err
	}
	arrived, err := receiver.Arrived(ctx, r.Mesh.Blocks[s.Block].Beat(), s.On, beat.Number)
	if err != nil || arrived {
		return end, err
	}
	r.skipped.Store(s.Side, true)
	return end, fmt.Errorf("%w: %s has applied the log of %s up to %d, and lacks a beat from before", ErrSkipped, r.Mesh.PodName(s.Peer), r.Mesh.PodName(s.On), end)
}

// Skipped are the sides whose changes were seen skipped in the last run.
func (r *Runner) Skipped() (sides []akucore.Side) {
	r.skipped.Range(func(side, _ any) bool {
		sides = append(sides, side.(akucore.Side))
		return true
	})
	return sides
}

// skipped is what a start remembers of them. The last proof tells it, and no server shows it.
type skipped struct {
	seen  []akucore.Side
	at    time.Time
	acted map[akucore.Side]bool
}

// believed is how long that holds before it is proven again: somebody may have acted.
const believed = time.Minute

// sides are those that the next plan goes by.
func (s *skipped) sides() []akucore.Side {
	if time.Since(s.at) > believed {
		return nil
	}
	return s.seen
}

// note takes over what a run saw. A run that is done has acted on what was seen before. That
// happens once for each side: new objects are not skipped, so to act again would not help.
func (s *skipped) note(seen []akucore.Side, done bool) {
	if done {
		for _, side := range s.sides() {
			if s.acted == nil {
				s.acted = map[akucore.Side]bool{}
			}
			s.acted[side] = true
		}
		s.seen = nil
	}
	if len(seen) > 0 {
		// A hand-over delivers nothing on the sides that were seen before, so it does not see them again.
		known := s.sides()
		s.seen = append(slices.Clone(known), slices.DeleteFunc(seen, func(side akucore.Side) bool { return s.acted[side] || slices.Contains(known, side) })...)
		s.at = time.Now()
	}
}
