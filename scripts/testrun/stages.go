package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// A stage is one line of the summary.
type stage struct {
	name     string
	does     string
	required bool     // the following stages need it
	needs    []string // files that setup brings
	run      func(context.Context, *result) error
}

// What the stage setup brings: packages, and programs from the top of the repository.
const (
	odbc       = "/usr/include/sql.h"
	shellcheck = "/usr/bin/shellcheck"
	yamllint   = "/usr/bin/yamllint"
	helmDocs   = ".build/bin/helm-docs"
	helm       = ".build/cluster/bin/helm"
	ct         = ".build/cluster/bin/ct"
	promtool   = ".build/prometheus/bin/promtool"
)

// prepared are the chosen stages, with setup before them where one needs what is not there.
func prepared(chosen []stage, exists func(file string) bool) []stage {
	setup := stages[0]
	isMissing := func(file string) bool { return !exists(file) }
	if chosen[0].name != setup.name && slices.ContainsFunc(chosen, func(s stage) bool { return slices.ContainsFunc(s.needs, isMissing) }) {
		return append([]stage{setup}, chosen...)
	}
	return chosen
}

// unlessOthers are the files that the cluster of this checkout needs, and not that of somebody else.
func unlessOthers(kubeconfig string, files ...string) []string {
	if kubeconfig != "" {
		return nil
	}
	return files
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// alone is the command that runs only this stage.
func (s stage) alone() string {
	if s.name == "setup" || s.name == "lint" {
		return "make " + s.name
	}
	return "make test-" + s.name
}

var stages = []stage{
	{name: "setup", does: "packages, the linters, the programs of the test cluster", required: true, run: command("scripts/setup.sh")},
	{name: "lint", does: "gofmt, go vet, golangci-lint, shellcheck", needs: []string{odbc, shellcheck}, run: command("scripts/lint.sh")},
	{name: "unit", does: "tests that need no server, with the race detector", needs: []string{odbc}, run: func(ctx context.Context, r *result) error {
		packages, err := packages(ctx, func(p pkg) bool { return !p.startsServers && p.dir != "charts" })
		if err != nil {
			return err
		}
		return goTest(ctx, r, append([]string{"go", "test", "-race", "-timeout=10m"}, packages...))
	}},
	// In the unit stage, with the race detector, the simulation runs only a few schedules.
	{name: "simulation", does: "random schedules of joins, ends and faults, under virtual time", run: func(ctx context.Context, r *result) error {
		return goTest(ctx, r, []string{"go", "test", "-count=1", "-timeout=15m", "./e2e/simulation"})
	}},
	{name: "integration", does: "the programs over ODBC, against stand-in servers", needs: []string{odbc, promtool}, run: func(ctx context.Context, r *result) error {
		packages, err := packages(ctx, func(p pkg) bool { return p.startsServers })
		if err != nil {
			return err
		}
		return goTest(ctx, r, append([]string{"go", "test", "-race", "-tags=integration", "-count=1", "-parallel=4", "-timeout=40m"}, packages...))
	}},
	{name: "chart", does: "what the chart renders, for each Kubernetes and Helm", needs: []string{helmDocs, helm, ct, yamllint, promtool}, run: func(ctx context.Context, r *result) error {
		return errors.Join(
			goTest(ctx, r, []string{"go", "test", "-timeout=20m", "./charts/..."}),
			goTest(ctx, r, []string{"go", "-C", "charts/helm3", "test", "-count=1", "-timeout=10m", "./..."}),
			goTest(ctx, r, []string{"go", "-C", "charts/oldest", "test", "-count=1", "-timeout=10m", "./..."}),
		)
	}},
	{name: "release", does: "a release twice, fetched from a registry; licences, workflows", needs: []string{odbc, helm}, run: func(ctx context.Context, r *result) error {
		return goTest(ctx, r, []string{"go", "-C", "scripts/release", "test", "-count=1", "-timeout=20m", "./..."})
	}},
	// They share one cluster, at the same time, because their tests mostly wait.
	{name: "e2e", does: "the chart on a one-node Kubernetes: faults, upgrades, alerts", needs: unlessOthers(os.Getenv("DEMO_KUBECONFIG"), odbc, promtool), run: func(ctx context.Context, r *result) error {
		return endToEnd(ctx, r, os.Getenv("DEMO_KUBECONFIG"))
	}},
	{name: "anyserver", does: "make demo, make conformance and make bench, on pods of a server's image", needs: unlessOthers(os.Getenv("DEMO_KUBECONFIG"), odbc, promtool), run: func(ctx context.Context, r *result) error {
		server, limit := anyServer(os.Getenv)
		return goTest(ctx, r, slices.Concat([]string{"env"}, server, []string{"scripts/with-cluster.sh", "go", "test", "-tags=e2e", "-count=1", "-timeout=" + limit, "./e2e/anyserver"}))
	}},
}

// The stand-in, named as anybody names a server's image.
const (
	standIn       = ".build/images/altisim.tar"
	standInValues = "e2e/altisim/server-values.yaml"
)

// anyServer returns variables for the commands on a server's image, and their limit. Without a server of the
// user's it is the stand-in. A cluster of somebody else takes no files, and knows the stand-in by its name.
func anyServer(getenv func(string) string) (variables []string, limit string) {
	switch image := getenv("SERVER_IMAGE"); {
	case image != "" && image != standIn:
		return nil, "4h"
	case image == "" && getenv("DEMO_KUBECONFIG") == "":
		variables = []string{"SERVER_IMAGE=" + standIn, "SERVER_VALUES=" + cmp.Or(getenv("SERVER_VALUES"), standInValues)}
	}
	return append(variables, "KIND=altisim"), "80m"
}

// chartTesting is the package that installs the chart's own values files.
const chartTesting = "./e2e/chart"

// endToEnd runs the end-to-end tests. Those that restart the node run alone, and only on the cluster of this
// checkout.
func endToEnd(ctx context.Context, r *result, others string) error {
	packages, limit, leftOut := onServer(os.Getenv("SERVER_IMAGE"))
	r.leftOut = append(r.leftOut, leftOut...)
	onCluster := func(args ...string) error {
		return goTest(ctx, r, append([]string{"scripts/with-cluster.sh", "go", "test", "-count=1", "-timeout=" + limit}, args...))
	}
	if others != "" {
		r.leftOut = append(r.leftOut, "the tests of the tag node: they cut networks and restart the node, so they need the cluster of this checkout, and DEMO_KUBECONFIG is set")
		return onCluster(append([]string{"-tags=e2e"}, packages...)...)
	}
	const nodeRestart = "^TestNodeRestart_"
	return errors.Join(
		onCluster(append([]string{"-tags=e2e,node", "-skip", nodeRestart}, packages...)...),
		onCluster("-tags=e2e,node", "-run", nodeRestart, "./e2e"),
	)
}

// onServer returns what runs on a server's image ("" for the stand-in), its limit, and what is left out.
func onServer(image string) (packages []string, limit string, leftOut []string) {
	if image == "" {
		return []string{"./e2e", chartTesting}, "80m", nil
	}
	return []string{"./e2e"}, "4h", []string{chartTesting + ": the values files of charts/altibase/ci name the stand-in server, and SERVER_IMAGE is " + image}
}

// A pkg is a package with tests.
type pkg struct {
	dir           string // from the top of the repository
	startsServers bool   // its tests start stand-in servers and use them through an ODBC driver
}

const serversForTests = "aku/e2e/altisim/altisimtest"

// packages lists the wanted packages with tests, as arguments for go test. The end-to-end tests are not among
// them, because they have a build tag of their own.
func packages(ctx context.Context, wanted func(pkg) bool) ([]string, error) {
	list, err := output(ctx, "go", "list", "-tags=integration", "-f",
		`{{.Dir}}{{"\t"}}{{.Module.Dir}}{{"\t"}}{{len .TestGoFiles}}{{len .XTestGoFiles}}{{"\t"}}{{.TestImports}}{{.XTestImports}}`, "./...")
	if err != nil {
		return nil, err
	}
	var args []string
	for line := range strings.Lines(list) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		p := pkg{
			dir:           strings.TrimPrefix(strings.TrimPrefix(fields[0], fields[1]), "/"),
			startsServers: strings.Contains(fields[3], serversForTests),
		}
		if hasTests := fields[2] != "00"; hasTests && wanted(p) {
			args = append(args, "./"+p.dir)
		}
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("no package has such tests")
	}
	return args, nil
}
