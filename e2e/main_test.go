//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"aku/e2e/internal/trial"
)

const (
	startLimit = 3 * time.Minute // until the first pod is in service, or its sidecar says why not
	healLimit  = 3 * time.Minute // from the end of a fault to service
	// rollLimit is for three pods in turn: users leave (5 s), delivery, two STOPs, shutdown (17 s), start (17
	// s), and up to a minute in which a peer's sender sleeps.
	rollLimit = 3 * healLimit
)

// The tests mostly wait for the cluster, so more of them run at once than there are processors. A vendor's
// server takes gigabytes of memory, so SERVER_AT_ONCE limits the number of releases.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", cmp.Or(os.Getenv("SERVER_AT_ONCE"), "4")); err != nil {
		fmt.Fprintln(os.Stderr, "SERVER_AT_ONCE:", err)
		os.Exit(1)
	}
	code := m.Run()
	survived.print()
	leftOut.print()
	keepRun()
	os.Exit(code)
}

// newCluster is the cluster at hand, with the server under test.
func newCluster(t *testing.T) *trial.Cluster {
	t.Helper()
	return newClusterOf(t, trial.ImagesOfEnvironment())
}

func newClusterOf(t *testing.T, images trial.Images) *trial.Cluster {
	t.Helper()
	outcomes.Watch(t)
	kubeconfig := os.Getenv("E2E_KUBECONFIG")
	if kubeconfig == "" {
		t.Fatal("E2E_KUBECONFIG is not set: run `make test-e2e`, or set it to the kubeconfig of a cluster that has the images")
	}
	cluster, err := trial.NewCluster(kubeconfig, images)
	must(t, err)
	return cluster
}

// open makes a namespace, and removes it when the test ends.
func open(t *testing.T) *trial.Space {
	t.Helper()
	return openOn(t, trial.ImagesOfEnvironment())
}

func openOn(t *testing.T, images trial.Images) *trial.Space {
	t.Helper()
	return openIn(t, newClusterOf(t, images))
}

func openIn(t *testing.T, cluster *trial.Cluster) *trial.Space {
	t.Helper()
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
