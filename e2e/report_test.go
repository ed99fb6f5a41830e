//go:build e2e

package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"aku/e2e/internal/trial"
	"aku/e2e/internal/tried"
)

// survived are the faults after which every pod held every acknowledged row.
var survived faults

type faults struct {
	mu    sync.Mutex
	begun int
	lines []string
	total int
}

// begin counts a fault before it happens.
func (f *faults) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun++
}

// add records a fault that lost nothing, after all pods were compared.
func (f *faults) add(name string, written int, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, fmt.Sprintf("  %-66s %6d written, 0 lost, %5.1f s", name, written, took.Seconds()))
	f.total += written
}

// print runs after all tests.
func (f *faults) print() {
	if f.begun == 0 {
		return
	}
	fmt.Printf("faults survived: %d of %d; %d changes were acknowledged, 0 lost in those\n", len(f.lines), f.begun, f.total)
	for _, line := range f.lines {
		fmt.Println(line)
	}
}

// outcomes are the outcomes of all tests.
var outcomes tried.Tally

// serverVersion is the answer of the first server that was asked, or "".
var serverVersion struct {
	sync.Once
	said string
}

// askVersion asks a pod in service for its version. A server that does not know the statement fails no test,
// but its run is not recorded.
func askVersion(t *testing.T, space *trial.Space) {
	t.Helper()
	serverVersion.Do(func() {
		rows, err := space.Query(t.Context(), 0, tried.VersionStatement)
		if err != nil {
			t.Logf("version of the server: %v", err)
			return
		}
		serverVersion.said = rows[0][0]
	})
}

// keepRun records the run of the whole suite. A part of the suite is not recorded.
func keepRun() {
	passed, failed := outcomes.Count()
	if flag.Lookup("test.run").Value.String() != "" || passed+failed == 0 {
		return
	}
	if err := writeRun(passed, failed); err != nil {
		fmt.Println("what was tried:", err)
	}
}

func writeRun(passed, failed int) error {
	cluster, err := trial.NewCluster(os.Getenv("E2E_KUBECONFIG"), trial.ImagesOfEnvironment())
	if err != nil {
		return err
	}
	run := tried.Run{Suite: tried.EndToEnd, Server: serverVersion.said, Image: cluster.Images.Server, Passed: passed, Failed: failed, Faults: survived.sum()}
	if run.Kubernetes, run.Helm, err = cluster.Versions(context.Background()); err != nil {
		return err
	}
	return run.Write()
}

// sum is the part of the faults that is recorded.
func (f *faults) sum() *tried.Faults {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &tried.Faults{Begun: f.begun, Survived: len(f.lines), Written: f.total}
}
