//go:build e2e && node

package e2e

import (
	"os/exec"
	"testing"

	"aku/e2e/internal/trial"
)

// One mesh runs two versions of aku: the upgrade stops after one pod, users write beside both versions, and
// then it goes on. The way back is tested in the same way.
// A new pod must do without what the others lack: the last version has no beat table, so FLUSH proves the deliveries
// to its pods.
func TestVersions_SidecarsOneVersionApartServeOneMesh_UpAndDown(t *testing.T) {
	t.Parallel()
	for _, script := range [][]string{{"../images/last.sh"}, {"cluster/load.sh", "../.build/images/aku-last.tar"}} {
		if out, err := exec.CommandContext(t.Context(), script[0], script[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", script, err, out)
		}
	}
	const lastChart, thisChart = ".build/last/charts/altibase", ""
	// The update replaces the pods from the partition on.
	upTo := func(partition int) trial.Values {
		return trial.Values{"replicaCount": 3, "updateStrategy": trial.Values{"rollingUpdate": trial.Values{"partition": partition}}}
	}
	last := trial.Values{"aku": trial.Values{"image": trial.Values{"registry": "docker.io", "repository": "library/aku", "tag": "last"}}}
	this := trial.Values{}

	m := &mesh{space: open(t), pods: 3}
	must(t, m.space.InstallFrom(t.Context(), lastChart, nil, last, upTo(0)))
	must(t, m.space.StartClient(t.Context()))
	must(t, m.space.AwaitReady(t.Context(), 2*startLimit, trial.Pod(0), trial.Pod(1), trial.Pod(2)))
	askVersion(t, m.space)
	// A checkout has the number of the last version, so the image tells the two apart.
	image := func(number int) string {
		return trial.Container(m.space.Pods()[trial.Pod(number)], "aku-install").ImageID
	}
	old := image(0)
	roll := func(name, chart string, values trial.Values) {
		m.under(t, name+", one pod", func(t *testing.T, _ []*trial.Writer) {
			before := m.space.Pods()
			must(t, m.space.UpgradeTo(t.Context(), chart, values, upTo(2)))
			must(t, m.space.AwaitReplaced(t.Context(), rollLimit, before, trial.Pod(2)))
			if image(2) == image(0) || image(1) != image(0) {
				t.Errorf("aku of the pods is %s, %s, %s: want another one in the last", image(0), image(1), image(2))
			}
		})
		m.under(t, name+", the others", func(t *testing.T, _ []*trial.Writer) {
			before := m.space.Pods()
			must(t, m.space.UpgradeTo(t.Context(), chart, values, upTo(0)))
			must(t, m.space.AwaitReplaced(t.Context(), rollLimit, before, trial.Pod(1), trial.Pod(0)))
		})
	}
	roll("upgrade from the last version", thisChart, this)
	if image(0) == old {
		t.Errorf("after the upgrade aku is %s, as before", old)
	}
	roll("downgrade to the last version", lastChart, last)
	if image(0) != old {
		t.Errorf("after the way back aku is %s, want %s", image(0), old)
	}
}
