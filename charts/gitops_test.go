package charts

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// asArgoCD renders as its repository server does: helm template with what the cluster can, and no look at it.
func asArgoCD(t *testing.T, name string, values any, flags ...string) release {
	t.Helper()
	text, err := yaml.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"template", name, "altibase", "--namespace=db", "--values", file, "--kube-version=1.33.1", "--include-crds"}
	for _, api := range []string{"v1", "v1/Pod", "apps/v1", "apps/v1/StatefulSet", "batch/v1", "batch/v1/Job", "monitoring.coreos.com/v1"} {
		args = append(args, "--api-versions="+api)
	}
	return decode(t, map[string]string{"manifest": tool(t, helm, append(args, flags...)...)})
}

func example[T any](t *testing.T, name string) T {
	t.Helper()
	var result T
	if err := yaml.Unmarshal([]byte(readFile(t, "../docs/gitops/"+name)), &result); err != nil {
		t.Fatal(err)
	}
	return result
}

// hooksOf are the objects of a release that are hooks, by the event.
func hooksOf(r release) map[string][]string {
	result := map[string][]string{}
	add := func(object metav1.Object) {
		for event := range strings.SplitSeq(object.GetAnnotations()["helm.sh/hook"], ",") {
			if event != "" {
				result[event] = append(result[event], object.GetName())
			}
		}
	}
	for _, o := range r.jobs {
		add(o)
	}
	for _, o := range r.pods {
		add(o)
	}
	for _, o := range r.roles {
		add(o)
	}
	return result
}

type application struct {
	Spec struct {
		Source struct {
			Helm struct {
				ReleaseName  string         `json:"releaseName"`
				ValuesObject map[string]any `json:"valuesObject"`
			} `json:"helm"`
		} `json:"source"`
	} `json:"spec"`
}

func TestGitOps_ArgoCDGetsTheCheckBeforeEachSyncAndNothingThatEndsThePods(t *testing.T) {
	source := example[application](t, "argocd-application.yaml").Spec.Source.Helm
	r := asArgoCD(t, source.ReleaseName, source.ValuesObject)
	if *r.statefulSet.Spec.Replicas != 3 || r.statefulSet.Name != "altibase" {
		t.Errorf("%s with %d pods", r.statefulSet.Name, *r.statefulSet.Spec.Replicas)
	}
	hooks := hooksOf(r)
	if hooks["pre-delete"] != nil {
		t.Errorf("older versions may apply %v as plain objects", hooks["pre-delete"])
	}
	// pre-upgrade is PreSync; Argo keeps what has no before-hook-creation, and would never check again.
	if !slices.Contains(hooks["pre-upgrade"], "altibase-check") || !strings.Contains(r.jobs["altibase-check"].Annotations["helm.sh/hook-delete-policy"], "before-hook-creation") {
		t.Errorf("hooks %v, %v", hooks, r.jobs["altibase-check"].Annotations)
	}
	for name, job := range r.jobs {
		if job.Annotations["helm.sh/hook"] == "" {
			t.Errorf("%s runs at every sync as a plain object", name)
		}
	}

	source.ValuesObject["hooks"] = map[string]any{"endInOrder": map[string]any{"force": true}}
	if hooks := hooksOf(asArgoCD(t, source.ReleaseName, source.ValuesObject)); !slices.Contains(hooks["pre-delete"], "altibase-end") {
		t.Errorf("a version with PreDelete gets %v", hooks)
	}
	source.ValuesObject["keepReplicas"] = true
	if replicas := asArgoCD(t, source.ReleaseName, source.ValuesObject).statefulSet.Spec.Replicas; replicas != nil {
		t.Errorf("selfHeal would scale back to %d", *replicas)
	}
}

// TestGitOps_KustomizeAppliesNoHook has Kustomize itself render the example, with the chart of this checkout in the place of one from a repository.
func TestGitOps_KustomizeAppliesNoHook(t *testing.T) {
	program, err := filepath.Abs("../.build/" + helm)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir() // it reads nothing beside it
	if err := os.CopyFS(filepath.Join(folder, "charts/altibase"), os.DirFS("altibase")); err != nil {
		t.Fatal(err)
	}
	text := readFile(t, "../docs/gitops/kustomization.yaml") + "helmGlobals: {chartHome: charts}\n"
	if err := os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := decode(t, map[string]string{"manifest": tool(t, "cluster/bin/kubectl", "kustomize", "--enable-helm", "--helm-command="+program, folder)})
	if len(r.jobs)+len(r.pods) != 0 || r.statefulSet == nil || *r.statefulSet.Spec.Replicas != 3 || r.statefulSet.Namespace != "db" {
		t.Errorf("Jobs %v, pods %v, StatefulSet %v", r.jobs, r.pods, r.statefulSet)
	}
}

func TestGitOps_FluxWaitsLongEnoughAndUndoesNoCopy(t *testing.T) {
	type action struct {
		Timeout     metav1.Duration `json:"timeout"`
		Remediation *struct {
			Retries int `json:"retries"`
		} `json:"remediation"`
	}
	type helmRelease struct {
		Spec struct {
			Install, Upgrade, Uninstall action
			Values                      map[string]any
		} `json:"spec"`
	}
	spec := example[helmRelease](t, "flux-helmrelease.yaml").Spec
	values, err := yaml.Marshal(spec.Values)
	if err != nil {
		t.Fatal(err)
	}
	r := install(t, string(values)) // Flux has Helm in it: it sees the cluster
	end := r.jobs["altibase-end"]
	if end == nil || end.Annotations["helm.sh/hook"] != "pre-delete" {
		t.Fatalf("no ordered end: %v", r.jobs)
	}
	if limit := time.Duration(*end.Spec.ActiveDeadlineSeconds) * time.Second; spec.Uninstall.Timeout.Duration <= limit {
		t.Errorf("Flux waits %s for an end that may take %s", spec.Uninstall.Timeout.Duration, limit)
	}
	for name, a := range map[string]action{"install": spec.Install, "upgrade": spec.Upgrade} {
		if a.Timeout.Duration < time.Hour || a.Remediation == nil || a.Remediation.Retries != 0 {
			t.Errorf("%s: a copy that takes longer than %s is undone (%+v)", name, a.Timeout.Duration, a.Remediation)
		}
	}
}
