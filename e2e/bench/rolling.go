package main

import (
	"context"
	"fmt"
	"time"
)

// rolling is a rolling update: each pod ends, its server starts again, and it joins.
type rolling struct {
	Name       string
	Took       time.Duration
	Lost, Rows int64
}

// rollingWays are the ways of the rolling update. "auto" acts like "0" there, because no pod leaves for good.
var rollingWays = []way{
	{name: "documented", join: documentedJoin, restart: documentedRestart, end: documentedEnd},
	{name: "aku, RESET 1", join: quietly(akuJoin), restart: quietly(akuJoin), end: quietly(akuEnd("1"))},
	{name: "aku, RESET auto", join: quietly(akuJoin), restart: quietly(akuJoin), end: quietly(akuEnd("0"))},
}

// measureRolling measures a rolling update on a mesh of its own.
func (p plan) measureRolling(ctx context.Context, w way, say func(string, ...any), into *rolling) error {
	err := hosted(func(h *host) error {
		m, err := newMesh(h, p.rolling)
		if err == nil {
			*into, err = m.roll(ctx, w)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("rolling update, %s: %w", w.name, err)
	}
	say("rolling update, %s: %s, %d rows lost of %d", w.name, into.Took.Round(time.Millisecond), into.Lost, into.Rows)
	return nil
}

// roll updates all pods, the highest number first, with a writer on every pod in service.
func (m *mesh) roll(ctx context.Context, w way) (rolling, error) {
	r := rolling{Name: w.name}
	if err := m.last().renew(); err != nil {
		return r, err
	}
	// All begin with complete copies everywhere.
	if err := byAku.join(ctx, m.last()); err != nil {
		return r, err
	}
	m.last().SetEnv("ALTIBASE_ADMIN_MODE", "1")
	var all []*writer
	current := map[*pod]*writer{}
	enter := func(p *pod) {
		current[p] = p.write()
		all = append(all, current[p])
	}
	for _, p := range m.pods {
		enter(p)
	}
	began := time.Now()
	for i := range m.pods {
		p := m.pods[len(m.pods)-1-i]
		current[p].await(20)
		if err := w.end(ctx, p); err != nil {
			return r, fmt.Errorf("%s, end of pod %d: %w", w.name, p.number, err)
		}
		current[p].halt()
		p.SetEnv("ALTIBASE_ADMIN_MODE", "1")
		p.restart()
		join := w.join
		if p.number == 0 {
			join = w.restart
		} else if w.name == byManual.name {
			// Its objects still exist, so CREATE would fail.
			join = documentedRejoin
		}
		if err := join(ctx, p); err != nil {
			return r, fmt.Errorf("%s, join of pod %d: %w", w.name, p.number, err)
		}
		enter(p)
	}
	r.Took = time.Since(began)
	for _, u := range all {
		u.halt()
	}
	for _, u := range all {
		r.Rows += u.acked.Load()
		for _, p := range m.pods {
			r.Lost += u.lost(p)
		}
	}
	for _, p := range m.members() {
		p.SetEnv("ALTIBASE_ADMIN_MODE", "0")
	}
	return r, byAku.end(ctx, m.last())
}
