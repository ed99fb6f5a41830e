package trial

import (
	"context"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ShareVolume gives a future pod a volume of its own that is the folder of another namespace's pod, as two
// volumes can name one folder of an NFS export. It returns the name of that volume, which belongs to no
// namespace.
func (s *Space) ShareVolume(ctx context.Context, number int, with *Space) (name string, err error) {
	out, err := with.kubectl(ctx, nil, "get", "pvc", dataOf(number), "-o", "jsonpath={.spec.volumeName}")
	if err != nil {
		return "", err
	}
	if out, err = s.kubectl(ctx, nil, "get", "pv", string(out), "-o", "json"); err != nil {
		return "", err
	}
	var theirs corev1.PersistentVolume
	if err := json.Unmarshal(out, &theirs); err != nil {
		return "", err
	}
	name = s.Namespace + "-" + dataOf(number)
	volume := corev1.PersistentVolume{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolume"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       theirs.Spec,
	}
	volume.Spec.ClaimRef = &corev1.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: s.Namespace, Name: dataOf(number)}
	volume.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimRetain
	claim := corev1.PersistentVolumeClaim{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: metav1.ObjectMeta{Name: dataOf(number)},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: theirs.Spec.AccessModes, VolumeName: name, StorageClassName: &theirs.Spec.StorageClassName,
			Resources: corev1.VolumeResourceRequirements{Requests: theirs.Spec.Capacity},
		},
	}
	return name, s.create(ctx, volume, claim)
}
