//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	"aku/e2e/internal/trial"
)

func TestOtherTool_DropsReplicationsOfAPodInService_TheyAreMadeAnewAndAnEventSaysSo(t *testing.T) {
	t.Parallel()
	space := open(t)
	must(t, space.Install(t.Context(), trial.Values{"replicaCount": 2, "tests": trial.Values{"checksums": true}}))
	must(t, space.StartClient(t.Context()))
	must(t, space.AwaitReady(t.Context(), startLimit, trial.Pod(0), trial.Pod(1)))
	// A beat that is under way locks a table of the pair for a moment.
	must(t, space.Session(t.Context(), 1, "ALTER SESSION SET DDL_LOCK_TIMEOUT = 3", "ALTER REPLICATION AKU_REP_01 STOP", "DROP REPLICATION AKU_REP_01"))
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
	report, err := space.Test(t.Context()) // waits until both pods have both rows
	must(t, err)
	t.Log(report)
}
