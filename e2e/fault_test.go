//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"aku/e2e/internal/trial"
)

// Faults hit a mesh of three with a writer on each pod, one after the other. Each must be over by itself, and after each nothing
// that was acknowledged may be lost.
func TestFaults_ServiceComesBack_NoAcknowledgedRowIsLost(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	for _, fault := range []struct {
		number    int
		container string
		disturbed bool // whether the writer on that pod may notice
	}{
		{1, trial.Database, true},
		{0, trial.Database, true},
		{1, trial.Sidecar, false},
		{0, trial.Sidecar, false},
	} {
		pod := trial.Pod(fault.number)
		m.under(t, "kill -9 of "+fault.container+" of "+pod, func(t *testing.T, writers []*trial.Writer) {
			before := m.space.Pods()[pod]
			sessions := writers[fault.number].Progress().Sessions
			must(t, m.space.Kill(t.Context(), pod, fault.container))
			must(t, m.space.AwaitPods(t.Context(), healLimit, fault.container+" of "+pod+" started again and ready", func(pods trial.Pods) string {
				now := pods[pod]
				restarted := trial.Container(now, fault.container).RestartCount > trial.Container(before, fault.container).RestartCount
				if restarted && trial.Ready(now) {
					return ""
				}
				return fmt.Sprintf("restarted %v, ready %v", restarted, trial.Ready(now))
			}))
			if got := writers[fault.number].Progress().Sessions; !fault.disturbed && got != sessions {
				t.Errorf("the writer had to log in again %d times, want none", got-sessions)
			}
			if restarts := trial.Restarts(m.space.Pods()[pod]) - trial.Restarts(before); restarts != 1 {
				t.Errorf("%d containers were restarted, want only the one that was killed", restarts)
			}
		})
	}
	for _, number := range []int{2, 0} {
		pod := trial.Pod(number)
		m.under(t, "delete --force of "+pod, func(t *testing.T, _ []*trial.Writer) {
			before := m.space.Pods()
			must(t, m.space.DeleteByForce(t.Context(), pod))
			must(t, m.space.AwaitReplaced(t.Context(), healLimit, before, pod))
		})
	}
	m.under(t, "network cut between altibase-1 and altibase-2", func(t *testing.T, writers []*trial.Writer) {
		heal, err := m.space.Cut(t.Context(), trial.Pod(1), trial.Pod(2))
		must(t, err)
		for _, number := range []int{1, 2} {
			must(t, trial.Await(t.Context(), time.Minute, "a sender that has lost its peer on "+trial.Pod(number), func(ctx context.Context) string {
				rows, err := m.space.Query(ctx, number, "SELECT STATUS, NET_ERROR_FLAG FROM V$REPSENDER WHERE REP_NAME = 'AKU_REP_12'")
				if err != nil {
					return err.Error()
				}
				if len(rows) == 1 && rows[0][0] == "2" && rows[0][1] == "1" {
					return ""
				}
				return fmt.Sprint(rows)
			}))
			must(t, writers[number].AwaitMore(t.Context(), healLimit, enough))
		}
		must(t, heal())
		for _, w := range writers {
			if p := w.Progress(); p.Sessions != 1 || p.Unknown > 0 {
				t.Errorf("the writer on %s was disturbed: %+v", p.Host, p)
			}
		}
	})
	m.under(t, "helm upgrade that rolls all pods", func(t *testing.T, _ []*trial.Writer) {
		before := m.space.Pods()
		must(t, m.space.Upgrade(t.Context(), "podAnnotations.e2e=rolled"))
		must(t, m.space.AwaitReplaced(t.Context(), 2*healLimit, before, trial.Pod(0), trial.Pod(1), trial.Pod(2)))
		for number := range m.pods {
			m.mustHaveCopied(t, number, 0)
			// The same by the word of the servers. Copies are made by the master, and that one is younger than the first joins.
			pod := trial.Pod(number)
			syncs, err := m.space.Syncs(t.Context(), healLimit, before[pod])
			must(t, err)
			if syncs != 0 {
				t.Errorf("the server of %s made %d SYNCs, want none", pod, syncs)
			}
		}
	})
}

// enough statements show that a writer really writes.
const enough = 50

// mesh is a release of three pods that faults happen to.
type mesh struct {
	space  *trial.Space
	pods   int
	writer int64 // number of writers so far; each has a million keys to itself
}

func newMesh(t *testing.T) *mesh {
	t.Helper()
	m := &mesh{space: open(t), pods: 3}
	must(t, m.space.Install(t.Context(), quick(trial.Values{"replicaCount": m.pods})))
	must(t, m.space.StartClient(t.Context(), true))
	must(t, m.space.AwaitReady(t.Context(), 2*startLimit, trial.Pod(0), trial.Pod(1), trial.Pod(2)))
	for number, want := range []int{0, 1, 1} {
		m.mustHaveCopied(t, number, want)
	}
	return m
}

// mustHaveCopied wants so many full copies in the start of a pod.
func (m *mesh) mustHaveCopied(t *testing.T, number, want int) {
	t.Helper()
	copies, err := m.space.Copied(t.Context(), healLimit, m.space.Pods()[trial.Pod(number)])
	must(t, err)
	if copies != want {
		t.Errorf("%s made %d full copies when it started, want %d", trial.Pod(number), copies, want)
	}
}

// under makes a fault happen with a writer on each pod, wants all pods to be written to afterwards, and accounts for every row.
func (m *mesh) under(t *testing.T, name string, fault func(*testing.T, []*trial.Writer)) {
	t.Helper()
	ok := t.Run(name, func(t *testing.T) {
		began := time.Now()
		var writers []*trial.Writer
		for number := range m.pods {
			m.writer++
			writer, err := m.space.StartWriter(fmt.Sprintf("writer-%d", m.writer), number, m.writer*1_000_000, 50)
			must(t, err)
			writers = append(writers, writer)
		}
		for _, writer := range writers {
			must(t, writer.AwaitMore(t.Context(), startLimit, enough))
		}
		fault(t, writers)
		for _, writer := range writers {
			must(t, writer.AwaitMore(t.Context(), healLimit, enough))
		}
		written := 0
		for _, writer := range writers {
			done, err := writer.Stop(t.Context())
			must(t, err)
			written += done.Acknowledged()
			if done.Vanished > 0 {
				t.Errorf("%d rows vanished on %s before the eyes of their writer", done.Vanished, done.Host)
			}
		}
		mustAgree(t, m.space, m.pods)
		survived.add(name, written, time.Since(began))
	})
	if !ok {
		t.FailNow()
	}
}

// mustAgree waits until the last changes have arrived, and then wants the same rows everywhere and none lost.
func mustAgree(t *testing.T, space *trial.Space, pods int) {
	t.Helper()
	must(t, trial.Await(t.Context(), healLimit, "the same rows on all pods, and none lost", func(ctx context.Context) string {
		copies, err := space.Copies(ctx, pods)
		if err != nil {
			return err.Error()
		}
		verdicts, err := space.Verify(ctx, pods)
		if err != nil {
			return err.Error()
		}
		for i := range copies {
			if !copies[i].Same(copies[0]) || verdicts[i].Lost() > 0 || verdicts[i].Extra > 0 {
				return fmt.Sprintf("%+v %+v", copies, verdicts)
			}
		}
		return ""
	}))
}
