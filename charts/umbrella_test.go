package charts

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

// umbrella renders a parent chart that has this one as often as there are aliases, and returns the names of the objects by kind, and the
// StatefulSets.
func umbrella(t *testing.T, release, values string, aliases ...string) (names []string, sets map[string]*appsv1.StatefulSet) {
	t.Helper()
	child, err := loader.Load("altibase") // a copy of its own: Helm renames it
	if err != nil {
		t.Fatal(err)
	}
	parent := &chart.Chart{Metadata: &chart.Metadata{APIVersion: "v2", Name: "parent", Version: "1.0.0"}}
	for _, alias := range aliases {
		parent.Metadata.Dependencies = append(parent.Metadata.Dependencies, &chart.Dependency{
			Name: "altibase", Alias: alias, Version: child.Metadata.Version, Condition: alias + ".enabled",
		})
	}
	parent.SetDependencies(child)
	var given map[string]any
	if err := yaml.Unmarshal([]byte(values), &given); err != nil {
		t.Fatal(err)
	}
	if err := chartutil.ProcessDependenciesWithMerge(parent, given); err != nil {
		t.Fatal(err)
	}
	all, err := chartutil.ToRenderValues(parent, given, chartutil.ReleaseOptions{Name: release, Namespace: "db", IsInstall: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := engine.RenderWithClientProvider(parent, all, aCluster{})
	if err != nil {
		t.Fatal(err)
	}
	sets = map[string]*appsv1.StatefulSet{}
	for path, file := range files {
		for document := range strings.SplitSeq(file, "\n---\n") {
			if strings.HasSuffix(path, "NOTES.txt") || strings.TrimSpace(document) == "" {
				continue
			}
			var object struct {
				metav1.TypeMeta   `json:",inline"`
				metav1.ObjectMeta `json:"metadata"`
			}
			if err := yaml.Unmarshal([]byte(document), &object); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			names = append(names, object.Kind+" "+object.Name)
			if object.Kind == "StatefulSet" {
				sets[object.Name] = strict[appsv1.StatefulSet](t, path, document)
			}
		}
	}
	return names, sets
}

const twoAliases = `
x-database: &database
  enabled: true
  x-note: an anchor may stand anywhere
  auth: {sysPassword: secret}
  networkPolicy: {enabled: true, egress: {enabled: true}}
  service: {master: {enabled: true}}
  aku: {recover: {from: 1, generation: 1-7}, replications: [{namePrefix: AKU_REP, tables: [SYS.T1]}]}
  initdb: {scripts: {a.sql: SELECT 1}}
altibase: *database
altibase-b: *database
global: {imageRegistry: mirror, parent: {anything: [1]}}
`

func TestUmbrella_TwoAliasesHaveNothingInCommon(t *testing.T) {
	for _, release := range []string{"shop", "altibase", "a-release-with-a-rather-long-name"} {
		names, sets := umbrella(t, release, twoAliases, "altibase", "altibase-b")
		if len(sets) != 2 {
			t.Fatalf("%s: %v", release, slices.Collect(maps.Keys(sets)))
		}
		slices.Sort(names)
		if twice := len(names) - len(slices.Compact(slices.Clone(names))); twice != 0 {
			t.Errorf("%s: %d objects are there twice: %v", release, twice, names)
		}
		for name, set := range sets {
			for other, pods := range sets {
				if finds := labels.SelectorFromSet(set.Spec.Selector.MatchLabels).Matches(labels.Set(pods.Spec.Template.Labels)); finds != (name == other) {
					t.Errorf("%s: %s finds the pods of %s: %v", release, name, other, finds)
				}
			}
			if image := set.Spec.Template.Spec.Containers[0].Image; !strings.HasPrefix(image, "mirror/") {
				t.Errorf("%s: the parent's registry does not reach %s", release, image)
			}
		}
	}
}

func TestUmbrella_OneMayBeSwitchedOff(t *testing.T) {
	_, sets := umbrella(t, "shop", strings.Replace(twoAliases, "altibase-b: *database", "altibase-b: {enabled: false}", 1), "altibase", "altibase-b")
	if diff := cmp.Diff([]string{"shop-altibase"}, slices.Collect(maps.Keys(sets))); diff != "" {
		t.Error(diff)
	}
}

// TestUmbrella_OneMayBeAddedBesideAnother renders an upgrade where the release has a set of another alias, whose name begins in the same way.
func TestUmbrella_OneMayBeAddedBesideAnother(t *testing.T) {
	_, sets := umbrella(t, "altibase", twoAliases, "altibase-b")
	if _, err := upgradeOf(t, sets["altibase-altibase-b"], "fullnameOverride: other"); err != nil {
		t.Errorf("the set of altibase-b is none of altibase: %v", err)
	}
}
