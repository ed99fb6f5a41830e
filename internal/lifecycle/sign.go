package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
)

// setSign makes or removes the sign of a recovery. Already being so counts as success.
func (r *Runner) setSign(ctx context.Context, master changing, s akucore.Step) error {
	spec := r.Mesh.RecoverySign(s.Peer, s.Generation)
	err := r.locked(ctx, s, func(wait time.Duration) error {
		if s.Do == akucore.BeginRecovery {
			return master.Create(ctx, spec, wait)
		}
		return master.Drop(ctx, spec.Name, wait)
	})
	if !errors.Is(err, akucore.ErrDone) {
		return err
	}
	state, err := master.Brief(ctx)
	if err != nil {
		return err
	}
	if _, there := state.Objects[spec.Name]; there != (s.Do == akucore.BeginRecovery) {
		return fmt.Errorf("%s on %s: there: %t", spec.Name, r.Mesh.PodName(s.On), there)
	}
	return nil
}
