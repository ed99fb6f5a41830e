//go:build e2e

package e2e

import (
	"fmt"
	"testing"

	"aku/e2e/internal/trial"
)

// Faults hit a mesh of three pods, one after the other, with a writer on each pod. Each fault must heal by
// itself, without losing an acknowledged row.
func TestFaults_ServiceComesBack_NoAcknowledgedRowIsLost(t *testing.T) {
	t.Parallel()
	m := newMesh(t, trial.Values{})
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
	m.under(t, "helm upgrade that rolls all pods", func(t *testing.T, _ []*trial.Writer) {
		before := m.space.Pods()
		for number := range m.pods {
			m.mark(t, number)
		}
		must(t, m.space.Upgrade(t.Context(), "podAnnotations.e2e=rolled"))
		must(t, m.space.AwaitReplaced(t.Context(), rollLimit, before, trial.Pod(0), trial.Pod(1), trial.Pod(2)))
		for number := range m.pods {
			m.mustHaveCopied(t, number, 0)
			m.unmark(t, number)
		}
	})
}

// markKey is the key of a row that only one pod holds. A full copy would remove it.
const markKey = 999_999_999

const alone = "ALTER SESSION SET REPLICATION = FALSE"

func (m *mesh) mark(t *testing.T, number int) {
	t.Helper()
	must(t, m.space.Session(t.Context(), number, alone, fmt.Sprintf("INSERT INTO SYS.T1 VALUES (%d, 'of %s alone')", markKey, trial.Pod(number))))
}

// unmark checks that the mark is still there, so the pod was not copied anew, and removes it.
func (m *mesh) unmark(t *testing.T, number int) {
	t.Helper()
	rows, err := m.space.Query(t.Context(), number, fmt.Sprintf("SELECT V FROM SYS.T1 WHERE ID = %d", markKey))
	must(t, err)
	if want := "of " + trial.Pod(number) + " alone"; len(rows) != 1 || rows[0][0] != want {
		t.Errorf("%s holds %v where it was marked by %q: it was copied anew", trial.Pod(number), rows, want)
	}
	must(t, m.space.Session(t.Context(), number, alone, fmt.Sprintf("DELETE FROM SYS.T1 WHERE ID = %d", markKey)))
}
