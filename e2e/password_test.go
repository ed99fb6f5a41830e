//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"aku/e2e/internal/trial"
)

func TestPassword_IsThatOfTheSecret_InNewDatabasesAndAfterItsChange(t *testing.T) {
	t.Parallel()
	// As in Altibase's images, every new database has the same password, and it is not the Secret's.
	first := firstPassword(t, newCluster(t))
	space := open(t)
	must(t, space.Install(t.Context(), trial.Values{"replicaCount": 2}))
	must(t, space.StartClient(t.Context()))
	must(t, space.AwaitReady(t.Context(), startLimit, trial.Pod(0), trial.Pod(1)))
	before := space.Pods()

	// The steps of the README.
	const next = "Next;1"
	for pod := range 2 {
		_, err := space.Query(t.Context(), pod, `ALTER USER SYS IDENTIFIED BY "`+next+`"`)
		must(t, err)
	}
	must(t, space.Upgrade(t.Context(), "auth.sysPassword="+next))
	_, err := space.Test(t.Context())
	must(t, err)

	// A later pod also begins with the first password.
	must(t, space.Upgrade(t.Context(), "replicaCount=3"))
	must(t, space.AwaitReady(t.Context(), healLimit, trial.Pod(2)))
	_, err = space.Test(t.Context())
	must(t, err)
	for _, pod := range []string{trial.Pod(0), trial.Pod(1)} {
		if now := space.Pods()[pod]; now.UID != before[pod].UID || trial.Restarts(now) > 0 {
			t.Errorf("%s was restarted", pod)
		}
	}
	for pod := range 3 {
		if log := space.Log(trial.Pod(pod), trial.Sidecar); strings.Contains(log, next) || strings.Contains(log, first) {
			t.Errorf("a password is in the log of %s", trial.Pod(pod))
		}
	}
}
