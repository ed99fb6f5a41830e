//go:build e2e && node

package e2e

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aku/e2e/internal/trial"
)

const (
	fireLimit    = 4 * time.Minute // from the cause of an alert until it fires
	resolveLimit = 4 * time.Minute // from the end of its cause until it is resolved
)

// smallBuffers keep unsent changes out of the kernel's buffers, so that a slow network shows.
var smallBuffers = []map[string]string{
	{"name": "net.ipv4.tcp_rmem", "value": "4096 16384 16384"},
	{"name": "net.ipv4.tcp_wmem", "value": "4096 16384 16384"},
}

// quickRules are the chart's rules, shortened so that a test takes minutes: a condition holds for a second,
// limits are low, and ranges are short. A busy machine has only a few failed steps or starts in a minute, so
// these limits are low, too.
func quickRules(t *testing.T, space *trial.Space) string {
	t.Helper()
	rendered, err := space.Rules(t.Context(), trial.Values{"metrics": trial.Values{"prometheusRule": trial.Values{
		"enabled": true, "for": "1s", "pinnedSeconds": 5, "gapBytes": 100_000, "lagSeconds": 10,
	}}})
	must(t, err)
	rules := string(rendered)
	for _, shorter := range [][2]string{{"[15m])) > 10", "[1m])) > 2"}, {"[1h])) > 3", "[1m])) > 1.5"}, {"[15m]", "[30s]"}, {"[5m]", "[30s]"}, {"[1h]", "[1m]"}, {"offset 1h", "offset 1m"}, {"< 3600", "< 60"}} {
		if !strings.Contains(rules, shorter[0]) {
			t.Fatalf("no rule has %s:\n%s", shorter[0], rules)
		}
		rules = strings.ReplaceAll(rules, shorter[0], shorter[1])
	}
	return rules
}

// The test causes each condition that has an alert, and ends it. A real Prometheus watches the cluster.
func TestAlerts_EachFiresAndResolves(t *testing.T) {
	t.Parallel()
	space := open(t)
	rules := quickRules(t, space)
	prometheus, err := space.StartPrometheus(t.Context(), []byte(rules))
	must(t, err)
	var shown []string
	fires := func(alert string) {
		t.Helper()
		must(t, prometheus.AwaitFiring(t.Context(), fireLimit, alert))
		name, _, _ := strings.Cut(alert, "{")
		shown = append(shown, name)
	}
	resolves := func(names ...string) {
		t.Helper()
		for _, name := range names {
			must(t, prometheus.AwaitResolved(t.Context(), resolveLimit, name))
		}
	}
	master, slave, third := trial.Pod(0), trial.Pod(1), trial.Pod(2)

	// No pod exists.
	fires("AkuAbsent")
	must(t, space.Install(t.Context(), trial.Values{"replicaCount": 2, "podSecurityContext": trial.Values{"sysctls": smallBuffers}}))
	must(t, space.StartClient(t.Context()))
	must(t, space.AwaitReady(t.Context(), 2*startLimit, master, slave))
	resolves("AkuAbsent", "AkuNotInService")

	// A pod whose table differs cannot join, however often it tries.
	must(t, space.Upgrade(t.Context(), "replicaCount=3", scripts("V INTEGER")))
	fires("AkuNotInService{" + third + "}")
	fires("AkuStepErrors{" + third + "}")
	must(t, space.Upgrade(t.Context(), "replicaCount=2", scripts("V VARCHAR(100)")))
	must(t, space.AwaitGone(t.Context(), healLimit, third))
	resolves("AkuNotInService")

	// First only one pod has the row, then both.
	must(t, space.Session(t.Context(), 1, "ALTER SESSION SET REPLICATION = FALSE", "INSERT INTO T1 VALUES (1, 'here')"))
	must(t, space.Session(t.Context(), 0, "INSERT INTO T1 VALUES (1, 'there')"))
	fires("AkuConflicts{" + slave + "}")
	must(t, space.Session(t.Context(), 1, "ALTER SESSION SET REPLICATION = FALSE", "UPDATE T1 SET V = 'there' WHERE ID = 1"))
	must(t, space.Session(t.Context(), 0, "DELETE FROM T1 WHERE ID = 1"))

	// The server is closed again and again, and aku opens it each time.
	for range 5 {
		mustComeBack(t, space, 1, func() { must(t, space.Session(t.Context(), 1, "ALTER SYSTEM SET ADMIN_MODE = 1")) })
	}
	fires("AkuRestarts{" + slave + "}")

	// One side of a pair is stopped.
	must(t, space.Session(t.Context(), 1, "ALTER REPLICATION AKU_REP_01 STOP"))
	fires("AkuPairOneWay{" + master + "}")
	fires("AkuLogPinned{" + slave + "}")
	must(t, space.Session(t.Context(), 1, "ALTER REPLICATION AKU_REP_01 START"))
	resolves("AkuPairOneWay")

	// More is written than the network carries.
	writer, err := space.StartWriter("writer", 0, 1_000_000, 100)
	must(t, err)
	heal, err := space.Slow(t.Context(), master, slave, 4_000)
	must(t, err)
	// One statement writes many rows, so a slow machine is fast enough.
	must(t, space.Session(t.Context(), 0, "INSERT INTO T1 SELECT LEVEL + 5000000, 'x' FROM DUAL CONNECT BY LEVEL <= 3000"))
	fires("AkuGap{" + master + "}")
	fires("AkuLag{" + slave + "}")
	must(t, heal())
	_, err = writer.Stop(t.Context())
	must(t, err)
	must(t, space.Session(t.Context(), 0, "DELETE FROM T1 WHERE ID > 5000000")) // no journal has these rows
	resolves("AkuGap", "AkuLag", "AkuLogPinned")

	// Somebody holds a lock on the slave, so nothing of the master arrives there. Its sender is connected.
	writer, err = space.StartWriter("blocked", 0, 2_000_000, 100)
	must(t, err)
	release, err := space.Hold(1, "LOCK TABLE T1 IN EXCLUSIVE MODE")
	must(t, err)
	fires("AkuNotArriving{" + slave + "}")
	must(t, release())
	_, err = writer.Stop(t.Context())
	must(t, err)
	resolves("AkuNotArriving", "AkuLag")

	// The slave does not apply rows of the master while a pod joins, with a new volume: the old one has another table.
	must(t, space.DeleteClaim(t.Context(), 2))
	must(t, space.Upgrade(t.Context(), "replicaCount=3"))
	mustConflictUntil(t, space, third, func() error { return prometheus.AwaitFiring(t.Context(), fireLimit, "AkuRowsGivenUp{"+third+"}") })
	shown = append(shown, "AkuRowsGivenUp")
	status, err := space.Exec(t.Context(), master, trial.Sidecar, "/opt/aku/bin/aku-init", "status")
	must(t, err)
	if says := third + " tells that rows may differ: "; !strings.Contains(string(status), says) {
		t.Errorf("status does not say %q:\n%s", says, status)
	}
	must(t, space.Upgrade(t.Context(), "replicaCount=2"))
	must(t, space.AwaitGone(t.Context(), healLimit, third))

	// A pod is removed, and cannot end in good order: nobody answers it, and it has no time.
	before := space.Pods()
	_, err = space.Cut(t.Context(), slave, master) // the cut ends with the pod
	must(t, err)
	must(t, space.DeleteByForce(t.Context(), slave))
	// The pod reports it before it is in service again. That may have to wait until its peer notices that it
	// was away.
	fires("AkuEndIncomplete{" + slave + "}")
	must(t, space.AwaitReplaced(t.Context(), healLimit, before, slave))

	// The master loses its volume.
	must(t, space.LoseVolume(t.Context(), startLimit, 0))
	fires("AkuNeedsHuman{" + master + "}")
	if _, err := space.Exec(t.Context(), master, trial.Sidecar, "/opt/aku/bin/aku-init", "recover", "--from", "1", "--yes"); err != nil {
		t.Fatal(err)
	}
	must(t, space.AwaitReady(t.Context(), healLimit, master, slave))
	resolves("AkuNeedsHuman", "AkuEndIncomplete", "AkuConflicts", "AkuStepErrors", "AkuRestarts", "AkuRowsGivenUp")
	mustAgree(t, space, 2)

	var all []string
	for _, alert := range regexp.MustCompile(`(?m)alert: (\w+)$`).FindAllStringSubmatch(rules, -1) {
		all = append(all, alert[1])
	}
	slices.Sort(all)
	slices.Sort(shown)
	if diff := cmp.Diff(all, slices.Compact(shown)); diff != "" {
		t.Errorf("alerts of the chart, and those that were shown:\n%s", diff)
	}
	must(t, trial.Await(t.Context(), resolveLimit, "no alert", func(ctx context.Context) string {
		if firing, err := prometheus.Firing(ctx); err != nil || len(firing) > 0 {
			return fmt.Sprint(firing, err)
		}
		return ""
	}))
}

// mustConflictUntil has the slave refuse rows of the master until the pod is ready and the alert has fired: the
// alert soon ends. Both have the same rows in the end.
func mustConflictUntil(t *testing.T, space *trial.Space, pod string, fires func() error) {
	t.Helper()
	const first, all, round = 3_000_000, 50_000, 250
	must(t, space.Session(t.Context(), 1, "ALTER SESSION SET REPLICATION = FALSE",
		fmt.Sprintf("INSERT INTO T1 SELECT LEVEL + %d, 'conflict' FROM DUAL CONNECT BY LEVEL <= %d", first, all)))
	done := make(chan error, 2)
	go func() { done <- space.AwaitReady(t.Context(), startLimit, pod) }()
	go func() { done <- fires() }()
	for key, left := first, 2; left > 0; {
		select {
		case err := <-done:
			must(t, err)
			left--
		default:
			var inserts []string
			for range round {
				key++
				inserts = append(inserts, fmt.Sprintf("INSERT INTO T1 VALUES (%d, 'conflict')", key))
			}
			must(t, space.Session(t.Context(), 0, inserts...))
		}
	}
	remove := fmt.Sprintf("DELETE FROM T1 WHERE ID > %d", first)
	must(t, space.Session(t.Context(), 0, remove))
	must(t, space.Session(t.Context(), 1, "ALTER SESSION SET REPLICATION = FALSE", remove))
}

// scripts sets the script that creates the table on a new server.
func scripts(column string) string {
	return `initdb.scripts.01-tables\.sql=CREATE TABLE T1 (ID INTEGER PRIMARY KEY\, ` + column + `);`
}

// mustComeBack brings a pod out of service, and waits until its log says that it is back.
func mustComeBack(t *testing.T, space *trial.Space, number int, do func()) {
	t.Helper()
	pod := space.Pods()[trial.Pod(number)]
	starts := func() int { return strings.Count(space.LogOf(pod, trial.Sidecar), "AKU run successfully.") }
	var before int
	// The line of the last start may still be on its way.
	must(t, trial.Await(t.Context(), healLimit, "the last start in the log of "+pod.Name, func(context.Context) string {
		if before = starts(); before == 0 {
			return "nothing"
		}
		return ""
	}))
	do()
	must(t, trial.Await(t.Context(), healLimit, pod.Name+" in service again", func(context.Context) string {
		if now := starts(); now <= before {
			return fmt.Sprintf("%d starts", now)
		}
		return ""
	}))
}
