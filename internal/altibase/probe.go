package altibase

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// probeTable is what a probe writes first. It is not replicated, and nobody ever sees a row in it:
// the transaction that inserts a row deletes it, too.
const probeTable = "AKU_PROBE_"

// probe is a transaction of aku's own, on a session of its own, which ends with it.
type probe struct{ session *session }

// BeginProbe begins a transaction that has written. When this process cannot end it, because its
// node or the network is gone, the server does so after the limit: others wait for transactions.
func (s *Server) BeginProbe(ctx context.Context, limit time.Duration) (lifecycle.Probe, error) {
	ctx, done := context.WithTimeout(ctx, quickTimeout)
	defer done()
	c, err := s.acquirePlain(ctx)
	if err != nil {
		return nil, err
	}
	p := &probe{session: c}
	if err := p.begin(ctx, limit); err != nil {
		p.GiveUp(ctx)
		return nil, err
	}
	return p, nil
}

func (p *probe) begin(ctx context.Context, limit time.Duration) error {
	c := p.session
	if _, err := c.query(ctx, "SELECT COUNT(*) FROM "+user+"."+probeTable); err != nil {
		if unlessUnknown(err) != nil {
			return err
		}
		if err := c.makeTable(ctx, probeTable, "SESSION_ID BIGINT"); err != nil {
			return err
		}
	}
	if err := c.exec(ctx, setSession("UTRANS_TIMEOUT", limit)); err != nil {
		return err
	}
	c.server.setProbing(c.id, true)
	if err := c.beginTransaction(ctx); err != nil {
		return err
	}
	return c.exec(ctx, fmt.Sprintf("INSERT INTO %s.%s (SESSION_ID) VALUES (%d)", user, probeTable, c.id))
}

// Commit ends the transaction with a row in a beat table.
func (p *probe) Commit(ctx context.Context, t akucore.Table, pod int) error {
	ctx, done := context.WithTimeout(ctx, quickTimeout)
	defer done()
	c := p.session
	err := c.exec(ctx, insertBeat(t, pod, akucore.Beats{}.Next(time.Now().UnixMilli())))
	if err == nil {
		err = c.exec(ctx, fmt.Sprintf("DELETE FROM %s.%s WHERE SESSION_ID = %d", user, probeTable, c.id))
	}
	if err == nil {
		err = c.endTransaction(ctx, (*sql.Tx).Commit)
	}
	p.GiveUp(ctx)
	return err
}

// GiveUp rolls back what has not been committed, and ends the session.
func (p *probe) GiveUp(ctx context.Context) {
	if p.session == nil {
		return
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), quickTimeout)
	defer done()
	c := p.session
	p.session = nil
	_ = c.endTransaction(ctx, (*sql.Tx).Rollback) // nothing of it was to stay
	c.server.setProbing(c.id, false)
	c.broken = true // its limit is not for other tasks
	c.server.release(c)
}

// setProbing notes which sessions are in a probe. One that hangs is in none: nobody knows how it ends.
func (s *Server) setProbing(id int64, is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if is {
		s.probes[id] = true
	} else {
		delete(s.probes, id)
	}
}

// openProbes are the sessions of this process's probes.
func (s *Server) openProbes() map[int64]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.probes)
}
