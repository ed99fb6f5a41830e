package charts

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tool runs a program that the set-up builds, and returns what it prints.
func tool(t *testing.T, path string, args ...string) string {
	t.Helper()
	program, err := filepath.Abs(filepath.Join("../.build", path))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v: run scripts/setup.sh", err)
	}
	var out, messages bytes.Buffer
	command := exec.Command(program, args...)
	command.Stdout, command.Stderr = &out, &messages
	// Helm keeps its caches and plugins in the home; the tests need none of them.
	command.Env = append(os.Environ(), "HOME="+t.TempDir(), "KUBECONFIG=")
	if err := command.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", path, strings.Join(args, " "), err, out.String(), messages.String())
	}
	return out.String()
}

const helm = "cluster/bin/helm"

// ciValues are the values files that chart-testing installs one after the other.
func ciValues(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("altibase/ci/*-values.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v: no values files", err)
	}
	return files
}

func TestReadme_IsWhatItsSourcesSay(t *testing.T) {
	made := tool(t, "bin/helm-docs", "--chart-search-root=altibase", "--sort-values-order=file", "--log-level=warning", "--dry-run")
	if diff := cmp.Diff(readFile(t, "altibase/README.md"), made); diff != "" {
		t.Errorf("README.md is not up to date; run .build/bin/helm-docs --chart-search-root=charts --sort-values-order=file\n%s", diff)
	}
	if strings.Contains(made, "Other Values") {
		t.Error("a value has no section: add # @section to its comment")
	}
	for line := range strings.Lines(made) {
		if strings.HasPrefix(line, "|") && strings.HasSuffix(line, "|  |\n") {
			t.Errorf("values.yaml says nothing about a key: %s", line)
		}
	}
}

// TestReadme_NamesTheVersionsThatTheseTestsRunWith takes them from where they are pinned. Those of a cluster come from docs/tried.json.
func TestReadme_NamesTheVersionsThatTheseTestsRunWith(t *testing.T) {
	_, section, _ := strings.Cut(readFile(t, "altibase/README.md"), "## What it was tried with")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, pinned := range [][2]string{
		{"../go.mod", "helm.sh/helm/v3"}, {"oldest/go.mod", "k8s.io/api"},
	} {
		file, module := pinned[0], pinned[1]
		found := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(module) + ` v(\S+)`).FindStringSubmatch(readFile(t, file))
		if found == nil {
			t.Errorf("%s does not pin %s", file, module)
			continue
		}
		version := found[1]
		if file == "oldest/go.mod" {
			version = strings.Replace(version[:strings.LastIndex(version, ".")], "0.", "1.", 1)
		}
		if !strings.Contains(section, "| "+version+" |") {
			t.Errorf("%s %s is not named", module, version)
		}
	}
}

// TestChartTesting_FindsNothing is helm lint --strict and yamllint with every values file, and whether the chart's version was raised.
func TestChartTesting_FindsNothing(t *testing.T) {
	if _, err := os.Stat("../.build/cluster/bin/ct"); err != nil {
		t.Fatalf("%v: run scripts/setup.sh", err)
	}
	if out, err := exec.Command("../scripts/ct.sh", "lint").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestHelm4_RendersWhatHelm3Does(t *testing.T) {
	// What the values files cannot ask for, because not every cluster knows such objects.
	monitored := filepath.Join(t.TempDir(), "monitored")
	if err := os.WriteFile(monitored, []byte(least+"metrics: {podMonitor: {enabled: true}, serviceMonitor: {enabled: true}, prometheusRule: {enabled: true}, dashboard: {enabled: true}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range append(ciValues(t), monitored) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			three := render(t, readFile(t, file))
			manifest := tool(t, helm, "template", "altibase", "altibase", "--namespace=db", "--values", file)
			four := decode(t, map[string]string{"manifest of Helm 4": manifest})
			for name, pair := range map[string][2]any{
				"StatefulSet": {three.statefulSet, four.statefulSet}, "Services": {three.services, four.services},
				"Secrets": {three.secrets, four.secrets}, "ConfigMaps": {three.configMaps, four.configMaps},
				"ServiceAccounts": {three.serviceAccounts, four.serviceAccounts}, "Roles": {three.roles, four.roles},
				"RoleBindings": {three.roleBindings, four.roleBindings}, "PodDisruptionBudgets": {three.budgets, four.budgets},
				"NetworkPolicies": {three.policies, four.policies}, "Jobs": {three.jobs, four.jobs}, "Pods": {three.pods, four.pods},
				"PodMonitors": {three.podMonitors, four.podMonitors}, "ServiceMonitors": {three.serviceMonitors, four.serviceMonitors},
				"PrometheusRules": {three.prometheusRules, four.prometheusRules},
			} {
				if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
					t.Errorf("%s: Helm 3 and Helm 4 differ:\n%s", name, diff)
				}
			}
		})
	}
}
