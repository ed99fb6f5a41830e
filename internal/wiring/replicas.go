package wiring

import (
	"context"
	"fmt"

	"aku/internal/akucore"
	"aku/internal/kube"
	"aku/internal/settings"
)

// Unasked is the replica count when it was not asked for, or when there was no answer.
const Unasked = -1

// Replicas is the number of pods that the StatefulSet wants. It asks the Kubernetes API only
// when the answer decides something.
func Replicas(ctx context.Context, s settings.Settings) (int, error) {
	if akucore.ResetMode(s.ReplicationResetAtEnd) != akucore.ResetAuto {
		return Unasked, nil
	}
	replicas, err := kube.StatefulSet{Name: s.StatefulSet}.Replicas(ctx)
	if err != nil {
		return Unasked, fmt.Errorf("the replica count is not known, so nothing is reset: %w", err)
	}
	return replicas, nil
}
