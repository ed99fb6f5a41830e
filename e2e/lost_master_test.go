//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"aku/e2e/internal/trial"
	"aku/internal/akucore"
)

// The master loses its volume while users write to the slaves. The first time a command recovers it, the
// second time a value. Each time every pod has every acknowledged row afterwards.
func TestLostMaster_IsShownAndRecoveredUnderWriters_NoAcknowledgedRowIsLost(t *testing.T) {
	t.Parallel()
	m := newMesh(t, trial.Values{})
	space, master := m.space, trial.Pod(akucore.Master)

	var first string
	m.lose(t, "recovered by hand", func(t *testing.T) {
		first = m.generation(t, 1)
		mustDescribe(t, m.space, master, "MasterFailed", akucore.MasterFailed, "aku.recover.generation="+first)
		if trial.Ready(space.Pods()[master]) {
			t.Error("a master without its rows is in service")
		}
		if _, err := space.Query(t.Context(), akucore.Master, "SELECT 1 FROM DUAL"); err == nil || !strings.Contains(err.Error(), "4106E") {
			t.Errorf("a user logs in to it: got %v, want ERR-4106E", err)
		}
		if said, err := m.aku(t, trial.Pod(1), "verify", "--replicas", "3", "--timeout", "1s"); err == nil {
			t.Errorf("verify finds nothing wrong with a lost master:\n%s", said)
		}
		said, err := m.aku(t, master, "recover", "--from", "1", "--dry-run")
		if err != nil || !strings.Contains(said, "TO BE COPIED FROM altibase-1") {
			t.Fatalf("recover --dry-run: %v\n%s", err, said)
		}
		said, err = m.aku(t, master, "recover", "--from", "1", "--yes")
		if err != nil {
			t.Fatalf("recover: %v\n%s", err, said)
		}
	})
	mustDescribe(t, m.space, master, "InService")

	m.lose(t, "recovered by aku.recover", func(t *testing.T) {
		second := m.generation(t, 1)
		restarts := m.restarts()
		must(t, space.Order(t.Context(), 1, first))
		must(t, space.AwaitLog(t.Context(), healLimit, master, trial.Sidecar,
			fmt.Sprintf("is not done: the generation %s is of another loss, this one is %s", first, second)))
		if trial.Ready(space.Pods()[master]) {
			t.Error("an order of an earlier loss was followed")
		}
		must(t, space.Order(t.Context(), 1, second))
		must(t, space.AwaitReady(t.Context(), healLimit, master))
		if now := m.restarts(); now != restarts {
			t.Errorf("pods or containers were replaced: %s, before %s", now, restarts)
		}
	})
}

// lose removes the master's volume while users write to the slaves, has the master recovered, and accounts
// for every row.
func (m *mesh) lose(t *testing.T, name string, recovered func(*testing.T)) {
	t.Helper()
	ok := t.Run(name, func(t *testing.T) {
		survived.begin()
		began, before := time.Now(), m.written
		var writers []*trial.Writer
		for _, number := range []int{1, 2} {
			writers = append(writers, m.write(t, number))
		}
		for _, writer := range writers {
			must(t, writer.AwaitMore(t.Context(), startLimit, enough))
		}
		must(t, m.space.LoseVolume(t.Context(), startLimit, akucore.Master))
		recovered(t)
		must(t, m.space.AwaitReady(t.Context(), healLimit, trial.Pod(0), trial.Pod(1), trial.Pod(2)))
		// The master's numbers are low again. If a peer remembered the old ones, these rows would be skipped.
		writers = append(writers, m.write(t, akucore.Master))
		for _, writer := range writers {
			must(t, writer.AwaitMore(t.Context(), healLimit, enough))
		}
		for _, writer := range writers {
			m.stop(t, writer)
		}
		if p := writers[0].Progress(); p.Sessions != 1 {
			t.Errorf("the users of the source had to log in %d times, want once", p.Sessions)
		}
		mustAgree(t, m.space, m.pods)
		said, err := m.aku(t, trial.Pod(0), "verify", "--replicas", "3", "--checksums")
		if err != nil || !strings.Contains(said, "equal") {
			t.Errorf("verify: %v\n%s", err, said)
		}
		survived.add("loss of the master's volume, "+name, m.written-before, time.Since(began))
	})
	if !ok {
		t.FailNow()
	}
}

// generation waits until the master prints the value that recovers it from a slave.
func (m *mesh) generation(t *testing.T, source int) string {
	t.Helper()
	said := regexp.MustCompile(fmt.Sprintf(`aku\.recover\.from=%d,aku\.recover\.generation=(\d+-\d+)`, source))
	pod := m.space.Pods()[trial.Pod(akucore.Master)]
	var found []string
	must(t, trial.Await(t.Context(), startLimit, "the word of the master that it is lost", func(context.Context) string {
		log := m.space.LogOf(pod, trial.Sidecar)
		if found = said.FindStringSubmatch(log); found == nil {
			return "it has said: " + log // nothing at first
		}
		return ""
	}))
	return found[1]
}

// mustDescribe waits until kubectl describe shows each text in the Events of a pod.
func mustDescribe(t *testing.T, space *trial.Space, pod string, texts ...string) {
	t.Helper()
	must(t, trial.Await(t.Context(), startLimit, fmt.Sprintf("%q in the description of %s", texts, pod), func(ctx context.Context) string {
		said, err := space.Describe(ctx, pod)
		if err != nil {
			return err.Error()
		}
		_, events, _ := strings.Cut(said, "\nEvents:")
		for _, text := range texts {
			if !strings.Contains(events, text) {
				return fmt.Sprintf("no %q in:\n%s", text, events)
			}
		}
		return ""
	}))
}

// aku runs aku-init in a pod.
func (m *mesh) aku(t *testing.T, pod string, args ...string) (string, error) {
	t.Helper()
	out, err := m.space.Exec(t.Context(), pod, trial.Sidecar, append([]string{"/opt/aku/bin/aku-init"}, args...)...)
	return string(out), err
}

// restarts lists the pods and how often their containers were restarted.
func (m *mesh) restarts() string {
	var all []string
	pods := m.space.Pods()
	for number := range m.pods {
		pod := pods[trial.Pod(number)]
		all = append(all, fmt.Sprint(pod.UID, " ", trial.Restarts(pod)))
	}
	return strings.Join(all, ", ")
}
