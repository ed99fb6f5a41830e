//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"aku/e2e/internal/trial"
)

func TestUpgrade_WhatWouldLoseRowsIsRefusedBeforeAnythingChanges(t *testing.T) {
	t.Parallel()
	space := open(t)
	must(t, space.Install(t.Context(), trial.Values{"replicaCount": 2, "aku": trial.Values{"serverCount": 2}, "initdb": trial.Values{"scripts": trial.Values{
		"02-more.sql": "CREATE TABLE T2 (ID INTEGER PRIMARY KEY);\nCREATE TABLE B_BEAT (ID INTEGER PRIMARY KEY);\n",
	}}}))
	must(t, space.AwaitReady(t.Context(), startLimit, trial.Pod(0), trial.Pod(1)))
	before := space.Pods()
	for _, c := range []struct{ name, set, want string }{
		{"a table that is not there", "aku.replications[0].namePrefix=AKU_REP,aku.replications[0].tables={SYS.T1,SYS.T9}", "table SYS.T9 does not exist on " + trial.Pod(0) + ", " + trial.Pod(1) + ": create it there first."},
		{"a table of the user with the name of aku's own", "aku.replications[0].namePrefix=AKU_REP,aku.replications[0].tables={SYS.T1},aku.replications[1].namePrefix=B,aku.replications[1].tables={SYS.T2}", "SYS.B_BEAT on " + trial.Pod(0) + " is a table of yours with the name of aku's own: rename it"},
		{"another prefix", "aku.replications[0].namePrefix=OTHER,aku.replications[0].tables={SYS.T1}", "aku.replications has no block AKU_REP any more, but " + trial.Pod(0) + " replicates by AKU_REP_01, which may hold changes that are still unsent: scale to 1 first"},
		{"fewer servers than pods", "replicaCount=1,aku.serverCount=1", "aku.serverCount is 1, but " + trial.Pod(1) + " is there: scale to 1 first"},
	} {
		if err := space.Upgrade(t.Context(), c.set); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v\nwant %s", c.name, err, c.want)
		}
	}
	for _, pod := range []string{trial.Pod(0), trial.Pod(1)} {
		if now := space.Pods()[pod]; now.UID != before[pod].UID || trial.Restarts(now) != trial.Restarts(before[pod]) {
			t.Errorf("%s was touched", pod)
		}
	}
	// A busy machine may miss a probe for a moment.
	must(t, space.AwaitReady(t.Context(), healLimit, trial.Pod(0), trial.Pod(1)))

	// A rollback to fewer servers is refused in the same way.
	must(t, space.Upgrade(t.Context(), "replicaCount=3", "aku.serverCount=3"))
	must(t, space.AwaitReady(t.Context(), healLimit, trial.Pod(2)))
	if err := space.Rollback(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "aku.serverCount is 2, but "+trial.Pod(2)+" is there: scale to 2 first") {
		t.Errorf("rollback: got %v", err)
	}
}

// Under another name, the release would start empty beside the old objects. helm upgrade sees the objects in
// the cluster. Where the chart is only rendered, as by Argo CD, the check sees them.
func TestUpgrade_ToAnotherName_IsRefused_WhereTheChartIsOnlyRendered_Too(t *testing.T) {
	t.Parallel()
	space := open(t)
	must(t, space.Install(t.Context()))
	must(t, space.AwaitReady(t.Context(), startLimit, trial.Pod(0)))
	if err := space.Upgrade(t.Context(), "fullnameOverride=other"); err == nil || !strings.Contains(err.Error(), "other") {
		t.Errorf("helm: got %v", err)
	}

	const check = "other-check"
	manifest, err := space.Rendered(t.Context(), "hook-check-upgrade.yaml", trial.Values{"fullnameOverride": "other"})
	must(t, err)
	_, err = space.Kubectl(t.Context(), manifest, "apply", "-f", "-")
	must(t, err)
	_, err = space.Kubectl(t.Context(), "", "wait", "--for=condition=failed", "job/"+check, "--timeout=180s")
	must(t, err)
	said, err := space.Kubectl(t.Context(), "", "logs", "job/"+check)
	must(t, err)
	if want := "the StatefulSet of this release is called altibase, but with these values it would be other, and new pods would start empty"; !strings.Contains(said, want) {
		t.Errorf("it says %s", said)
	}

	// With its own name, the same steps pass.
	manifest, err = space.Rendered(t.Context(), "hook-check-upgrade.yaml", nil)
	must(t, err)
	_, err = space.Kubectl(t.Context(), manifest, "apply", "-f", "-")
	must(t, err)
	_, err = space.Kubectl(t.Context(), "", "wait", "--for=condition=complete", "job/altibase-check", "--timeout=180s")
	must(t, err)
}

func TestUpgrade_ThatRepairsABrokenReleaseIsNotHeldUp(t *testing.T) {
	t.Parallel()
	right := firstPassword(t, newCluster(t))
	space := open(t)
	must(t, space.Install(t.Context(), wrongPassword))
	must(t, space.AwaitLog(t.Context(), startLimit, trial.Pod(0), trial.Sidecar, "ERR-4102E"))
	// The changed number of servers makes the check run, still with the wrong password.
	must(t, space.Upgrade(t.Context(), `auth.sysPassword=`+right, "aku.serverCount=5"))
	must(t, space.DeletePods(t.Context(), trial.Pod(0)))
	must(t, space.AwaitReady(t.Context(), healLimit, trial.Pod(0)))
}
