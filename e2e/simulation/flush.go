package simulation

import (
	"context"
	"time"
)

// flush waits until the peer acknowledges everything up to now: with the answer to the last sent change, or
// with the next keep-alive. It wakes a sleeping sender.
func (s *server) flush(ctx context.Context, name string, limit time.Duration) error {
	t := time.NewTimer(limit)
	defer t.Stop()
	c := &flushCall{s: s, name: name, upTo: -1}
	for {
		err := s.change(c.progress)
		if c.answered {
			return s.wait(ctx, flushWait)
		}
		if err != nil || c.done {
			return err
		}
		select {
		case <-c.heard:
		case <-t.C:
			return errFlush
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return errGone
		}
	}
}

// flushCall is a FLUSH that runs.
type flushCall struct {
	s     *server
	name  string
	x     *sender // as the FLUSH began
	acks  int64   // what the sender had heard then
	upTo  int64   // the end of the log then; -1: the FLUSH has not begun
	heard <-chan struct{}

	done     bool // all is acknowledged
	answered bool // by the answer to the last change, on its way
}

// begin notes how far the sender has to come. Callers hold the lock.
func (c *flushCall) begin() {
	c.x, c.upTo = c.s.senders[c.name], c.s.volume.last
	if c.x == nil {
		return
	}
	c.acks = c.x.acks
	if c.x.state == retries && !c.x.ended {
		c.x.tryIn(time.Millisecond)
	}
}

// progress finds out how far the sender has come, and makes it ask the peer. Callers hold the lock.
func (c *flushCall) progress() error {
	if c.s.volume.objects[c.name] == nil {
		return errUnknown
	}
	if c.upTo < 0 {
		c.begin()
	}
	x := c.x
	if x == nil || x.ended {
		return errStopped
	}
	c.heard = x.heard
	if x.peer == nil || x.state != runs {
		return nil
	}
	rest, _ := c.s.volume.next(x.o, x.read, 1)
	applied := len(rest) == 0 || rest[0].sn > c.upTo
	c.answered = applied && !x.flushed
	x.flushed = x.flushed || c.answered
	c.done = applied && (c.answered || x.acks > c.acks)
	x.sent = true
	x.kick()
	x.acknowledgeLater()
	return nil
}
