//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"aku/e2e/internal/trial"
)

func TestUninstall_PodsEndInOrder_AndInstalledAgainTheyHaveTheirRows(t *testing.T) {
	t.Parallel()
	space := open(t)
	values := trial.Values{"replicaCount": 2, "tests": trial.Values{"checksums": true}}
	must(t, space.Install(t.Context(), values))
	must(t, space.StartClient(t.Context()))
	must(t, space.AwaitReady(t.Context(), startLimit, trial.Pod(0), trial.Pod(1)))
	const rows = 500
	if _, err := space.Load(t.Context(), 1, 1, rows); err != nil {
		t.Fatal(err)
	}
	report, err := space.Test(t.Context())
	must(t, err)
	t.Log(report)

	// A hook that runs out of order would find the other pod ending, too.
	order := inOrder(t, space)
	must(t, space.Uninstall(t.Context()))
	must(t, space.AwaitGone(t.Context(), healLimit, trial.Pod(0), trial.Pod(1)))
	if got := strings.Join(<-order, " "); got != trial.Pod(1)+" "+trial.Pod(0) {
		t.Errorf("the pods ended in the order %s", got)
	}

	must(t, space.Install(t.Context(), values))
	must(t, space.AwaitReady(t.Context(), startLimit, trial.Pod(0), trial.Pod(1)))
	report, err = space.Test(t.Context())
	must(t, err)
	t.Log(report)
	copies, err := space.Copies(t.Context(), 2)
	must(t, err)
	if copies[0].Rows != rows || !copies[0].Same(copies[1]) {
		t.Errorf("after another installation: %+v", copies)
	}
}

// inOrder returns, once no pod is left, the order in which the ends began.
func inOrder(t *testing.T, space *trial.Space) <-chan []string {
	t.Helper()
	ended := make(chan []string, 1)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() {
		var order []string
		seen := map[string]bool{}
		_ = space.AwaitPods(ctx, 2*healLimit, "the end of all pods", func(pods trial.Pods) string {
			left := 0
			for _, name := range []string{trial.Pod(1), trial.Pod(0)} {
				pod, exists := pods[name]
				if exists {
					left++
				}
				if (!exists || pod.DeletionTimestamp != nil) && !seen[name] {
					seen[name] = true
					order = append(order, name)
				}
			}
			// The order is wrong when the lower pod ends while the higher one exists.
			if _, higher := pods[trial.Pod(1)]; higher && seen[trial.Pod(0)] {
				order = append([]string{"too early:"}, order...)
				return ""
			}
			if left > 0 {
				return "pods are left"
			}
			return ""
		})
		ended <- order
	}()
	return ended
}

func TestUninstall_WedgedPodsAreNoObstacle(t *testing.T) {
	t.Parallel()
	space := open(t)
	must(t, space.Install(t.Context(), trial.Values{"replicaCount": 2}))
	must(t, space.AwaitReady(t.Context(), startLimit, trial.Pod(0), trial.Pod(1)))
	// Pods that are replaced with a wrong password stay out of service. Of two such pods, Kubernetes ends
	// only the lower one, after the higher one is gone.
	must(t, space.SetPassword(t.Context(), "wrong"))
	for _, pod := range []string{trial.Pod(1), trial.Pod(0)} {
		before := space.Pods()[pod].UID
		must(t, space.DeletePods(t.Context(), pod))
		must(t, space.AwaitPods(t.Context(), healLimit, "another "+pod+" out of service", func(pods trial.Pods) string {
			now, exists := pods[pod]
			if exists && now.UID != before && trial.Container(now, trial.Database).State.Running != nil && !trial.Ready(now) {
				return ""
			}
			return "not yet"
		}))
	}
	began := time.Now()
	must(t, space.Uninstall(t.Context()))
	t.Logf("uninstalled in %s", time.Since(began).Round(time.Second))
	must(t, space.AwaitGone(t.Context(), healLimit, trial.Pod(0), trial.Pod(1)))
}
