package trial

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const copyLimit = 3 * time.Minute

// CopyVolume copies a pod's volume to another claim. The pod must be gone.
func (s *Space) CopyVolume(ctx context.Context, number int) error {
	err := s.create(ctx, corev1.PersistentVolumeClaim{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: metav1.ObjectMeta{Name: copyOf(number)},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	})
	if err != nil {
		return err
	}
	return s.replace(ctx, "copy-"+Pod(number), copyOf(number), dataOf(number))
}

// SetVolumeBack restores that copy. The pod must be gone.
func (s *Space) SetVolumeBack(ctx context.Context, number int) error {
	return s.replace(ctx, "set-back-"+Pod(number), dataOf(number), copyOf(number))
}

func dataOf(number int) string { return "data-" + Pod(number) }
func copyOf(number int) string { return "copy-" + Pod(number) }

// replace replaces the content of a claim by that of another one, in a pod that runs as the server's user.
func (s *Space) replace(ctx context.Context, pod, claim, from string) error {
	set, err := s.StatefulSet(ctx)
	if err != nil {
		return err
	}
	const folder, source = "/folder", "/from"
	volume := func(name, claim string) corev1.Volume {
		return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
		}}
	}
	server := set.Spec.Template.Spec
	user := server.SecurityContext.DeepCopy()
	if user == nil {
		user = &corev1.PodSecurityContext{}
	}
	if user.RunAsUser == nil {
		user.RunAsUser = new(int64(0)) // the client's image has another user
	}
	err = s.Run(ctx, corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: pod},
		Spec: corev1.PodSpec{
			AutomountServiceAccountToken: new(false),
			RestartPolicy:                corev1.RestartPolicyNever,
			NodeSelector:                 server.NodeSelector,
			Tolerations:                  server.Tolerations,
			SecurityContext:              user,
			Containers: []corev1.Container{{
				Name: "replace", Image: s.cluster.Images.Client, Command: []string{clientProgram, "replace", folder, source},
				VolumeMounts: []corev1.VolumeMount{{Name: "folder", MountPath: folder}, {Name: "from", MountPath: source}},
			}},
			Volumes: []corev1.Volume{volume("folder", claim), volume("from", from)},
		},
	})
	if err != nil {
		return err
	}
	var end *corev1.ContainerStateTerminated
	err = s.AwaitPods(ctx, copyLimit, "the end of "+pod, func(pods Pods) string {
		if end = Container(pods[pod], "replace").State.Terminated; end == nil {
			return pods.Describe(pod)
		}
		return ""
	})
	if err == nil && end.ExitCode != 0 {
		err = fmt.Errorf("%s copies nothing: exit code %d, kubectl logs %[1]s says why", pod, end.ExitCode)
	}
	return err
}
