package trial

import (
	"context"
	"fmt"
	"time"
)

// LoseVolume removes a pod at once, together with its volume. The pod that replaces it begins with an empty
// one.
func (s *Space) LoseVolume(ctx context.Context, limit time.Duration, number int) error {
	pod := Pod(number)
	before := s.Pods()[pod]
	if err := s.DeleteClaim(ctx, number); err != nil {
		return err
	}
	if err := s.DeleteByForce(ctx, pod); err != nil {
		return err
	}
	return s.AwaitPods(ctx, limit, "a new "+pod+" with a new volume", func(pods Pods) string {
		if now := pods[pod]; now.UID == before.UID || Container(now, Database).State.Running == nil {
			return pods.Describe(pod)
		}
		return ""
	})
}

// DeleteClaim deletes the claim of a pod's volume. It stays while a pod uses it.
func (s *Space) DeleteClaim(ctx context.Context, number int) error {
	_, err := s.kubectl(ctx, nil, "delete", "pvc", dataOf(number), "--wait=false")
	return err
}

// Describe is the output of kubectl describe for a pod.
func (s *Space) Describe(ctx context.Context, pod string) (string, error) {
	out, err := s.kubectl(ctx, nil, "describe", "pod", pod)
	return string(out), err
}

// Order orders a recovery of the master by a value, as a user does who may not enter pods.
func (s *Space) Order(ctx context.Context, from int, generation string) error {
	if err := s.Upgrade(ctx, fmt.Sprintf("aku.recover.from=%d,aku.recover.generation=%s", from, generation)); err != nil {
		return err
	}
	return s.refresh(ctx)
}

// refresh makes the kubelet read ConfigMaps and Secrets again. It does so about once a minute, and at any
// change of the pod.
func (s *Space) refresh(ctx context.Context) error {
	_, err := s.kubectl(ctx, nil, "annotate", "pod", "--overwrite", "--selector", "app.kubernetes.io/instance="+release, "e2e/refresh="+time.Now().Format("150405.000"))
	return err
}
