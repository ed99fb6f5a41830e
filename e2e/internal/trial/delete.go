package trial

import (
	"context"
	"fmt"
	"time"
)

// DeleteByForce deletes a pod at once, without an end in good order.
func (s *Space) DeleteByForce(ctx context.Context, pod string) error {
	_, err := s.kubectl(ctx, nil, "delete", "pod", pod, "--force", "--grace-period=0")
	return err
}

// AwaitReplaced waits until these pods are replaced by others that are in service.
func (s *Space) AwaitReplaced(ctx context.Context, limit time.Duration, before Pods, names ...string) error {
	return s.AwaitPods(ctx, limit, fmt.Sprintf("new pods %v in service", names), func(pods Pods) string {
		for _, name := range names {
			if pod := pods[name]; pod.UID == before[name].UID || !Ready(pod) {
				return pods.Describe(name)
			}
		}
		return ""
	})
}
