package akucore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// quietTime is how long the peer's receiver may stand still before FLUSH is
	// asked instead. It is above the 6 s of the keep-alive that moves the number
	// when the last log record is one that is not sent.
	quietTime = 10 * time.Second
	// flushLimit bounds a FLUSH where the step has no limit of its own. A FLUSH
	// needs the acknowledgement, 6 s when all is well.
	flushLimit = 60 * time.Second
	// pollFirst and pollMost are the intervals of looking at the receiver: rows
	// are usually applied after 20-50 ms.
	pollFirst = 10 * time.Millisecond
	pollMost  = 250 * time.Millisecond
)

// deliver makes sure that all committed so far on one server is applied on its
// peer: it reads the last number of the own log, then waits until the peer's
// receiver has applied it, or the sender's counts show that nothing was written
// for it since the plan began. Where the peer's view cannot be read, or says
// nothing for a while, FLUSH is the proof.
func (r *Runner) deliver(ctx context.Context, s Step) error {
	object := s.Object(r.Mesh)
	sender, receiver := r.Servers.Server(s.On), r.Servers.Server(s.Peer)
	if s.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.For)
		defer cancel()
	}
	gap, started, err := sender.Gap(ctx, object)
	if err != nil {
		return err
	}
	if !started {
		return errors.New("it is stopped, so nothing is being delivered: start it")
	}
	target := gap.LastSN
	before, _ := r.before.Load(at(s))
	last, moved, told := int64(-1), time.Now(), time.Now()
	for poll := pollFirst; ; poll = min(2*poll, pollMost) {
		applied, ok, err := receiver.Applied(ctx, object)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%w: the peer applied up to %d of %d", ErrTimeout, last, target)
		case err != nil:
			return r.flush(ctx, sender, object, s.For)
		case ok && applied >= target:
			return nil
		case ok && r.quiet(ctx, s, object, before, applied, target):
			return nil
		case ok && applied > last:
			last, moved = applied, time.Now()
		case time.Since(moved) > quietTime:
			return r.flush(ctx, sender, object, s.For)
		}
		if time.Since(told) > progressInterval {
			told = time.Now()
			if gap, ok, err := sender.Gap(ctx, object); err == nil && ok {
				r.Log.Info("delivering", "replication", object, "from", r.Mesh.PodName(s.On), "to", r.Mesh.PodName(s.Peer), "gap_bytes", gap.Bytes)
			}
		}
		if err := sleep(ctx, poll); err != nil {
			return fmt.Errorf("%w: the peer applied up to %d of %d", ErrTimeout, last, target)
		}
	}
}

// flush waits for the peer's acknowledgement, at most as long as the step or the
// context allows.
func (r *Runner) flush(ctx context.Context, sender Server, object string, limit time.Duration) error {
	if limit == 0 || limit > flushLimit {
		limit = flushLimit
	}
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	if limit < time.Second {
		return fmt.Errorf("%w: no time left to wait for the acknowledgement", ErrTimeout)
	}
	return sender.Flush(ctx, object, limit)
}
