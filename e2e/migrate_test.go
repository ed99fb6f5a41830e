//go:build e2e

package e2e

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"
	"time"

	"aku/e2e/internal/trial"
)

// oldConfiguration is a configuration of the vendor's utility.
//
//go:embed testdata/aku.conf
var oldConfiguration string

// newClaim is the claim that takes the volume over.
const newClaim = `{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": %q},
	"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "local-path", "volumeName": %q}}`

// reserve keeps a volume for a claim that does not exist yet.
const reserve = `[{"op": "replace", "path": "/spec/claimRef",
	"value": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": %q, "name": %q}}]`

// The test follows docs/migrate.md step by step, and its way back.
func TestMigration_TakesAStatefulSetOfTheVendorsUtilityOver_AndBack(t *testing.T) {
	t.Parallel()
	password := firstPassword(t, newCluster(t))
	space := open(t)
	kubectl := func(stdin string, args ...string) string {
		t.Helper()
		out, err := space.Kubectl(t.Context(), stdin, args...)
		must(t, err)
		return out
	}
	const old0, old1 = "altibase-sts-0", "altibase-sts-1"
	host := func(pod string) string { return pod + ".altibase-svc" }
	on := func(host string, statements ...string) {
		t.Helper()
		must(t, space.SessionOf(t.Context(), host, statements...))
	}
	mustHold := func(host string, want int) {
		t.Helper()
		rows, err := space.QueryOf(t.Context(), host, "SELECT COUNT(*) FROM T1")
		must(t, err)
		if got := rows[0][0]; got != fmt.Sprint(want) {
			t.Errorf("%s holds %s rows, want %d", host, got, want)
		}
	}

	// The old StatefulSet is joined and open, as the vendor's utility leaves it.
	kubectl(oldStatefulSet(t, space), "apply", "-f", "-")
	kubectl("", "create", "secret", "generic", "altibase-auth", "--from-literal=password="+password) // the client needs it
	must(t, space.StartClient(t.Context()))
	must(t, space.AwaitReady(t.Context(), startLimit, old0, old1))
	for pod, peer := range map[string]string{old0: old1, old1: old0} {
		on(host(pod), "CREATE TABLE T1 (ID INTEGER PRIMARY KEY, V VARCHAR(100))",
			fmt.Sprintf("CREATE REPLICATION AKU_REP_01 WITH '%s', 20301 FROM SYS.T1 TO SYS.T1", host(peer)))
	}
	for i, pod := range []string{old0, old1} {
		on(host(pod), "ALTER REPLICATION AKU_REP_01 START")
		var inserts []string
		for row := range 20 {
			inserts = append(inserts, fmt.Sprintf("INSERT INTO T1 VALUES (%d, 'old')", 100*i+row))
		}
		on(host(pod), inserts...)
	}

	// 2. The values.
	imported := kubectl(strings.ReplaceAll(oldConfiguration, "old-secret", password), "run", "import", "--rm", "--stdin", "--quiet", "--restart=Never", "--image="+trial.ImagesOfEnvironment().AKU, "--", "import", "-")
	if !strings.Contains(imported, "existingSecret: altibase-sys") {
		t.Fatalf("the values: %s", imported)
	}
	kubectl("", "create", "secret", "generic", "altibase-sys", "--from-literal=password="+password)

	// 2., 3. The slave leaves. The test does what the vendor's utility would do.
	on(host(old1), "ALTER REPLICATION AKU_REP_01 FLUSH ALL", "ALTER REPLICATION AKU_REP_01 STOP", "ALTER REPLICATION AKU_REP_01 RESET")
	on(host(old0), "ALTER REPLICATION AKU_REP_01 FLUSH ALL", "ALTER REPLICATION AKU_REP_01 STOP", "ALTER REPLICATION AKU_REP_01 RESET")
	mustHold(host(old1), 40)
	kubectl("", "scale", "statefulset", "altibase-sts", "--replicas=1")
	must(t, space.AwaitGone(t.Context(), healLimit, old1))
	mustHold(host(old0), 40)

	// 5. The old replication is dropped, and the server is stopped.
	on(host(old0), "DROP REPLICATION AKU_REP_01")
	kubectl("", "scale", "statefulset", "altibase-sts", "--replicas=0")
	must(t, space.AwaitGone(t.Context(), healLimit, old0))

	// 6. The volume is handed over.
	handOver := func(from, to string) {
		t.Helper()
		namespace := kubectl("", "get", "pvc", from, "-o", "jsonpath={.metadata.namespace}")
		volume := kubectl("", "get", "pvc", from, "-o", "jsonpath={.spec.volumeName}")
		kubectl("", "patch", "pv", volume, "-p", `{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}`)
		kubectl("", "delete", "pvc", from)
		// Without a claimRef, any claim could take the volume.
		kubectl("", "patch", "pv", volume, "--type=json", "-p", fmt.Sprintf(reserve, namespace, to))
		kubectl(fmt.Sprintf(newClaim, to, volume), "create", "-f", "-")
	}
	handOver("volume-"+old0, "data-"+trial.Pod(0))

	// 7. The release, with one pod.
	values, err := trial.ParseValues(imported)
	must(t, err)
	must(t, space.Install(t.Context(), values, trial.Values{"auth": trial.Values{"sysPassword": ""}}))
	must(t, space.AwaitReady(t.Context(), startLimit, trial.Pod(0)))
	mustHold(trial.Host(0), 40)

	// 8. Scale up.
	must(t, space.Upgrade(t.Context(), "replicaCount=2"))
	must(t, space.AwaitReady(t.Context(), startLimit, trial.Pod(0), trial.Pod(1)))
	must(t, space.Session(t.Context(), 1, "INSERT INTO T1 VALUES (1000, 'new')"))
	aku := func(pod string, args ...string) string {
		t.Helper()
		out, err := space.Exec(t.Context(), pod, trial.Sidecar, append([]string{"/opt/aku/bin/aku-init"}, args...)...)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	aku(trial.Pod(0), "verify", "--replicas", "2", "--checksums")
	mustHold(trial.Host(0), 41)
	if rows, err := space.QueryOf(t.Context(), trial.Host(0), "SELECT COUNT(*) FROM SYSTEM_.SYS_REPL_ITEMS_ WHERE LOCAL_TABLE_NAME = 'AKU_REP_BEAT'"); err != nil || rows[0][0] == "0" {
		t.Errorf("no object carries the beat table: %v, %v", rows, err)
	}

	// The way back.
	must(t, space.Upgrade(t.Context(), "replicaCount=1"))
	must(t, space.AwaitGone(t.Context(), healLimit, trial.Pod(1)))
	began := time.Now()
	aku(trial.Pod(0), "clean")
	if took := time.Since(began); took > 2*time.Minute {
		t.Errorf("clean took %s", took)
	}
	must(t, space.Uninstall(t.Context()))
	must(t, space.AwaitGone(t.Context(), healLimit, trial.Pod(0)))
	handOver("data-"+trial.Pod(0), "volume-"+old0)
	kubectl("", "scale", "statefulset", "altibase-sts", "--replicas=1")
	must(t, space.AwaitReady(t.Context(), startLimit, old0))
	mustHold(host(old0), 41)
	if rows, err := space.QueryOf(t.Context(), host(old0), "SELECT COUNT(*) FROM SYSTEM_.SYS_REPLICATIONS_"); err != nil || rows[0][0] != "0" {
		t.Errorf("replication objects that are left: %v, %v", rows, err)
	}
	if rows, err := space.QueryOf(t.Context(), host(old0), "SELECT COUNT(*) FROM SYSTEM_.SYS_TABLES_ WHERE TABLE_NAME = 'AKU_REP_BEAT'"); err != nil || rows[0][0] != "0" {
		t.Errorf("the beat table is left: %v, %v", rows, err)
	}
}
