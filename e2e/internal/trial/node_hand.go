package trial

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nodeHand is the container that sees and signals the processes of other pods.
const nodeHand = "node-hand"

// onNode calls the client in the process namespace of a pod's node. It starts the pod for that when it is
// first needed. Signals come from there as they come from the kernel or the kubelet. So they work whatever
// the server's image and user are.
func (s *Space) onNode(ctx context.Context, pod string, args []string, into ...any) error {
	node := s.Pods()[pod].Spec.NodeName
	hand := nodeHand + "-" + node
	if err := s.startNodeHandOnce(ctx, hand, node); err != nil {
		return err
	}
	return s.call(ctx, hand, nodeHand, args, into...)
}

// startNodeHandOnce starts the pod unless it is there. Several pods of one node may need it at the same time.
func (s *Space) startNodeHandOnce(ctx context.Context, name, node string) error {
	s.nodeHands.Lock()
	defer s.nodeHands.Unlock()
	if _, started := s.Pods()[name]; started {
		return nil
	}
	return s.startNodeHand(ctx, name, node)
}

func (s *Space) startNodeHand(ctx context.Context, name, node string) error {
	err := s.Run(ctx, corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			NodeName:                      node,
			HostPID:                       true,
			AutomountServiceAccountToken:  new(false),
			TerminationGracePeriodSeconds: new(int64(1)),
			Containers: []corev1.Container{{
				Name: nodeHand, Image: s.cluster.Images.Client, Command: []string{clientProgram, "wait"},
				SecurityContext: &corev1.SecurityContext{
					RunAsUser:                new(int64(0)),
					AllowPrivilegeEscalation: new(false),
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"KILL"}},
				},
			}},
		},
	})
	if err != nil {
		return err
	}
	return s.AwaitReady(ctx, joinLimit, name)
}
