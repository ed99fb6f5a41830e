package engine

import (
	"context"
	"math/rand/v2"
	"time"
)

// reserve makes the sender of a replication that has none, after a STOP that still runs. From then on any
// other START or SYNC of it fails.
func (s *Server) reserve(ctx context.Context, name string, unknown *Error) (*sender, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	has, err := s.settled(ctx, name)
	if err != nil {
		return nil, err
	}
	if s.catalog.Replication(name) == nil {
		return nil, unknown
	}
	if s.shutting {
		return nil, ErrCommunication
	}
	if s.properties.get("REPLICATION_PORT_NO") == "0" {
		return nil, ErrReplicationOff
	}
	if has != nil {
		return nil, ErrSenderStarted
	}
	x := s.newSender(name)
	s.senders[name] = x
	return x, nil
}

// settled returns the sender of a replication, or nil, when no STOP of it runs. The caller holds the mutex.
func (s *Server) settled(ctx context.Context, name string) (*sender, error) {
	for {
		x := s.senders[name]
		if x == nil || !x.stopping {
			return x, nil
		}
		s.mu.Unlock()
		select {
		case <-x.gone:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
}

// remove forgets a sender that has ended.
func (s *Server) remove(x *sender) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.senders[x.name] == x {
		delete(s.senders, x.name)
		close(x.gone)
	}
}

// Start is ALTER REPLICATION … START [RETRY]. Without RETRY it waits for the peer's consent. With RETRY it
// returns at once, and the sender connects by itself. A replication without a restart point begins at now,
// which pins the log.
func (s *Server) Start(ctx context.Context, name string, retry bool) error {
	x, err := s.reserve(ctx, name, ErrReplicationUnknown)
	if err != nil {
		return err
	}
	var link Link
	if !retry {
		link, err = x.connect(ctx, false)
	}
	if err == nil {
		err = s.changeReplication(ctx, name, true, func(_ *Catalog, r *Replication) error {
			if r.XSN == NoSN {
				r.XSN = s.store.LastSN()
				r.Pinned = r.XSN
			}
			r.Started = true
			return nil
		})
	}
	if err != nil {
		if link != nil {
			_ = link.Close()
		}
		close(x.done)
		s.remove(x)
		return statementError(ctx, err)
	}
	s.spawn(func() { x.run(link, SenderStopped) })
	if retry {
		return nil
	}
	select {
	case <-x.runs:
	case <-x.done: // stopped at once
	case <-ctx.Done():
		return statementError(ctx, ctx.Err())
	}
	if rand.N(2) == 0 { // half of the time the first check comes too early
		if err := s.Clock.Sleep(ctx, startWait); err != nil {
			return statementError(ctx, err)
		}
	}
	return nil
}

// Stop is ALTER REPLICATION … STOP. STOPs of one server run one after the other. Each ends at a whole second
// of the clock, or at once when the sender only rests between two tries. It hangs while the peer's receiver,
// or a SYNC, waits for a lock. It cuts a SYNC that copies. When the statement is cut, the sender stops
// nevertheless.
func (s *Server) Stop(ctx context.Context, name string) error {
	select {
	case s.stopping <- struct{}{}:
		defer func() { <-s.stopping }()
	case <-ctx.Done():
		return statementError(ctx, ctx.Err())
	}
	s.mu.Lock()
	x, err := s.settled(ctx, name)
	r := s.catalog.Replication(name)
	if x != nil {
		x.stopping = true
	}
	s.mu.Unlock()
	switch {
	case err != nil:
		return err
	case r == nil:
		return ErrReplicationUnknown
	case x == nil && r.Started:
		return s.changeReplication(ctx, name, true, func(_ *Catalog, r *Replication) error {
			r.Started = false
			return nil
		})
	case x == nil:
		return ErrNotStarted
	}
	x.mu.Lock()
	resting := x.state.Status != SenderRuns && x.state.Status != SenderSyncs
	x.mu.Unlock()
	x.stop()
	ended := make(chan error, 1)
	s.spawn(func() { ended <- s.stopped(x, resting) })
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return statementError(ctx, ctx.Err())
	}
}

// stopped waits until a sender has ended and leaves its object stopped.
func (s *Server) stopped(x *sender, resting bool) error {
	<-x.done
	if !resting {
		_ = s.Clock.untilNextSecond(s.ctx)
	}
	defer s.remove(x)
	if !s.has(x) {
		return nil // it was a SYNC, which has restored everything
	}
	return s.changeReplication(context.WithoutCancel(s.ctx), x.name, true, func(_ *Catalog, r *Replication) error {
		r.Started = false
		return nil
	})
}

// Reset is ALTER REPLICATION … RESET. It forgets the restart point, and so everything that was not sent.
func (s *Server) Reset(ctx context.Context, name string) error {
	err := s.changeReplication(ctx, name, true, func(_ *Catalog, r *Replication) error {
		if s.sending(name) {
			return ErrSenderStarted
		}
		r.XSN, r.Pinned, r.Started = NoSN, 0, false
		return nil
	})
	if err == nil {
		s.countDDL(1)
		s.prune(ctx)
	}
	return err
}

func (s *Server) sending(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.senders[name] != nil
}

func (s *Server) has(x *sender) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.senders[x.name] == x
}

// Flush is ALTER REPLICATION … FLUSH [ALL]. It returns when the peer has acknowledged everything up to now.
// With ALL, the log's end must not have moved meanwhile, either. Under a writer it always moves, so FLUSH ALL
// gives up after some rounds. Flush wakes a sender that rests. limit < 0 means no limit.
//
// The peer acknowledges the end of the log 6 s after the last sent change. A FLUSH that comes while the
// sender sends needs only the last commit, for which it asks the peer at once.
func (s *Server) Flush(ctx context.Context, name string, all bool, limit time.Duration) error {
	s.mu.Lock()
	r, x := s.catalog.Replication(name), s.senders[name]
	s.mu.Unlock()
	if r == nil {
		return ErrReplicationUnknown
	}
	if x == nil {
		return ErrNotStarted
	}
	var expired <-chan time.Time
	if limit >= 0 {
		t := time.NewTimer(s.Clock.Real(limit))
		defer t.Stop()
		expired = t.C
	}
	for round := range flushAllRounds {
		f := &flush{since: time.Now(), upTo: s.store.LastSN()}
		x.mu.Lock()
		f.prompt = !all && x.sends(f.upTo)
		f.done = round == 0 && x.acked >= f.upTo
		x.mu.Unlock()
		if err := s.await(ctx, x, f, expired); err != nil {
			return err
		}
		if !all || s.store.LastSN() == f.upTo {
			break
		}
	}
	return nil
}

// sends tells whether the sender still has something to send, or has just sent something. The caller holds
// its mutex.
func (x *sender) sends(upTo SN) bool {
	return x.state.Status != SenderRuns || x.state.ReadSN < upTo || x.acked < x.state.CommitXSN && time.Since(x.sentAt) < activeFor
}

func (s *Server) await(ctx context.Context, x *sender, f *flush, expired <-chan time.Time) error {
	x.mu.Lock()
	x.flushes[f] = true
	x.mu.Unlock()
	x.wakeUp()
	defer func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.flushes, f)
	}()
	for {
		x.mu.Lock()
		done, news := f.done, x.ackedAt
		x.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-news:
		case <-expired:
			return ErrFlushTimeout
		case <-x.done:
			return ErrNotStarted
		case <-ctx.Done():
			return statementError(ctx, ctx.Err())
		}
	}
}
