//go:build e2e

package e2e

import (
	"encoding/json"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"aku/e2e/internal/trial"
)

// oldStatefulSet is a StatefulSet with its Service as users of the vendor's utility have it: the server of
// the chart's pods without aku. The test acts as the utility.
func oldStatefulSet(t *testing.T, space *trial.Space) string {
	t.Helper()
	set, err := space.StatefulSet(t.Context())
	must(t, err)
	pod := trial.Plain(set)
	pod.TerminationGracePeriodSeconds = new(int64(5))
	server := &pod.Containers[0]
	server.ReadinessProbe = &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{
		TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString(server.Ports[0].Name)},
	}}
	// Its volume has another name than the chart's.
	claim := set.Spec.VolumeClaimTemplates[0]
	for i := range server.VolumeMounts {
		if mount := &server.VolumeMounts[i]; mount.Name == claim.Name {
			mount.Name = "volume"
		}
	}
	claim.Name = "volume"
	labels := map[string]string{"app": "altibase-old"}
	objects := []any{
		corev1.Service{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
			ObjectMeta: metav1.ObjectMeta{Name: "altibase-svc"},
			Spec: corev1.ServiceSpec{
				ClusterIP: corev1.ClusterIPNone, PublishNotReadyAddresses: true, Selector: labels,
				Ports: []corev1.ServicePort{{Name: "altibase", Port: server.Ports[0].ContainerPort}},
			},
		},
		appsv1.StatefulSet{
			TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"},
			ObjectMeta: metav1.ObjectMeta{Name: "altibase-sts"},
			Spec: appsv1.StatefulSetSpec{
				Replicas: new(int32(2)), ServiceName: "altibase-svc", Selector: &metav1.LabelSelector{MatchLabels: labels},
				VolumeClaimTemplates: []corev1.PersistentVolumeClaim{claim},
				Template:             corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod},
			},
		},
	}
	list, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": objects})
	must(t, err)
	return string(list)
}
