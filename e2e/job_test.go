//go:build e2e

package e2e

import (
	"testing"

	"aku/e2e/internal/trial"
)

// mostRSS is the limit of the sidecar's memory in service, in MiB.
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
	// These are the last lines of the pods that left. The hook writes to the log of its container, which the
	// SHUTDOWN ends, so "AKU run successfully." after it can be missing. An earlier line says that everything
	// else was done.
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
	// The startup probe reads this marker.
	if _, err := space.Exec(t.Context(), trial.Pod(0), trial.Database, "/opt/aku/bin/aku-init", "probe"); err != nil {
		t.Errorf("a pod in service has no marker: %v", err)
	}
}
