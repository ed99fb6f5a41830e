package main

import (
	"context"
	"errors"
	"fmt"

	"aku/e2e/altisim/altisimtest"
	"aku/internal/akucore"
	"aku/internal/altibase"
)

// documented is the order of the vendor's manual as its utility runs it: one statement after the other, on
// one session to each server, with users on.
type documented struct {
	pod      *pod
	core     akucore.Mesh
	sessions map[int]*altisimtest.Conn
}

// documentedly calls do with a session to each server. The session to the own server is SYSDBA's when the
// server is closed.
func documentedly(ctx context.Context, p *pod, closed bool, do func(context.Context, *documented) error) (err error) {
	s, _, err := p.settings(nil)
	if err != nil {
		return err
	}
	d := &documented{pod: p, core: s.Mesh(), sessions: map[int]*altisimtest.Conn{}}
	defer func() {
		for _, c := range d.sessions {
			c.Close()
		}
	}()
	for _, other := range p.mesh.pods {
		to := altisimtest.Dial{Host: other.far}
		if other == p {
			to = altisimtest.Dial{Sysdba: closed}
		}
		c, err := other.Connect(to)
		if err != nil {
			return fmt.Errorf("pod %d: %w", other.number, err)
		}
		d.sessions[other.number] = c
	}
	return do(ctx, d)
}

// run runs a statement on a pod.
func (d *documented) run(ctx context.Context, on int, statement string) error {
	if err := d.sessions[on].Try(ctx, statement); err != nil {
		return fmt.Errorf("pod %d: %s: %w", on, statement, err)
	}
	return nil
}

// do runs the statements of a step. The objects also carry the beat table, because they must match the peers'
// sides, which aku made.
func (d *documented) do(ctx context.Context, verb akucore.Verb, on, peer int) error {
	step := akucore.Step{Do: verb, Side: akucore.Side{On: on, Peer: peer}}
	if verb == akucore.Truncate {
		step.Tables = d.core.Items()
	}
	for _, statement := range altibase.Statements(d.core, step) {
		if err := d.run(ctx, on, statement); err != nil {
			return err
		}
	}
	return nil
}

// eachPair runs a verb on the own side of each pair, then on the peer's.
func (d *documented) eachPair(ctx context.Context, verb akucore.Verb) error {
	own := d.pod.number
	for _, peer := range d.core.Peers() {
		if err := d.do(ctx, verb, own, peer); err != nil {
			return err
		}
	}
	for _, peer := range d.core.Peers() {
		if err := d.do(ctx, verb, peer, own); err != nil {
			return err
		}
	}
	return nil
}

// documentedJoin: create, truncate, SYNC from the master, start all.
func documentedJoin(ctx context.Context, p *pod) error { return joinByManual(ctx, p, true) }

// documentedRejoin is the join of a pod that was reset and has its objects.
func documentedRejoin(ctx context.Context, p *pod) error { return joinByManual(ctx, p, false) }

func joinByManual(ctx context.Context, p *pod, create bool) error {
	return documentedly(ctx, p, true, func(ctx context.Context, d *documented) error {
		own := p.number
		if create {
			for _, peer := range d.core.Peers() {
				if err := d.do(ctx, akucore.Create, own, peer); err != nil {
					return err
				}
			}
		}
		if err := d.do(ctx, akucore.Truncate, own, own); err != nil {
			return err
		}
		if err := d.do(ctx, akucore.Sync, akucore.Master, own); err != nil {
			return err
		}
		for _, peer := range d.core.Peers() {
			if err := d.do(ctx, akucore.StartAndWait, own, peer); err != nil {
				return err
			}
			if peer == akucore.Master {
				continue // its SYNC has started it
			}
			if err := d.do(ctx, akucore.StartAndWait, peer, own); err != nil {
				return err
			}
		}
		return d.do(ctx, akucore.Open, own, own)
	})
}

// documentedRestart is a restart without a reset before: start all, flush.
func documentedRestart(ctx context.Context, p *pod) error {
	return documentedly(ctx, p, true, func(ctx context.Context, d *documented) error {
		if err := d.eachPair(ctx, akucore.StartAndWait); err != nil {
			return err
		}
		if err := d.flush(ctx); err != nil {
			return err
		}
		return d.do(ctx, akucore.Open, p.number, p.number)
	})
}

// documentedEnd: flush, stop and, unless it is the master, reset all.
func documentedEnd(ctx context.Context, p *pod) error {
	return documentedly(ctx, p, false, func(ctx context.Context, d *documented) error {
		if err := d.flush(ctx); err != nil {
			return err
		}
		err := d.eachPair(ctx, akucore.Stop)
		if p.number != akucore.Master {
			err = errors.Join(err, d.eachPair(ctx, akucore.Reset))
		}
		return err
	})
}

func (d *documented) flush(ctx context.Context) error {
	for _, peer := range d.core.Peers() {
		if err := d.run(ctx, d.pod.number, "ALTER REPLICATION "+object(d.pod, d.pod.mesh.pods[peer])+" FLUSH ALL"); err != nil {
			return err
		}
	}
	return nil
}

// createSide are the statements that create a pod's side of a pair.
func createSide(m akucore.Mesh, on, peer int) []string {
	return altibase.Statements(m, akucore.Step{Do: akucore.Create, Side: akucore.Side{On: on, Peer: peer}})
}
