package simulation

import (
	"cmp"
	"context"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// probe is a transaction of aku's, in a session of its own.
type probe struct {
	*conn
	session *session // nil once it is over
}

func (c *conn) BeginProbe(ctx context.Context, _ time.Duration) (lifecycle.Probe, error) {
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	session, err := c.acquire(ctx, "probe")
	if err != nil {
		return nil, err
	}
	p := &probe{c, session}
	if session.sysdba {
		p.GiveUp(ctx)
		return nil, akucore.ErrClosed
	}
	broken, err := c.send(ctx, session, statement{"BEGIN PROBE", "", func(_ context.Context, s *server) error {
		return s.change(func() error { session.begin(nil, nil); return nil })
	}})
	if err != nil {
		p.over(broken)
		return nil, err
	}
	return p, nil
}

func (p *probe) Commit(ctx context.Context, t akucore.Table, pod int) error {
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	session := p.session // the statement may arrive when nobody waits for it any more
	broken, err := p.send(ctx, session, statement{"PROBE", t.String(), func(ctx context.Context, s *server) error {
		return s.probe(ctx, session, table(t), pod)
	}})
	p.over(broken)
	return err
}

// probe writes the last row of a transaction, and commits.
func (s *server) probe(ctx context.Context, session *session, t, pod int) error {
	var refused error
	err := s.asUser(ctx, t, func() {
		if session.transaction == nil || !s.hasBeats(t) {
			refused = akucore.ErrNoTable
			return
		}
		s.writeBeat(t, pod, akucore.Beats{}.Next(time.Now().UnixMilli()), session.transaction)
		session.transaction = nil
	})
	return cmp.Or(err, refused)
}

func (p *probe) GiveUp(context.Context) { p.over(false) }

// over rolls back what is open, and returns the session.
func (p *probe) over(broken bool) {
	if p.session == nil {
		return
	}
	p.w.mu.Lock()
	p.session.rollback()
	p.w.mu.Unlock()
	p.release(p.session, broken)
	p.session = nil
}

func (c *conn) ForgetBeats(ctx context.Context, t akucore.Table, pod int) error {
	return c.run(ctx, quickTimeout, "FORGET BEATS", t.String(), func(ctx context.Context, s *server) error {
		return s.asUser(ctx, table(t), func() {
			for _, b := range s.beats(table(t))[pod] {
				s.volume.write(row{place{table(t), beatKey(pod, b.Number)}, 0}, nil)
			}
		})
	})
}
