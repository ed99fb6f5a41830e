//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"aku/e2e/internal/trial"
)

// wrongPassword is the password of a release that does not know SYS's password in the image.
var wrongPassword = trial.Values{"auth": trial.Values{"sysPassword": "wrong", "initialPassword": "wrong-too"}}

func TestWrongPassword_IsSaid_AndHealsWithTheSecret(t *testing.T) {
	t.Parallel()
	right := firstPassword(t, newCluster(t))
	space := open(t)
	must(t, space.Install(t.Context(), wrongPassword))
	must(t, space.AwaitLog(t.Context(), startLimit, trial.Pod(0), trial.Sidecar, "ERR-4102E", "correct the SYS password in the Secret"))
	if trial.Ready(space.Pods()[trial.Pod(0)]) {
		t.Error("a pod that aku cannot log in to is in service")
	}

	must(t, space.SetPassword(t.Context(), right))
	must(t, space.AwaitReady(t.Context(), healLimit, trial.Pod(0)))
	if restarts := trial.Restarts(space.Pods()[trial.Pod(0)]); restarts > 0 {
		t.Errorf("it took %d restarts, want none", restarts)
	}
}

func TestTable_MissingOrWithoutPrimaryKey_IsSaid_AndHealsWithoutRestart(t *testing.T) {
	t.Parallel()
	space := open(t)
	// The script creates another table than the replicated one.
	must(t, space.Install(t.Context(), trial.Values{
		"initdb": trial.Values{"scripts": trial.Values{"01-tables.sql": "CREATE TABLE T0 (ID INTEGER PRIMARY KEY);"}},
	}))
	must(t, space.StartClient(t.Context()))
	must(t, space.AwaitLog(t.Context(), startLimit, trial.Pod(0), trial.Sidecar, "table SYS.T1 does not exist on "+trial.Pod(0)))
	mustBeClosed(t, space)

	asSYSDBA(t, space, "CREATE TABLE SYS.T1 (ID INTEGER, V VARCHAR(100))")
	must(t, space.AwaitLog(t.Context(), startLimit, trial.Pod(0), trial.Sidecar, "SYS.T1 on "+trial.Pod(0)+" has no primary key"))
	mustBeClosed(t, space)

	asSYSDBA(t, space, "DROP TABLE SYS.T1")
	asSYSDBA(t, space, "CREATE TABLE SYS.T1 (ID INTEGER PRIMARY KEY, V VARCHAR(100))")
	must(t, space.AwaitReady(t.Context(), healLimit, trial.Pod(0)))
	if restarts := trial.Restarts(space.Pods()[trial.Pod(0)]); restarts > 0 {
		t.Errorf("it took %d restarts, want none", restarts)
	}
}

// mustBeClosed checks that users are kept out, by the server and by the Service.
func mustBeClosed(t *testing.T, space *trial.Space) {
	t.Helper()
	if trial.Ready(space.Pods()[trial.Pod(0)]) {
		t.Error("a pod that cannot be replicated is in service")
	}
	if _, err := space.Query(t.Context(), 0, "SELECT 1 FROM DUAL"); err == nil || !strings.Contains(err.Error(), "4106E") {
		t.Errorf("a user logs in: got %v, want ERR-4106E", err)
	}
}

// asSYSDBA runs a statement. There is only one SYSDBA session, and aku needs it now and then.
func asSYSDBA(t *testing.T, space *trial.Space, statement string) {
	t.Helper()
	must(t, trial.Await(t.Context(), startLimit, "the SYSDBA session", func(ctx context.Context) string {
		_, err := space.QueryAsSYSDBA(ctx, 0, statement)
		if err != nil && !strings.Contains(err.Error(), "41041") {
			t.Fatal(err)
		}
		if err != nil {
			return err.Error()
		}
		return ""
	}))
}

func TestConfigurationFaults_AreAllSaidAtOnce_ExitCode2(t *testing.T) {
	t.Parallel()
	space := open(t)
	must(t, space.Run(t.Context(), corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "faulty"},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			Containers: []corev1.Container{{
				Name:  trial.Sidecar,
				Image: trial.ImagesOfEnvironment().AKU,
				Env: []corev1.EnvVar{
					{Name: "AKU_SVC_NAME", Value: "altibase-pods"},
					{Name: "AKU_PORT_NO", Value: "80"},
					{Name: "AKU_SERVER_COUNT", Value: "7"},
					{Name: "AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX", Value: strings.Repeat("P", 38)},
					{Name: "AKU_REPLICATIONS_0_TABLES", Value: "T1"},
				},
			}},
		},
	}))
	var exit int32
	must(t, space.AwaitPods(t.Context(), startLimit, "the end of aku-init", func(pods trial.Pods) string {
		ended := trial.Container(pods["faulty"], trial.Sidecar).State.Terminated
		if ended == nil {
			return "it runs"
		}
		exit = ended.ExitCode
		return ""
	}))
	if exit != 2 {
		t.Errorf("aku-init ended with %d, want 2", exit)
	}
	must(t, space.AwaitLog(t.Context(), startLimit, "faulty", trial.Sidecar,
		"Property [AKU_STS_NAME] should be specified by configuration.",
		"Property [AKU_SYS_PASSWORD] should be specified by configuration.",
		"AKU_PORT_NO", "AKU_SERVER_COUNT", "REPLICATION_NAME_PREFIX", "AKU_REPLICATIONS_0_TABLES"))
}
