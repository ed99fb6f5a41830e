package charts

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"aku/internal/akucore"
)

const recoverOrder = "aku: {recover: {from: 2, generation: 2-48213}}"

func TestRecoveryOrder_ReachesTheSidecarWithoutARestart(t *testing.T) {
	without, with := render(t, least), render(t, least, recoverOrder)
	if diff := cmp.Diff(without.statefulSet, with.statefulSet); diff != "" {
		t.Errorf("the order would restart the pods:\n%s", diff)
	}
	if _, found := without.configMaps["altibase-recover"]; found {
		t.Error("there is an order without one")
	}
	order := with.configMaps["altibase-recover"]
	if order == nil {
		t.Fatal("no order")
	}
	var got akucore.RecoveryOrder
	if err := json.Unmarshal([]byte(order.Data["order.json"]), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(akucore.RecoveryOrder{From: 2, Generation: "2-48213"}, got); diff != "" {
		t.Error(diff)
	}
	// The file that the sidecar reads is that key, and it follows the ConfigMap: a mount with a subPath would not.
	mounts := with.container(t, "aku").VolumeMounts
	i := slices.IndexFunc(mounts, func(m corev1.VolumeMount) bool { return m.Name == "recover" })
	if i < 0 || mounts[i].SubPath != "" || mounts[i].MountPath+"/order.json" != environment(t, with.container(t, "aku"))["AKU_RECOVER_FILE"] {
		t.Errorf("mounts %v", mounts)
	}
}

func TestContainersThatEnd_SayWhyInTheDescriptionOfThePod(t *testing.T) {
	r := render(t, least)
	for _, name := range []string{"aku-install", "aku", "altibase"} {
		if got := r.container(t, name).TerminationMessagePolicy; got != corev1.TerminationMessageFallbackToLogsOnError {
			t.Errorf("%s: %q", name, got)
		}
	}
}
