package charts

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// lastVersion is the chart as it was before it got its number, in a folder of its own. It is the one that people upgrade from.
func lastVersion(t *testing.T) string {
	t.Helper()
	run := func(in []byte, name string, args ...string) []byte {
		command := exec.CommandContext(t.Context(), name, args...)
		command.Stdin = bytes.NewReader(in)
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%s %q: %v", name, args, err)
		}
		return out
	}
	commit := strings.TrimSpace(string(run(nil, "../scripts/ct.sh", "last")))
	folder := t.TempDir()
	run(run(nil, "git", "-C", "..", "archive", commit, "charts/altibase"), "tar", "--extract", "--directory="+folder)
	return filepath.Join(folder, "charts/altibase")
}

func TestUpgradeFromTheLastVersion_WithAPasswordFromAGivenSecret_KeepsSecretVolumesAndNames(t *testing.T) {
	values := readFile(t, "altibase/ci/given-secret-values.yaml")
	manifest := tool(t, helm, "template", "altibase", lastVersion(t), "--namespace=db", "--values=altibase/ci/given-secret-values.yaml")
	before := installed(t, manifest)
	after, err := upgradeTo(t, before, values)
	if err != nil {
		t.Fatal(err)
	}
	now := after.statefulSet
	if before.Labels["helm.sh/chart"] == now.Labels["helm.sh/chart"] {
		t.Errorf("%s is no upgrade", now.Labels["helm.sh/chart"])
	}
	// Kubernetes takes no change of these.
	fixed := func(s *appsv1.StatefulSet) []any {
		return []any{s.Name, s.Spec.ServiceName, s.Spec.Selector, s.Spec.PodManagementPolicy, s.Spec.VolumeClaimTemplates}
	}
	if diff := cmp.Diff(fixed(before), fixed(now)); diff != "" {
		t.Errorf("the StatefulSet could not be changed in its place:\n%s", diff)
	}
	given := corev1.Volume{Name: "aku-auth"}
	for _, volume := range now.Spec.Template.Spec.Volumes {
		if volume.Name == given.Name {
			given = volume
		}
	}
	if given.Secret == nil || given.Secret.SecretName != "given" || given.Secret.Items[0].Key != "sys-password" {
		t.Errorf("the password comes from %+v", given.Secret)
	}
	if made := after.secrets["altibase-auth"]; made != nil {
		t.Errorf("a Secret of the chart's own stands beside the given one: %v", made)
	}
	// Nothing that the servers have to be asked about has changed, so nobody waits for an answer.
	if hook := after.jobs["altibase-check"].Annotations["helm.sh/hook"]; hook != "pre-rollback" {
		t.Errorf("the check before an upgrade is run: %s", hook)
	}
}

// installed is the StatefulSet of a manifest.
func installed(t *testing.T, manifest string) *appsv1.StatefulSet {
	t.Helper()
	for document := range strings.SplitSeq(manifest, "\n---\n") {
		if strings.Contains(document, "\nkind: StatefulSet\n") {
			return strict[appsv1.StatefulSet](t, "last version", document)
		}
	}
	t.Fatal("there is no StatefulSet in the last version's manifest")
	return nil
}

// TestChartTesting_InstallsTheLastVersionWithANewValuesFile runs the script with a ct that only looks at what it is given.
func TestChartTesting_InstallsTheLastVersionWithANewValuesFile(t *testing.T) {
	folder := t.TempDir()
	const ct = "#!/bin/sh\ngit ls-tree --name-only origin/base charts/altibase/ci/ | sed 's/^/ ✔ last has /'\n"
	if err := os.WriteFile(filepath.Join(folder, "ct"), []byte(ct), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"given-secret": " ✔ last has charts/altibase/ci/given-secret-values.yaml\n",
		"altisim":      " ✔ last has charts/altibase/ci/altisim-values.yaml\n",
	} {
		command := exec.CommandContext(t.Context(), "../scripts/ct.sh", "install", name, "--upgrade")
		command.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"))
		out, err := command.CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
