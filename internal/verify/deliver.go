package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
)

// way is one direction of a pair with what is to be delivered on it.
type way struct {
	on, peer int
	object   string
	target   int64 // number of the sender's log
	applied  int64
}

// delivered waits until all that the servers had written at the call is applied on
// all others.
func (v *verifier) delivered(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, v.options.Timeout)
	defer cancel()
	from, errs := each(v.servers, func(on int, s Server) ([]way, error) {
		var ways []way
		for peer := range v.servers {
			for _, g := range v.mesh.Groups {
				if peer == on {
					continue
				}
				w := way{on: on, peer: peer, object: g.Object(akucore.PairOf(on, peer)), applied: -1}
				gap, started, err := s.Gap(ctx, w.object)
				if err != nil {
					return nil, err
				}
				if !started {
					return nil, fmt.Errorf("%s is stopped", w.object)
				}
				w.target = gap.LastSN
				ways = append(ways, w)
			}
		}
		return ways, nil
	})
	if err := v.first(errs); err != nil {
		return err
	}
	_, errs = each(v.servers, func(pod int, s Server) (struct{}, error) {
		var open []way
		for _, ways := range from {
			for _, w := range ways {
				if w.peer == pod {
					open = append(open, w)
				}
			}
		}
		return struct{}{}, v.arrived(ctx, s, open)
	})
	return v.first(errs)
}

// arrived waits until a server has applied what its peers want to deliver.
func (v *verifier) arrived(ctx context.Context, s Server, open []way) error {
	for poll := 10 * time.Millisecond; len(open) > 0; poll = min(2*poll, pollInterval) {
		var left []way
		for _, w := range open {
			applied, ok, err := s.Applied(ctx, w.object)
			if err != nil && !errors.Is(err, akucore.ErrTimeout) {
				return err
			}
			if ok {
				w.applied = applied
			}
			if !ok || w.applied < w.target {
				left = append(left, w)
			}
		}
		open = left
		if len(open) > 0 && sleep(ctx, poll) != nil {
			w := open[0]
			return fmt.Errorf("%s from %s is applied up to %d of %d after %s", w.object, v.mesh.PodName(w.on), w.applied, w.target, v.options.Timeout)
		}
	}
	return nil
}
