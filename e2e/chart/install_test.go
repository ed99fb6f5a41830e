//go:build e2e

package chart

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// atOnce is how many releases there are at a time: they mostly wait.
const atOnce = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestChartTesting_EveryValuesFileIsInstalledTestedUpgradedAndUninstalled(t *testing.T) {
	kubeconfig := os.Getenv("E2E_KUBECONFIG")
	if kubeconfig == "" {
		t.Fatal("E2E_KUBECONFIG is not set: run `make test-e2e`, or set it to the kubeconfig of a cluster that has the images")
	}
	files, err := filepath.Glob("../../charts/altibase/ci/*-values.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v: no values files", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), "-values.yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), "../../scripts/ct.sh", "install", name, "--upgrade")
			command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
			out, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if !strings.Contains(string(out), "Installing chart with values file") {
				t.Errorf("nothing was installed:\n%s", out)
			}
			if !upgradedFromEarlier(string(out)) && !strings.Contains(string(out), "not upgraded: the last version does not take ci/") {
				t.Errorf("it was not upgraded from an earlier version:\n%s", out)
			}
			t.Logf("%s", out)
		})
	}
}

var upgrades = regexp.MustCompile(`Testing upgrades of chart .*version: \\"([^"]+)\\".* relative to previous revision .*version: \\"([^"]+)\\"`)

// upgradedFromEarlier tells whether the chart took the place of one with another version.
func upgradedFromEarlier(output string) bool {
	for _, found := range upgrades.FindAllStringSubmatch(output, -1) {
		if found[1] != found[2] {
			return true
		}
	}
	return false
}
