//go:build e2e

package e2e

import (
	"testing"

	"aku/e2e/internal/trial"
)

// mostRSS is the most memory, in MiB, that the sidecar may hold while it watches.
const mostRSS = 30

func TestMainJob_OnePodBecomesThreeAndOneAgain_NoAcknowledgedRowIsLost(t *testing.T) {
	t.Parallel()
	space := open(t)
	job := trial.Job{Space: space, Rows: 10_000, Rate: 100, Out: t.Output()}
	result, err := job.Run(t.Context())
	must(t, err)
	for _, fault := range result.Faults {
		t.Error(fault)
	}
	// What the pods that left said at last. The hook's words go to the log of its container, which ends with the SHUTDOWN:
	// "AKU run successfully." after it can be cut off. That all else was done by then is said before it.
	for _, pod := range []string{trial.Pod(1), trial.Pod(2)} {
		must(t, space.AwaitLog(t.Context(), startLimit, pod, trial.Database,
			"AKU started with END option.", "Replication flush has ended.", "Replication reset has ended.",
			`left_undone="`+pod+`: SHUTDOWN. `))
		if space.Said(pod, trial.Database, "AKU failed to run.") > 0 {
			t.Errorf("the end of %s failed", pod)
		}
	}
	rss, err := space.RSS(t.Context(), trial.Pod(0), trial.Sidecar, "/opt/aku/bin/aku-init")
	must(t, err)
	t.Logf("aku-init, idle: %.1f MiB RSS", rss)
	if rss > mostRSS {
		t.Errorf("aku-init holds %.1f MiB while it watches, want at most %d", rss, mostRSS)
	}
	// The marker that the startup probe looks at.
	if _, err := space.Exec(t.Context(), trial.Pod(0), trial.Database, "/opt/aku/bin/aku-init", "probe"); err != nil {
		t.Errorf("a pod in service has no marker: %v", err)
	}
}
