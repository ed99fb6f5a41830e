//go:build e2e

package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"aku/e2e/internal/trial"
)

// helm3 is the program of the version that charts/helm3 pins, from Go's build cache or built now.
func helm3(t *testing.T) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "-C", "../charts/helm3", "tool", "-n", "helm")
	var complaint strings.Builder
	command.Stderr = &complaint
	path, err := command.Output()
	if err != nil {
		t.Fatalf("build Helm 3: %v\n%s", err, complaint.String())
	}
	return strings.TrimSpace(string(path))
}

// The other tests run with Helm 4.
func TestHelm3_InstallsTestsUpgradesAndUninstalls(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	cluster.Helm = helm3(t)
	_, version, err := cluster.Versions(t.Context())
	must(t, err)
	if !strings.HasPrefix(version, "v3.") {
		t.Fatalf("%s is %s", cluster.Helm, version)
	}
	space := openIn(t, cluster)
	must(t, space.Install(t.Context()))
	must(t, space.AwaitReady(t.Context(), startLimit, trial.Pod(0)))
	if err := space.Upgrade(t.Context(), "aku.replications[0].namePrefix=AKU_REP,aku.replications[0].tables={SYS.T1,SYS.T9}"); err == nil ||
		!strings.Contains(err.Error(), "table SYS.T9 does not exist on "+trial.Pod(0)+": create it there first.") {
		t.Errorf("a table that is not there: got %v", err)
	}
	must(t, space.Upgrade(t.Context(), "replicaCount=2"))
	must(t, space.AwaitReady(t.Context(), healLimit, trial.Pod(1)))
	for range 2 { // the pod of the first test is not in the way
		report, err := space.Test(t.Context())
		must(t, err)
		if strings.Count(report, "\nequal\n") != 1 {
			t.Errorf("helm test --logs printed:\n%s", report)
		}
	}
	order := inOrder(t, space)
	must(t, space.Uninstall(t.Context()))
	must(t, space.AwaitGone(t.Context(), healLimit, trial.Pod(0), trial.Pod(1)))
	if got := strings.Join(<-order, " "); got != trial.Pod(1)+" "+trial.Pod(0) {
		t.Errorf("the pods ended in the order %s", got)
	}
}
