package trial

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nodeHandPod is the pod by which processes of other pods are seen and signalled.
const nodeHandPod = "node-hand"

// StartNodeHand starts a pod in the process namespace of the node and waits for it. Signals come from there, as those of the kernel and
// of the kubelet do: whatever image the server has, and whoever its user is, it can neither ask for them nor refuse them.
func (s *Space) StartNodeHand(ctx context.Context) error {
	pod := corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: nodeHandPod},
		Spec: corev1.PodSpec{
			HostPID:                       true,
			AutomountServiceAccountToken:  new(false),
			TerminationGracePeriodSeconds: new(int64(1)),
			Containers: []corev1.Container{{
				Name: nodeHandPod, Image: s.cluster.Images.Client, Command: []string{clientProgram, "wait"},
				SecurityContext: &corev1.SecurityContext{
					RunAsUser:                new(int64(0)),
					AllowPrivilegeEscalation: new(false),
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"KILL"}},
				},
			}},
		},
	}
	if err := s.Run(ctx, pod); err != nil {
		return err
	}
	return s.AwaitReady(ctx, joinLimit, nodeHandPod)
}

// nodeHand calls the client program there.
func (s *Space) nodeHand(ctx context.Context, args []string, into ...any) error {
	return s.call(ctx, nodeHandPod, args, into...)
}
