package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
)

// statement is what a program sends. One without a verb changes nothing.
type statement struct {
	verb, object string
	do           func(context.Context, *server) error
}

func (s statement) String() string { return s.verb + " " + s.object }

func (s statement) changes() bool { return s.verb != "" }

// run sends a statement and waits for its end, within the limit.
func (c *conn) run(ctx context.Context, limit time.Duration, verb, object string, do func(context.Context, *server) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s := statement{verb, object, do}
	c.w.mu.Lock()
	order := c.latency(s.String()) % 1000 // simultaneous statements get their order here
	c.w.mu.Unlock()
	_ = pause(ctx, order)
	session, err := c.acquire(ctx, s.String())
	if err != nil {
		return err
	}
	broken, err := c.send(ctx, session, s)
	c.release(session, broken || errors.Is(err, akucore.ErrUnreachable))
	if errors.Is(err, akucore.ErrUnreachable) {
		c.dropIdle()
	}
	return err
}

// dropIdle ends the idle sessions to a server that cannot be reached.
func (c *conn) dropIdle() {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	for _, s := range c.pool.idle {
		s.logout()
	}
	c.pool.idle = nil
}

// send runs a statement in a session. broken tells that the session is of no more use, although the server
// may be reached.
func (c *conn) send(ctx context.Context, session *session, s statement) (broken bool, err error) {
	c.w.mu.Lock()
	c.strikes(s, before)
	wait := c.latency(s.String())
	c.w.mu.Unlock()
	if pause(ctx, wait) != nil {
		c.ghost(session, s.do)
		return true, fmt.Errorf("%w: %w", akucore.ErrTimeout, ctx.Err())
	}
	if broken, err := c.arrive(ctx, session, s); err != nil {
		return broken, err
	}
	if s.changes() {
		c.w.mu.Lock()
		c.strikes(s, amid)
		c.w.mu.Unlock()
		err = c.outlive(ctx, session.server, s)
		broken = c.ctx.Err() != nil
	} else {
		err = s.do(ctx, session.server)
	}
	if ctx.Err() != nil && err != nil && !errors.Is(err, akucore.ErrUnreachable) {
		err = fmt.Errorf("%w: %w", akucore.ErrTimeout, err)
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.tell(s, err)
	c.strikes(s, behind)
	return broken, err
}

// arrive waits as long as the network is silent.
func (c *conn) arrive(ctx context.Context, session *session, s statement) (broken bool, err error) {
	for {
		c.w.mu.Lock()
		silent := c.w.silent(c.pod, c.to)
		dead, gone := c.dead, session.closed || session.server.ctx.Err() != nil
		c.w.mu.Unlock()
		switch {
		case dead:
			c.ghost(session, s.do)
			return true, errGone
		case gone:
			return false, errGone
		case !silent:
			return false, nil
		}
		if pause(ctx, 250*time.Millisecond) != nil {
			_ = pause(c.ctx, cancelGrace)
			return false, fmt.Errorf("%w: no answer", akucore.ErrUnreachable)
		}
	}
}

// strikes lets faults strike beside a statement that changes something. Callers hold the lock.
func (c *conn) strikes(s statement, m moment) {
	if s.changes() {
		c.w.strike(c, s.String(), m)
	}
}

// tell adds a statement that changes something to the story. Callers hold the lock.
func (c *conn) tell(s statement, err error) {
	switch {
	case !s.changes():
	case err != nil:
		c.w.tell("    %s on altibase-%d: %s: %v", c, c.to, s, err)
	default:
		c.w.tell("    %s on altibase-%d: %s", c, c.to, s)
	}
}

// outlive runs a statement that may go on when its program is killed: the server notices only when it wants
// to answer. Only a SYNC is cut.
func (c *conn) outlive(ctx context.Context, on *server, s statement) error {
	c.w.mu.Lock()
	survives := s.verb != "SYNC" && c.w.chance(50, dieGhost, c.pod, c.to, 98)
	c.w.mu.Unlock()
	running, cut := context.WithCancel(c.w.ctx)
	done := make(chan error, 1)
	c.w.spawn(func() {
		defer cut()
		done <- s.do(running, on)
	})
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	c.w.mu.Lock()
	left := c.dead && survives
	c.w.mu.Unlock()
	if left {
		return errGone
	}
	cut()
	return <-done
}

// ghost is a statement on its way when its sender died. Now and then the server runs it nevertheless.
func (c *conn) ghost(s *session, do func(context.Context, *server) error) {
	c.w.mu.Lock()
	runs := c.dead && !s.closed && c.w.chance(50, dieGhost, c.pod, c.to, int(c.kind))
	wait := c.w.between(dieGhost, c.pod, c.to, int(c.kind), time.Millisecond, 30*time.Millisecond)
	c.w.mu.Unlock()
	if !runs {
		return
	}
	c.w.spawn(func() {
		if pause(s.server.ctx, wait) == nil {
			ctx, cancel := context.WithTimeout(c.w.ctx, time.Second)
			defer cancel()
			_ = do(ctx, s.server)
		}
	})
}
