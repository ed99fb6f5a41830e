package charts

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/compatibility.md")

const (
	compatibilityPage = "../docs/compatibility.md"
	renderedFile      = "../docs/rendered.json"
)

// rendering says when TestEveryHelm_RendersTheSameText last held a version of Helm, and the last commit of the chart by then.
type rendering struct {
	Date  string `json:"date"`
	Chart string `json:"chart"`
}

// rendered are the renderings by the version of Helm.
func rendered(t *testing.T) map[string]rendering {
	t.Helper()
	seen := map[string]rendering{}
	if err := json.Unmarshal([]byte(readFile(t, renderedFile)), &seen); err != nil {
		t.Fatal(err)
	}
	return seen
}

// TestCompatibility_ThePageSaysWhatTheTestsHold makes the page of what the tests are pinned to, and of what was run (docs/tried.json).
func TestCompatibility_ThePageSaysWhatTheTestsHold(t *testing.T) {
	page := compatibility(t)
	if *update {
		if err := os.WriteFile(compatibilityPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(readFile(t, compatibilityPage), page); diff != "" {
		t.Errorf("run go test ./charts -run Compatibility -update (-page +tests):\n%s", diff)
	}
}

func compatibility(t *testing.T) string {
	t.Helper()
	var page strings.Builder
	row := func(cells ...string) { fmt.Fprintf(&page, "| %s |\n", strings.Join(cells, " | ")) }
	page.WriteString(`# With which versions it works

Made from what the tests are pinned to, and from what was run on a cluster ([proof.md](proof.md)); do not edit it: ` + "`go test ./charts -run TestCompatibility -update`" + ` writes it.
A cell says by which test. An empty cell: nobody has tried it.

| | version | held to it | run on a cluster |
|---|---|---|---|
`)
	onCluster := tried(t)
	apis := minors(t)
	for _, minor := range slices.Sorted(maps.Keys(apis)) {
		how := "every values file fits its API (`TestChart_FitsTheAPIOfEveryMinorOfKubernetes`)"
		if strings.Contains(readFile(t, "oldest/go.mod"), fmt.Sprintf("k8s.io/api v0.%d.", minor)) {
			how += ", and decodes into its types (`charts/oldest`)"
		}
		if strings.Contains(readFile(t, "../go.mod"), fmt.Sprintf("k8s.io/api v0.%d.", minor)) {
			how += ", and decodes into its types (`charts`)"
		}
		row("Kubernetes", fmt.Sprintf("1.%d", minor), how, onCluster[fmt.Sprintf("v1.%d", minor)])
	}
	seen := rendered(t)
	_, helms := helms(t)
	for _, version := range helms {
		minor := version[:strings.LastIndex(version, ".")]
		how := "has every function of the templates (`TestTemplates_CallOnlyWhatEveryHelmHas`)"
		if r, is := seen[version]; is {
			how += fmt.Sprintf(", writes what the cluster's Helm writes (`make compatibility` on %s, chart of commit %s)", r.Date, r.Chart)
		}
		if minor == pinnedMinor(t, "../go.mod", "helm.sh/helm/v3") {
			how += ", renders every test of `charts`"
		}
		if minor == pinnedMinor(t, "../e2e/cluster/modules/kube/go.mod", "helm.sh/helm/v4") {
			how += ", renders the same (`TestHelm4_RendersWhatHelm3Does`)"
		}
		row("Helm", minor, how, onCluster[minor])
	}
	cases := regexp.MustCompile(`(?m)^=== ([^:\n]+): `).FindAllStringSubmatch(readFile(t, "../e2e/conformance/cases/23-dialects.txt"), -1)
	for _, version := range []string{"7.1", "7.2", "7.3"} {
		marked := 0
		for _, c := range cases {
			if strings.Contains(c[1], version) {
				marked++
			}
		}
		how := fmt.Sprintf("%d cases say what its documents promise (`23-dialects`)", marked)
		if version == "7.2" {
			how += "; the facts of `e2e/conformance` were seen on one"
		}
		row("Altibase", version, how, onCluster[version])
	}
	row("chart and aku", "from the last version and back", "volumes, names and Secret stay (`TestUpgradeFromTheLastVersion_WithAPasswordFromAGivenSecret_KeepsSecretVolumesAndNames`)",
		"every values file upgraded (`TestChartTesting_EveryValuesFileIsInstalledTestedUpgradedAndUninstalled`), one pod at a time beside writers, up and down (`TestVersions_SidecarsOneVersionApartServeOneMesh_UpAndDown`)")
	return page.String()
}

// pinnedMinor is the minor version of a module in a go.mod.
func pinnedMinor(t *testing.T, file, module string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(module) + ` (v\d+\.\d+)\.`).FindStringSubmatch(readFile(t, file))
	if found == nil {
		t.Fatalf("%s does not pin %s", file, module)
	}
	return found[1]
}

// tried is what was run on a cluster by the minor versions of Kubernetes, Helm and the server.
func tried(t *testing.T) map[string]string {
	t.Helper()
	var runs []struct{ Suite, Server, Kubernetes, Helm, Date string }
	if err := json.Unmarshal([]byte(readFile(t, "../docs/tried.json")), &runs); err != nil {
		t.Fatal(err)
	}
	by := map[string]string{}
	for _, run := range runs {
		if run.Suite != "end-to-end" {
			continue
		}
		for _, version := range []string{run.Kubernetes, run.Helm} {
			by[version[:strings.LastIndex(version, ".")]] = "`make test-e2e`"
		}
		if !strings.Contains(run.Server, "altisim") {
			by[run.Server[:3]] = "`make test-e2e`"
		}
	}
	return by
}
