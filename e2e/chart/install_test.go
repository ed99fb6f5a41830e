//go:build e2e

package chart

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
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
			t.Logf("%s", out)
		})
	}
}
