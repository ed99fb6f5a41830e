package verify

import (
	"context"
	"fmt"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
	"aku/internal/pulse"
)

// inService waits until every pod lets users in and every pair runs both ways. When the time
// is over, it returns what is still missing.
func (v *verifier) inService(ctx context.Context) ([]Pod, []string) {
	for deadline := time.Now().Add(v.options.Timeout); ; {
		pods, faults := v.service(ctx)
		if len(faults) == 0 || !time.Now().Before(deadline) || pulse.Sleep(ctx, pollInterval) != nil {
			return pods, faults
		}
	}
}

// service checks once.
func (v *verifier) service(ctx context.Context) (pods []Pod, faults []string) {
	states, errs := lifecycle.AskPods(ctx, len(v.servers), len(v.servers), lifecycle.AnswerLimit, func(ctx context.Context, pod int) (akucore.State, error) {
		return v.all.Server(pod).Brief(ctx)
	})
	for number := range v.servers {
		seen := akucore.Pod{State: states[number], Err: errs[number]}
		pod := Pod{Name: v.mesh.PodName(number), InService: seen.Open()}
		if !pod.InService {
			pod.Reason = seen.WhyNotOpen()
			faults = append(faults, fmt.Sprintf("%s is not in service: %s", pod.Name, pod.Reason))
		}
		pods = append(pods, pod)
	}
	v.pairs(func(on, peer int, object string) {
		if !pods[on].InService || !pods[peer].InService {
			return
		}
		switch o, exists := states[on].Objects[object]; {
		case !exists:
			faults = append(faults, fmt.Sprintf("%s has no replication object %s towards %s", v.mesh.PodName(on), object, v.mesh.PodName(peer)))
		case !o.Started:
			faults = append(faults, fmt.Sprintf("%s on %s is stopped", object, v.mesh.PodName(on)))
		case o.Sender != akucore.SenderRunning:
			faults = append(faults, fmt.Sprintf("%s on %s is not connected to %s", object, v.mesh.PodName(on), v.mesh.PodName(peer)))
		}
	})
	return pods, faults
}

// pairs calls for each side of each pair.
func (v *verifier) pairs(do func(on, peer int, object string)) {
	for on := range v.servers {
		for peer := range v.servers {
			if on == peer {
				continue
			}
			for _, b := range v.mesh.Blocks {
				do(on, peer, b.Object(akucore.PairOf(on, peer)))
			}
		}
	}
}
