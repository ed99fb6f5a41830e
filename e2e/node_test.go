//go:build e2e && node

package e2e

import (
	"context"
	"testing"

	"aku/e2e/internal/trial"
)

// started is the sidecar's log line when its pod comes into service.
const started = "AKU run successfully."

// The node loses power and boots again: all containers end at once, with the kubelet and the runtime, and
// come back in any order. No other test may use the cluster meanwhile, so this test is not parallel.
func TestNodeRestart_AllPodsComeBackWithoutACopy_NoAcknowledgedRowIsLost(t *testing.T) {
	m := newMesh(t, trial.Values{})
	m.under(t, "restart of the whole node", func(t *testing.T, writers []*trial.Writer) {
		before := m.space.Pods()
		var copies, starts []int
		for number := range m.pods {
			copies = append(copies, m.space.Said(trial.Pod(number), trial.Sidecar, copied))
			starts = append(starts, m.space.Said(trial.Pod(number), trial.Sidecar, started))
		}
		must(t, m.space.RestartNode(t.Context()))
		must(t, m.space.AwaitPods(t.Context(), 2*healLimit, "all containers started again and ready", func(pods trial.Pods) string {
			for name, pod := range pods {
				if !trial.AllRestarted(before[name], pod) || !trial.Ready(pod) {
					return pods.Describe(name)
				}
			}
			return ""
		}))
		// The writers ran on the node, too. Their journals hold what was acknowledged.
		for number, writer := range writers {
			m.written += writer.Abandon().Acknowledged()
			writers[number] = m.write(t, number)
		}
		for number := range m.pods {
			pod := trial.Pod(number)
			if got := m.space.Pods()[pod].UID; got != before[pod].UID {
				t.Errorf("%s was replaced by another pod", pod)
			}
			must(t, trial.Await(t.Context(), healLimit, "the end of the start in the log of "+pod, func(context.Context) string {
				if m.space.Said(pod, trial.Sidecar, started) == starts[number] {
					return "not yet"
				}
				return ""
			}))
			if now := m.space.Said(pod, trial.Sidecar, copied); now != copies[number] {
				t.Errorf("%s made %d full copies, want none", pod, now-copies[number])
			}
		}
	})
}
