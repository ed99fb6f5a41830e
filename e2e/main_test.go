//go:build e2e

package e2e

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"aku/e2e/internal/trial"
)

const (
	startLimit = 3 * time.Minute // until the first pod is in service, or its sidecar has said why not
	healLimit  = 3 * time.Minute // from a fault's end to service
)

// The tests wait for the cluster most of the time, so more of them run at once than there are processors.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	code := m.Run()
	survived.print()
	os.Exit(code)
}

// open makes a namespace for the test, which goes with it.
func open(t *testing.T) *trial.Space {
	t.Helper()
	kubeconfig := os.Getenv("E2E_KUBECONFIG")
	if kubeconfig == "" {
		t.Fatal("E2E_KUBECONFIG is not set: run `make test-e2e`, or set it to the kubeconfig of a cluster that has the images")
	}
	cluster, err := trial.NewCluster(kubeconfig, trial.LocalImages)
	if err != nil {
		t.Fatal(err)
	}
	space, err := cluster.Open(t.Context(), "e2e-"+strings.ToLower(strings.TrimPrefix(strings.Split(t.Name(), "_")[0], "Test")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(space.Diagnose())
			if os.Getenv("KEEP") == "1" {
				space.Leave()
				return
			}
		}
		if err := space.Close(context.Background()); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
	return space
}

// must ends the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// quick adds that the stand-in server waits only a tenth of what a real one does, for tests that are not about time. The
// password of a new database comes from where the chart has it, unless one is given.
func quick(values trial.Values, password ...string) trial.Values {
	env := []map[string]string{{"name": "ALTISIM_DATA_DIR", "value": "/var/lib/altisim"}, {"name": "ALTISIM_TIME_SCALE", "value": "0.1"}}
	if len(password) == 0 {
		env = append(env, map[string]string{"name": "ALTISIM_SYS_PASSWORD_FILE", "value": "/etc/aku/auth/password"})
	}
	for _, p := range password {
		env = append(env, map[string]string{"name": "ALTISIM_SYS_PASSWORD", "value": p})
	}
	values["env"] = env
	return values
}
