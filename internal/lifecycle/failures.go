package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
)

// ErrGivenUp says that a beat arrived, but changes before it were not applied.
var ErrGivenUp = errors.New("changes were not applied")

// givenUp reports whether a receiver failed to apply something between two reads of its
// counts. After a new connection, changes that were not acknowledged come again and are
// counted as failed, so the counts say nothing.
func givenUp(before, after *akucore.Received) error {
	if before == nil || after == nil || before.Link != after.Link || after.Failed.Sum() <= before.Failed.Sum() {
		return nil
	}
	return fmt.Errorf("%w: %d rows, by a conflict or for a lock; compare the pods with aku-init verify", ErrGivenUp, after.Failed.Sum()-before.Failed.Sum())
}

// sayGivenUp reports that rows of a pod are missing or different on its peer.
func (r *Runner) sayGivenUp(object string, from, to int, err error) {
	r.Log.Warn("rows may differ between the pods", "replication", object, "from", r.Mesh.PodName(from), "to", r.Mesh.PodName(to), "error", err)
	r.report(Event{Kind: GivenUp, Step: akucore.Step{Side: akucore.Side{On: from, Peer: to}},
		Err: fmt.Errorf("%s: changes of %s: %w", r.Mesh.PodName(to), r.Mesh.PodName(from), err)})
}

// failuresLimit bounds a read of the failure counts.
const failuresLimit = 2 * time.Second

// counts are the counts of the receivers of all reachable pods, by pod and object.
type counts map[int]map[string]akucore.Traffic

func (r *Runner) count(ctx context.Context) counts {
	traffic, errs := AskPods(ctx, r.Mesh.ServerCount, r.Mesh.ServerCount, failuresLimit, func(ctx context.Context, pod int) (map[string]akucore.Traffic, error) {
		return r.Servers.Server(pod).Traffic(ctx)
	})
	counted := counts{}
	for pod, err := range errs {
		if err == nil { // a pod that cannot be asked now is left out
			counted[pod] = traffic[pod]
		}
	}
	return counted
}

// watchFailures runs a plan that copies, and reports which receivers failed to apply
// something meanwhile. It leaves out the pod that gets the copy: there, changes that come
// twice are counted as failed.
func (r *Runner) watchFailures(ctx context.Context, copied int, run func() error) error {
	before := r.count(ctx)
	err := run()
	after := r.count(ctx) // empty when the time is over
	for pod, traffic := range after {
		if pod == copied {
			continue
		}
		for _, peer := range r.Mesh.Others(pod) {
			for _, g := range r.Mesh.Blocks {
				object := g.Object(akucore.PairOf(pod, peer))
				if err := givenUp(before[pod][object].Receiver, traffic[object].Receiver); err != nil {
					r.sayGivenUp(object, peer, pod, err)
				}
			}
		}
	}
	return err
}
