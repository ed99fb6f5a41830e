package sidecar

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
	"aku/internal/metrics"
	"aku/internal/pulse"
	"aku/internal/settings"
)

const (
	// outOfMesh is what the log calls a pod that is kept out.
	outOfMesh = "the pod stays out of the mesh"
	// outPoll is the time between two checks whether it still is.
	outPoll = time.Second
)

// Surplus makes the sidecar of a pod for whose number the mesh has no place. It reports why,
// and touches no server. If it ended instead, the kubelet would only start it again.
func Surplus(s settings.Settings, why error, log *slog.Logger) *Sidecar {
	sidecar := New(s, nil, log)
	sidecar.surplus = why
	return sidecar
}

// keptOut is the reason why the sidecar must not touch any server; nil when there is none.
func (s *Sidecar) keptOut() error {
	if s.surplus != nil {
		return fmt.Errorf("%w: lower the number of replicas, or raise aku.serverCount of the chart (at most %d), which restarts the pods",
			s.surplus, settings.MaxServers)
	}
	if held := s.taken.Load(); held != nil {
		return *held
	}
	if what := s.dir.Foreign(); what != "" {
		return fmt.Errorf("%w: %s. It empties tables and resets without a proof, so this pod does nothing beside it: take its calls out of the "+
			"image's entry point, or give the chart a command that only starts the server, and then delete the pod", akucore.ErrForeign, what)
	}
	return nil
}

// stayOut reports why the pod is kept out, and waits a moment.
func (s *Sidecar) stayOut(ctx context.Context, why error) {
	s.warn(outOfMesh, why)
	s.warn("remove the marker", s.dir.Unmark())
	s.become(metrics.Waiting, lifecycle.ReasonOf(why), why.Error())
	_ = pulse.Sleep(ctx, outPoll)
}
