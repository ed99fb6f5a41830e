//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	"aku/e2e/internal/trial"
)

// markerOfAnother is what the vendor's aku leaves where an image's entry point has called it.
var markerOfAnother = trial.Values{
	"extraObjects":      []any{trial.Values{"apiVersion": "v1", "kind": "ConfigMap", "metadata": trial.Values{"name": "marker"}, "data": trial.Values{"marker": "done"}}},
	"extraVolumes":      []any{trial.Values{"name": "marker", "configMap": trial.Values{"name": "marker"}}},
	"extraVolumeMounts": []any{trial.Values{"name": "marker", "mountPath": "/tmp/aku_start_completed", "subPath": "marker"}},
}

func TestOtherTool_InTheImage_ThePodIsOutOfServiceUntilItsCallsAreTakenOut(t *testing.T) {
	t.Parallel()
	space := open(t)
	must(t, space.Install(t.Context(), markerOfAnother))
	mustDescribe(t, space, trial.Pod(0), "OtherUtility", "tmp/aku_start_completed is there", "take its calls out of the image's entry point")
	// The first probe may come after a start that was quick. Nothing is done on the server from then on, so it is not closed either.
	must(t, space.AwaitPods(t.Context(), healLimit, "it to be out of service", func(pods trial.Pods) string {
		if trial.Ready(pods[trial.Pod(0)]) {
			return "clients are led to it"
		}
		return ""
	}))

	// What the Event says to do.
	must(t, space.UpgradeTo(t.Context(), "", trial.Values{}))
	must(t, space.DeletePods(t.Context(), trial.Pod(0)))
	must(t, space.AwaitReady(t.Context(), healLimit, trial.Pod(0)))
}

func TestOtherTool_DropsReplicationsOfAPodInService_TheyAreMadeAnewAndAnEventSaysSo(t *testing.T) {
	t.Parallel()
	space := open(t)
	must(t, space.Install(t.Context(), trial.Values{"replicaCount": 2, "tests": trial.Values{"checksums": true}}))
	must(t, space.StartClient(t.Context()))
	must(t, space.AwaitReady(t.Context(), startLimit, trial.Pod(0), trial.Pod(1)))
	must(t, space.Session(t.Context(), 1, "ALTER REPLICATION AKU_REP_01 STOP", "DROP REPLICATION AKU_REP_01"))
	mustDescribe(t, space, trial.Pod(1), "LeftService", "look for another tool that works on the replication")
	must(t, trial.Await(t.Context(), healLimit, "the end of its second start", func(context.Context) string {
		if said := space.Said(trial.Pod(1), trial.Sidecar, "AKU run successfully."); said < 2 {
			return fmt.Sprintf("said %d times", said)
		}
		return ""
	}))
	must(t, space.AwaitReady(t.Context(), healLimit, trial.Pod(1)))
	for from := range 2 {
		_, err := space.Query(t.Context(), from, fmt.Sprintf("INSERT INTO SYS.T1 VALUES (%d, 'after it')", from))
		must(t, err)
	}
	report, err := space.Test(t.Context()) // waits until both have both rows
	must(t, err)
	t.Log(report)
}
