package simulation

import (
	"context"
	"time"
)

// stop ends the sender at the server's next second, whatever happens to its client. It waits while the peer's
// receiver waits for a table (transcripts/lock-timeout), or while the SYNC that it cuts does
// (transcripts/sync-lock-waits).
func (s *server) stop(ctx context.Context, name string) error {
	select {
	case s.stopping <- struct{}{}:
		defer func() { <-s.stopping }()
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ctx.Done():
		return errGone
	}
	c := &stopCall{s: s, name: name}
	for {
		if err := s.change(c.endSender); err != nil || c.x == nil {
			return err
		}
		if c.hangs == nil {
			break
		}
		if err := c.await(ctx); err != nil {
			return err
		}
	}
	if err := s.wait(context.Background(), c.rest); err != nil {
		return err
	}
	return s.change(c.removeSender)
}

// stopCall is a STOP that runs.
type stopCall struct {
	s     *server
	name  string
	x     *sender         // nil: there is none
	hangs <-chan struct{} // what the STOP waits for, or waited for; nil: nothing
	rest  time.Duration   // what the STOP takes after the sender's end
}

// endSender ends the sender, unless something makes the STOP wait. Callers hold the lock.
func (c *stopCall) endSender() error {
	s, o := c.s, c.s.volume.objects[c.name]
	if o == nil {
		return errUnknown
	}
	c.x = s.senders[c.name]
	switch x := c.x; {
	case x == nil && o.started:
		o.started = false
		s.logged()
		return nil
	case x == nil || x.ended:
		if c.hangs != nil {
			return nil // the sender has ended meanwhile
		}
		return errStopped
	}
	if c.hangs = c.x.hangs(); c.hangs != nil {
		return nil
	}
	if c.x.state != retries {
		c.rest = untilTick() + s.w.between(dieStop, s.pod, c.x.o.peer, c.x.o.block, time.Millisecond, 10*time.Millisecond)
	}
	c.x.end(false)
	return nil
}

// await returns when the STOP need not wait any more, or its client or server is gone.
func (c *stopCall) await(ctx context.Context) error {
	select {
	case <-c.hangs:
		return c.s.wait(ctx, 10*time.Millisecond+time.Duration(c.s.pod))
	case <-ctx.Done():
		return ctx.Err()
	case <-c.s.ctx.Done():
		return errGone
	}
}

// removeSender forgets the ended sender, unless another one has its place. Callers hold the lock.
func (c *stopCall) removeSender() error {
	if c.s.senders[c.name] == c.x {
		c.x.o.started = false
		c.x.remove()
		c.s.logged()
	}
	return nil
}

// untilTick is the time to the next whole second of the clock.
func untilTick() time.Duration {
	now := time.Now()
	return now.Truncate(stopTick).Add(stopTick).Sub(now)
}

// hangs is closed when a STOP need not wait any more; nil when it need not wait at all.
func (x *sender) hangs() <-chan struct{} {
	switch {
	case x.locking != nil:
		return x.locking
	case x.peer != nil && x.peer.waits != nil && !x.peer.waits.held:
		return x.peer.waits.over
	}
	return nil
}
