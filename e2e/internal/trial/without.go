package trial

import (
	"context"
	"encoding/json"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WithoutPod ends one pod in good order and does something while it is away, whatever its number. The others go on: the
// StatefulSet is deleted without its pods meanwhile, and takes them back afterwards.
func (s *Space) WithoutPod(ctx context.Context, limit time.Duration, number int, do func(context.Context, int) error) error {
	out, err := s.kubectl(ctx, nil, "get", "statefulset", release, "-o", "json")
	if err != nil {
		return err
	}
	var set appsv1.StatefulSet
	if err := json.Unmarshal(out, &set); err != nil {
		return err
	}
	again := appsv1.StatefulSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"},
		ObjectMeta: metav1.ObjectMeta{Name: set.Name, Labels: set.Labels, Annotations: set.Annotations},
		Spec:       set.Spec,
	}
	if _, err := s.kubectl(ctx, nil, "delete", "statefulset", release, "--cascade=orphan"); err != nil {
		return err
	}
	if err := s.DeletePods(ctx, Pod(number)); err != nil {
		return err
	}
	if err := s.AwaitGone(ctx, limit, Pod(number)); err != nil {
		return err
	}
	if err := do(ctx, number); err != nil {
		return err
	}
	return s.create(ctx, again)
}
