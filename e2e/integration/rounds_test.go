//go:build integration

package integration

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// The rounds of the test below. ROUNDS and SEED in the environment change them.
const (
	defaultRounds = 15
	defaultSeed   = 1
)

func fromEnv(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// life is a StatefulSet of three pods under test. Pods 0 to up-1 exist, each with a user that writes.
type life struct {
	*cluster
	random  *rand.Rand
	up      int
	current map[int]*writer
	all     []*writer
}

// TestRandomRounds_LoseNoAcknowledgedRow lets pods join, leave, die and restart in a random order. ROUNDS=100
// SEED=7 runs more and other rounds.
func TestRandomRounds_LoseNoAcknowledgedRow(t *testing.T) {
	t.Parallel()
	rounds, seed := fromEnv(t, "ROUNDS", defaultRounds), fromEnv(t, "SEED", defaultSeed)
	t.Logf("%d rounds, seed %d", rounds, seed)
	c := start(t, 3, nil)
	c.createTables()
	l := &life{cluster: c, random: rand.New(rand.NewPCG(uint64(seed), 0)), current: map[int]*writer{}}
	l.join()
	for round := range rounds {
		events := []struct {
			name     string
			possible bool
			happens  func()
		}{
			{"join", l.up < 3, l.join},
			{"leave", l.up > 1, l.leave},
			{"kill a server", true, func() { l.killServer(l.random.IntN(l.up)) }},
			{"kill a sidecar", true, func() { l.killSidecar(l.random.IntN(l.up)) }},
			{"all containers restart at once", true, l.reboot},
		}
		event := events[l.random.IntN(len(events))]
		for !event.possible {
			event = events[l.random.IntN(len(events))]
		}
		began := time.Now()
		event.happens()
		t.Logf("round %d: %s, %d pods, %s", round, event.name, l.up, time.Since(began).Round(time.Millisecond))
		if t.Failed() {
			return
		}
		l.awaitWrites()
	}
	rows := 0
	for _, w := range l.all {
		w.halt()
		rows += w.count()
	}
	var up []int
	for n := range l.up {
		up = append(up, n)
	}
	l.mustBeEqual(up...)
	l.mustHold(up, l.all...)
	t.Logf("%d rows acknowledged to %d writers", rows, len(l.all))
}

func (l *life) join() {
	n := l.up
	p := l.pods[n]
	if p.done != nil {
		p.Restart() // it left, and was shut down with its pod
	}
	if err := p.dir.Renew(); err != nil {
		l.t.Fatal(err)
	}
	p.run()
	p.waitInService()
	l.up++
	l.current[n] = p.write()
	l.all = append(l.all, l.current[n])
}

func (l *life) leave() {
	n := l.up - 1
	p := l.pods[n]
	if err := p.end(); err != nil {
		l.t.Errorf("end of pod %d: %v", n, err)
	}
	l.current[n].halt()
	p.Kill9()
	p.kill()
	l.up--
}

func (l *life) killServer(n int) {
	p := l.pods[n]
	p.Kill9()
	p.eventually("out of service", func() bool { return !p.dir.Marked() })
	p.Restart()
	p.waitInService()
}

func (l *life) killSidecar(n int) {
	p := l.pods[n]
	p.kill()
	if err := p.dir.Unmark(); err != nil { // otherwise this would not wait for the next marker
		l.t.Fatal(err)
	}
	p.run()
	p.waitInService()
}

// reboot restarts the node: every container dies, and all come back in any order.
func (l *life) reboot() {
	for _, n := range l.random.Perm(l.up) {
		p := l.pods[n]
		p.kill()
		p.Kill9()
		if err := p.dir.Renew(); err != nil {
			l.t.Fatal(err)
		}
	}
	for _, n := range l.random.Perm(l.up) {
		l.pods[n].Restart()
		l.pods[n].run()
	}
	for n := range l.up {
		l.pods[n].waitInService()
	}
}

// awaitWrites checks that every open pod takes writes again.
func (l *life) awaitWrites() {
	for n := range l.up {
		w, before := l.current[n], l.current[n].count()
		l.pods[n].eventually(fmt.Sprintf("writes after %d", before), func() bool { return w.count() > before+5 })
	}
}
