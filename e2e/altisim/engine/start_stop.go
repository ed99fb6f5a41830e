package engine

import (
	"context"
	"time"
)

// reserve makes the sender of a replication that has none. From here on any
// other START or SYNC of it fails.
func (s *Server) reserve(name string, unknown *Error) (*sender, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.catalog.Replication(name) == nil {
		return nil, unknown
	}
	if s.shutting {
		return nil, ErrCommunication
	}
	if s.properties.get("REPLICATION_PORT_NO") == "0" {
		return nil, ErrReplicationOff
	}
	if s.senders[name] != nil {
		return nil, ErrSenderStarted
	}
	x := s.newSender(name)
	s.senders[name] = x
	return x, nil
}

// remove forgets a sender that has ended.
func (s *Server) remove(x *sender) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.senders[x.name] == x {
		delete(s.senders, x.name)
	}
}

// Start is ALTER REPLICATION … START [RETRY]. Without RETRY the peer must agree, and
// the answer is waited for. With it the statement ends at once, and the sender looks for
// its peer by itself. A replication that has no restart point begins at now, so the log
// is pinned.
func (s *Server) Start(ctx context.Context, name string, retry bool) error {
	x, err := s.reserve(name, ErrReplicationUnknown)
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
	if err := s.Clock.Sleep(ctx, startWait); err != nil {
		return statementError(ctx, err)
	}
	return nil
}

// Stop is ALTER REPLICATION … STOP. STOPs of one server run one after the
// other. It waits for the sender's next tick, or not at all when the sender
// only rests between two tries. A running SYNC is cut.
func (s *Server) Stop(ctx context.Context, name string) error {
	select {
	case s.stopping <- struct{}{}:
		defer func() { <-s.stopping }()
	case <-ctx.Done():
		return statementError(ctx, ctx.Err())
	}
	s.mu.Lock()
	r, x := s.catalog.Replication(name), s.senders[name]
	s.mu.Unlock()
	if r == nil {
		return ErrReplicationUnknown
	}
	if x == nil && r.Started {
		return s.changeReplication(ctx, name, true, func(_ *Catalog, r *Replication) error {
			r.Started = false
			return nil
		})
	}
	if x == nil {
		return ErrNotStarted
	}
	x.mu.Lock()
	resting := x.state.NetError
	x.mu.Unlock()
	x.stop()
	<-x.done
	if !resting {
		tick := s.Clock.Real(stopTick)
		wait(s.ctx, nil, tick-time.Since(x.started)%tick)
	}
	defer s.remove(x)
	if !s.has(x) {
		return nil // it was a SYNC, which has put everything back as it was
	}
	// The sender has ended: what it leaves behind must be true even if the client is gone.
	return s.changeReplication(context.WithoutCancel(ctx), name, true, func(_ *Catalog, r *Replication) error {
		r.Started = false
		return nil
	})
}

// Reset is ALTER REPLICATION … RESET: the restart point is forgotten and with
// it everything that was not sent.
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

// Flush is ALTER REPLICATION … FLUSH: it returns when the peer has
// acknowledged everything up to now. limit < 0 means no limit.
func (s *Server) Flush(ctx context.Context, name string, limit time.Duration) error {
	s.mu.Lock()
	r, x := s.catalog.Replication(name), s.senders[name]
	s.mu.Unlock()
	if r == nil {
		return ErrReplicationUnknown
	}
	if x == nil {
		return ErrNotStarted
	}
	upTo := s.store.LastSN()
	waits := &flush{since: time.Now(), upTo: upTo}
	x.mu.Lock()
	x.flushes[waits] = true
	x.mu.Unlock()
	defer func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.flushes, waits)
	}()
	var expired <-chan time.Time
	if limit >= 0 {
		t := time.NewTimer(s.Clock.Real(limit))
		defer t.Stop()
		expired = t.C
	}
	for {
		x.mu.Lock()
		acked, news := x.acked, x.ackedAt
		x.mu.Unlock()
		if acked >= upTo {
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
