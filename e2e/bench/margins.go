package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"aku/e2e/altisim/altisimtest"
	"aku/internal/akucore"
	"aku/internal/altibase"
)

// Limits of what aku may add to the servers' own time.
const (
	mostOverSync     = 300 * time.Millisecond
	mostOverSyncMany = 4 * time.Second // with manyTables or more
	mostOverStops    = 300 * time.Millisecond
	mostOfRestart    = 500 * time.Millisecond
	mostDelivery     = 100 * time.Millisecond

	manyTables = 1001
)

// margin is something that aku does, compared with what the servers need at least.
type margin struct {
	shape
	What    string
	Least   string        // the servers' part
	Most    time.Duration // limit of the rest
	Rounds  []marginRound
	Deliver bool // a part of it is a delivery
}

type marginRound struct {
	Whole, Least time.Duration
	CPU          time.Duration
	Delivery     time.Duration
	Parts        map[string]time.Duration // of the whole, by the kind of statement; they may overlap
}

// Over is what aku added.
func (r marginRound) Over() time.Duration { return r.Whole - r.Least }

// part is how long the servers were busy with a kind of statement, the median of all rounds.
func (m margin) part(kind string) time.Duration {
	return median(each(m.Rounds, func(r marginRound) time.Duration { return r.Parts[kind] }))
}

// kinds are the kinds of statements, in the order of partNames.
var (
	partNames = []string{"CREATE and DROP", "TRUNCATE", "SYNC", "START", "STOP", "RESET"}
	kinds     = map[string]*regexp.Regexp{
		"CREATE and DROP": regexp.MustCompile(`^(CREATE|DROP) REPLICATION`),
		"TRUNCATE":        regexp.MustCompile(`^TRUNCATE`),
		"SYNC":            regexp.MustCompile(`^ALTER REPLICATION \S+ SYNC`),
		"START":           regexp.MustCompile(`^ALTER REPLICATION \S+ START`),
		"STOP":            regexp.MustCompile(`^ALTER REPLICATION \S+ STOP`),
		"RESET":           regexp.MustCompile(`^ALTER REPLICATION \S+ RESET`),
	}
)

// measureMargins lets the last pod join, end and start again, without users on the others.
func (p plan) measureMargins(ctx context.Context, say func(string, ...any), s shape) ([]margin, error) {
	overSync := mostOverSync
	if s.Tables >= manyTables {
		overSync = mostOverSyncMany
	}
	beside := fmt.Sprintf("%d open pods", s.Pods-1)
	join := margin{shape: s, What: "join beside " + beside, Least: "a SYNC alone", Most: overSync}
	anew := margin{shape: s, What: "join of a pod whose tables hold rows", Least: "a SYNC alone", Most: overSync}
	shut := margin{shape: s, What: "end of a pod just shut out", Least: "its STOPs", Most: mostOverStops, Deliver: true}
	idle := margin{shape: s, What: "end of an idle pod", Least: "its STOPs", Most: mostOverStops, Deliver: true}
	again := margin{shape: s, What: "restart after an end", Least: "the servers' STARTs", Most: mostOfRestart}
	killed := margin{shape: s, What: "restart after a kill", Least: "the servers' STARTs", Most: mostOfRestart}
	err := hosted(func(h *host) error {
		m, err := newMesh(h, s, "ALTISIM_LOG=debug")
		if err != nil {
			return err
		}
		pod := m.last()
		for range p.rounds {
			alone, err := m.syncAlone(ctx)
			if err != nil {
				return fmt.Errorf("SYNC alone: %w", err)
			}
			if err := pod.renew(); err != nil {
				return err
			}
			if err := join.measure(ctx, m, akuJoin, func(traffic, *steps) time.Duration { return alone }); err != nil {
				return err
			}
			user := pod.write()
			user.await(200)
			if err := shut.measure(ctx, m, akuEnd("1"), ofStops); err != nil {
				return err
			}
			user.halt()

			if err := pod.renew(); err != nil {
				return err
			}
			if _, err := akuJoin(ctx, pod); err != nil {
				return err
			}
			time.Sleep(settle)
			if err := idle.measure(ctx, m, akuEnd("0"), ofStops); err != nil {
				return err
			}
			pod.restart()
			if err := again.measure(ctx, m, akuJoin, untilConnected); err != nil {
				return err
			}
			pod.restart()
			if err := killed.measure(ctx, m, akuJoin, untilConnected); err != nil {
				return err
			}
			if _, err := akuEnd("1")(ctx, pod); err != nil {
				return err
			}
			pod.restart()
			if err := anew.measure(ctx, m, akuJoin, func(traffic, *steps) time.Duration { return alone }); err != nil {
				return err
			}
			if _, err := akuEnd("1")(ctx, pod); err != nil {
				return err
			}
		}
		return nil
	})
	all := []margin{join, anew, shut, idle, again, killed}
	for _, m := range all {
		say("%s: %s: %+v", m.shape, m.What, m.Rounds)
	}
	return all, err
}

func ofStops(t traffic, _ *steps) time.Duration { return t.of(kinds["STOP"]) }

// untilConnected is the time of all that the servers do, plus the time until their senders have connected.
// START RETRY returns before that.
func untilConnected(t traffic, did *steps) time.Duration {
	all := slices.Clone(t.changes)
	for _, step := range did.done {
		if strings.Contains(step.text, ": START ") {
			all = append(all, step)
		}
	}
	return union(all)
}

// measure adds one round.
func (m *margin) measure(ctx context.Context, on *mesh, do func(context.Context, *pod) (*steps, error), least func(traffic, *steps) time.Duration) error {
	var did *steps
	t, err := on.count(func() (err error) {
		did, err = do(ctx, on.last())
		return err
	})
	if showSteps {
		fmt.Println(did.text())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", m.What, err)
	}
	round := marginRound{Whole: t.Took, Least: least(t, did), CPU: t.CPU, Delivery: did.tookFor("Replication flush has ended."), Parts: map[string]time.Duration{}}
	for name, kind := range kinds {
		round.Parts[name] = t.of(kind)
	}
	m.Rounds = append(m.Rounds, round)
	return nil
}

// syncAlone is the time of a SYNC to the last pod without anything around it.
func (m *mesh) syncAlone(ctx context.Context) (time.Duration, error) {
	joiner, master := m.last(), m.pods[0]
	if err := joiner.renew(); err != nil {
		return 0, err
	}
	s, _, err := joiner.settings(nil)
	if err != nil {
		return 0, err
	}
	err = joiner.sysdba(func(c *altisimtest.Conn) { c.Do(createSide(s.Mesh(), joiner.number, master.number)...) })
	if err != nil {
		return 0, err
	}
	c := master.Open(altisimtest.Dial{})
	defer c.Close()
	copies := altibase.Statements(s.Mesh(), akucore.Step{Do: akucore.Sync, Side: akucore.Side{On: master.number, Peer: joiner.number}})
	began := time.Now()
	c.Do(copies...)
	took := time.Since(began)
	return took, c.Try(ctx, "ALTER REPLICATION "+object(master, joiner)+" STOP")
}
