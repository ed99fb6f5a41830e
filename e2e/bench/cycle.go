package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"aku/e2e/altisim/altisimtest"
	"aku/internal/hook"
)

// way is one of the two ways that are compared.
type way struct {
	name          string
	join, restart func(context.Context, *pod) error
	end           func(context.Context, *pod) error
}

var (
	byManual = way{name: "documented", join: documentedJoin, restart: documentedRestart, end: documentedEnd}
	byAku    = way{name: "aku", join: quietly(akuJoin), restart: quietly(akuJoin), end: quietly(akuEnd("1"))}
	ways     = []way{byManual, byAku}
)

func quietly(do func(context.Context, *pod) (*steps, error)) func(context.Context, *pod) error {
	return func(ctx context.Context, p *pod) error {
		did, err := do(ctx, p)
		if showSteps {
			fmt.Println(did.text())
		}
		return err
	}
}

// akuEnd is an end by aku-prestop with this AKU_REPLICATION_RESET_AT_END.
func akuEnd(reset string) func(context.Context, *pod) (*steps, error) {
	return func(ctx context.Context, p *pod) (*steps, error) {
		did := &steps{}
		s, servers, err := p.settings(map[string]string{"AKU_REPLICATION_RESET_AT_END": reset})
		if err != nil {
			return did, err
		}
		defer servers.CloseIdle()
		if err := hook.Run(ctx, s, servers, slog.New(did)); err != nil {
			return did, fmt.Errorf("%w\n%s", err, did.text())
		}
		return did, nil
	}
}

// cycle is one join and one end of the last pod.
type cycle struct {
	Join, End         time.Duration
	JoinLost, EndLost int64 // acknowledged rows that the joiner, or the others, never get
	JoinRows, EndRows int64 // rows acknowledged meanwhile
}

// measure makes the last pod join as a new one, with a writer on every other pod, and then end with a writer
// on itself.
func (m *mesh) measure(ctx context.Context, w way) (cycle, error) {
	var c cycle
	joiner := m.last()
	if err := joiner.renew(); err != nil {
		return c, err
	}
	var writers []*writer
	for _, p := range m.members() {
		writers = append(writers, p.write())
	}
	for _, w := range writers {
		w.await(20)
	}
	began := time.Now()
	if err := w.join(ctx, joiner); err != nil {
		return c, fmt.Errorf("%s, join: %w", w.name, err)
	}
	c.Join = time.Since(began)
	for _, w := range writers {
		w.await(w.acked.Load() + 20)
		w.halt()
	}
	for _, w := range writers {
		c.JoinRows += w.acked.Load()
		c.JoinLost += w.lost(joiner)
	}

	user := joiner.write()
	user.await(200)
	began = time.Now()
	if err := w.end(ctx, joiner); err != nil {
		return c, fmt.Errorf("%s, end: %w", w.name, err)
	}
	c.End = time.Since(began)
	user.halt()
	c.EndRows = user.acked.Load()
	for _, p := range m.members() {
		c.EndLost += user.lost(p)
	}
	return c, nil
}

// quietEnd is an end shortly after the last row, with the session still open.
func (m *mesh) quietEnd(ctx context.Context, w way) (time.Duration, error) {
	joiner := m.last()
	if err := joiner.renew(); err != nil {
		return 0, err
	}
	if err := w.join(ctx, joiner); err != nil {
		return 0, fmt.Errorf("%s, join: %w", w.name, err)
	}
	user := joiner.Open(altisimtest.Dial{})
	defer user.Close()
	user.Do(fmt.Sprintf("INSERT INTO SYS.T0 VALUES (%d, 'the last row')", firstKey+writers.Add(1)*keysPerWriter))
	began := time.Now()
	if err := w.end(ctx, joiner); err != nil {
		return 0, fmt.Errorf("%s, end: %w", w.name, err)
	}
	return time.Since(began), nil
}

// renew makes the pod that left look new to the others: its server starts again, closed, empty and without
// replication objects. Both ways find the peers' sides.
func (p *pod) renew() error {
	s, _, err := p.settings(nil)
	if err != nil {
		return err
	}
	core := s.Mesh()
	p.restart()
	err = p.sysdba(func(c *altisimtest.Conn) {
		for _, name := range c.Rows("SELECT REPLICATION_NAME FROM SYSTEM_.SYS_REPLICATIONS_") {
			_ = c.Try(context.Background(), "ALTER REPLICATION "+name+" STOP")
			c.Do("ALTER REPLICATION "+name+" RESET", "DROP REPLICATION "+name)
		}
		for _, t := range core.Items() {
			c.Do("TRUNCATE TABLE " + t.String())
		}
	})
	if err != nil {
		return err
	}
	for _, peer := range p.mesh.members() {
		c := peer.Open(altisimtest.Dial{})
		if len(c.Rows("SELECT 1 FROM SYSTEM_.SYS_REPLICATIONS_ WHERE REPLICATION_NAME = '"+object(p, peer)+"'")) == 0 {
			c.Do(createSide(core, peer.number, p.number)...)
		}
		c.Close()
	}
	return nil
}
