package charts

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// minors are the APIs that kubernetes-versions.txt lists, by their minor version: 29 is 1.29.
func minors(t *testing.T) map[int]*apiSource {
	t.Helper()
	found := map[int]*apiSource{}
	for _, m := range pinnedModules(t, "kubernetes-versions.txt") {
		minor := minorOf(t, m.Version)
		if found[minor] == nil {
			found[minor] = &apiSource{modules: map[string]string{}, packages: map[string]map[string]declared{}}
		}
		found[minor].modules[m.Path] = m.Dir
	}
	return found
}

// minorOf reads it from the version of an API module (v0.29.1) or of Kubernetes (>=1.29.0-0).
func minorOf(t *testing.T, version string) int {
	t.Helper()
	minor := 0
	if found := regexp.MustCompile(`[01]\.(\d+)\.`).FindStringSubmatch(version); found == nil {
		t.Fatalf("version %q has no minor", version)
	} else if _, err := fmt.Sscan(found[1], &minor); err != nil {
		t.Fatal(err)
	}
	return minor
}

func TestChart_FitsTheAPIOfEveryMinorOfKubernetes(t *testing.T) {
	loaded, err := loader.Load("altibase")
	if err != nil {
		t.Fatal(err)
	}
	pinned := regexp.MustCompile(`(?m)^\s*k8s.io/api (\S+)`).FindStringSubmatch(readFile(t, "../go.mod"))
	oldest, newest := minorOf(t, loaded.Metadata.KubeVersion), minorOf(t, pinned[1])
	apis := minors(t)
	if len(apis) != newest-oldest+1 {
		t.Errorf("kubernetes-versions.txt has the minors %v, want all from %d to %d", slices.Sorted(maps.Keys(apis)), oldest, newest)
	}
	for minor, api := range apis {
		capabilities := chartutil.DefaultCapabilities.Copy()
		capabilities.KubeVersion = chartutil.KubeVersion{Version: fmt.Sprintf("v1.%d.0", minor), Major: "1", Minor: fmt.Sprint(minor)}
		seen := map[string]bool{}
		for _, file := range ciValues(t) {
			values, err := chartutil.ReadValuesFile(file)
			if err != nil {
				t.Fatal(err)
			}
			options := chartutil.ReleaseOptions{Name: "altibase", Namespace: "db", Revision: 1, IsInstall: true}
			all, err := chartutil.ToRenderValues(loaded, values, options, capabilities)
			if err != nil {
				t.Fatal(err)
			}
			texts, err := new(engine.Engine).Render(loaded, all)
			if err != nil {
				t.Fatalf("%s for 1.%d: %v", file, minor, err)
			}
			for name, text := range texts {
				if strings.HasSuffix(name, ".txt") {
					continue
				}
				for document := range strings.SplitSeq(text, "\n---\n") {
					kind, faults := faultsIn(t, api, document)
					seen[kind] = true
					for _, fault := range faults {
						t.Errorf("1.%d, %s, %s: %s", minor, filepath.Base(file), kind, fault)
					}
				}
			}
		}
		if delete(seen, ""); len(seen) < 11 {
			t.Errorf("1.%d: only %v were looked at", minor, slices.Sorted(maps.Keys(seen)))
		}
	}
}

// faultsIn holds a document against the type of its kind.
func faultsIn(t *testing.T, api *apiSource, document string) (string, []string) {
	t.Helper()
	var kind metav1.TypeMeta
	var object any
	for _, into := range []any{&kind, &object} {
		if err := yaml.Unmarshal([]byte(document), into); err != nil {
			t.Fatal(err)
		}
	}
	if object == nil {
		return "", nil
	}
	group, version, grouped := strings.Cut(kind.APIVersion, "/")
	if !grouped {
		group, version = "core", kind.APIVersion
	}
	group, _, _ = strings.Cut(group, ".")
	faults, err := api.faults("k8s.io/api/"+group+"/"+version, kind.Kind, object)
	if err != nil {
		faults = append(faults, err.Error())
	}
	return kind.Kind, faults
}

// TestAPIOfAMinor_KnowsItsFieldsAndNoOthers: fields by the version that they came with, and values of another kind.
func TestAPIOfAMinor_KnowsItsFieldsAndNoOthers(t *testing.T) {
	apis := minors(t)
	pod := func(spec string) string { return "apiVersion: v1\nkind: Pod\nspec: {" + spec + "}\n" }
	for _, c := range []struct {
		document string
		minor    int
		want     string
	}{
		{pod("terminationGracePeriodSeconds: 5, containers: [{name: a, restartPolicy: Always, ports: [{containerPort: 1}]}]"), 29, ""},
		{pod("resources: {limits: {cpu: 1, memory: 1Gi}}"), 31, "spec: unknown field resources"},
		{pod("resources: {limits: {cpu: 1, memory: 1Gi}}"), 32, ""},
		{pod("containers: [{lifecycle: {stopSignal: SIGUSR1}}]"), 32, "spec.containers[0].lifecycle: unknown field stopSignal"},
		{pod("containers: [{lifecycle: {stopSignal: SIGUSR1}}]"), 33, ""},
		{pod("terminationGracePeriodSeconds: soon"), 29, "spec.terminationGracePeriodSeconds: is the string soon"},
		{pod("terminationGracePeriodSeconds: 1.5"), 37, "spec.terminationGracePeriodSeconds: is the float64 1.5"},
		{pod("hostPID: 'true'"), 29, "spec.hostPID: is the string true"},
		{pod("containers: {name: a}"), 29, "spec.containers: is the map[string]interface {}"},
		{pod("containers: [{ports: [{containerPort: '1'}]}]"), 29, "spec.containers[0].ports[0].containerPort: is the string 1"},
		{pod("containers: [{livenessProbe: {httpGet: {port: http}}}]"), 29, ""},
		{pod("containers: [{livenessProbe: {httpGet: {port: true}}}]"), 29, "port: is the bool true"},
		{"apiVersion: v1\nkind: Pod\nmetadata: {labels: {a: 1}}\n", 29, "metadata.labels.a: is the float64 1"},
		{"apiVersion: v1\nkind: Pod\nspecs: {}\n", 29, "unknown field specs"},
		{"apiVersion: v2\nkind: Pod\n", 29, "package k8s.io/api/core/v2"},
		{"apiVersion: apps/v1\nkind: Pod\n", 29, "k8s.io/api/apps/v1 has no type Pod"},
	} {
		_, faults := faultsIn(t, apis[c.minor], c.document)
		if said := strings.Join(faults, "\n"); c.want == "" && said != "" || !strings.Contains(said, c.want) {
			t.Errorf("1.%d: %q, want %q\n%s", c.minor, said, c.want, c.document)
		}
	}
}
