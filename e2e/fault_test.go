//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	"aku/e2e/internal/trial"
)

// Faults hit a mesh of two with a writer on each pod, one after the other. Each must be over by itself, and at the end nothing
// that was acknowledged may be lost.
func TestFaults_ServiceComesBack_NoAcknowledgedRowIsLost(t *testing.T) {
	t.Parallel()
	space := open(t)
	must(t, space.Install(t.Context(), quick(trial.Values{"replicaCount": 2})))
	must(t, space.StartClient(t.Context(), true))
	must(t, space.AwaitReady(t.Context(), startLimit, trial.Pod(0), trial.Pod(1)))
	const pods = 2
	var writers []*trial.Writer
	for number := range pods {
		writer, err := space.StartWriter(trial.Pod(number), number, int64(number+1)*1_000_000, 100)
		must(t, err)
		must(t, writer.AwaitMore(t.Context(), startLimit, 100))
		writers = append(writers, writer)
	}

	faults := []struct {
		name      string
		number    int
		container string
		disturbed bool // whether the writer on that pod may notice
	}{
		{"database of a slave killed", 1, trial.Database, true},
		{"database of the master killed", 0, trial.Database, true},
		{"sidecar of a slave killed", 1, trial.Sidecar, false},
		{"sidecar of the master killed", 0, trial.Sidecar, false},
	}
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			pod := trial.Pod(fault.number)
			before := space.Pods()[pod]
			sessions := writers[fault.number].Progress().Sessions
			must(t, space.Kill(t.Context(), pod, fault.container))
			must(t, space.AwaitPods(t.Context(), healLimit, fault.container+" of "+pod+" started again and ready", func(pods trial.Pods) string {
				now := pods[pod]
				restarted := trial.Container(now, fault.container).RestartCount > trial.Container(before, fault.container).RestartCount
				if restarted && trial.Ready(now) {
					return ""
				}
				return fmt.Sprintf("restarted %v, ready %v", restarted, trial.Ready(now))
			}))
			for _, writer := range writers {
				must(t, writer.AwaitMore(t.Context(), healLimit, 100))
			}
			if got := writers[fault.number].Progress().Sessions; !fault.disturbed && got != sessions {
				t.Errorf("the writer had to log in again %d times, want none", got-sessions)
			}
			if restarts := trial.Restarts(space.Pods()[pod]) - trial.Restarts(before); restarts != 1 {
				t.Errorf("%d containers were restarted, want only the one that was killed", restarts)
			}
		})
	}

	for _, writer := range writers {
		done, err := writer.Stop(t.Context())
		must(t, err)
		t.Logf("%s: %d inserts, %d updates, %d of unknown outcome", done.Host, done.Inserted, done.Updated, done.Unknown)
		if done.Vanished > 0 {
			t.Errorf("%d rows vanished on %s before the eyes of their writer", done.Vanished, done.Host)
		}
	}
	mustAgree(t, space, pods)
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
