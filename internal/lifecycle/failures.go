package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
)

// ErrGivenUp says that a beat arrived, and changes before it were not applied.
var ErrGivenUp = errors.New("changes were not applied")

// givenUp tells whether a receiver failed to apply something between two looks. Over a new
// connection, what was sent before without an acknowledgement comes again and is counted
// as failed, so nothing can be told.
func givenUp(before, after *akucore.Received) error {
	if before == nil || after == nil || before.Link != after.Link || after.Failed.Sum() <= before.Failed.Sum() {
		return nil
	}
	return fmt.Errorf("%w: %d rows, by a conflict or for a lock; compare the pods with aku-init verify", ErrGivenUp, after.Failed.Sum()-before.Failed.Sum())
}

// sayGivenUp tells people that rows of a pod are missing, or other, on its peer.
func (r *Runner) sayGivenUp(object string, from, to int, err error) {
	r.Log.Warn("rows may differ between the pods", "replication", object, "from", r.Mesh.PodName(from), "to", r.Mesh.PodName(to), "error", err)
	r.report(Event{Kind: GivenUp, Step: akucore.Step{Side: akucore.Side{On: from, Peer: to}}, Err: err})
}

// failuresLimit bounds a look at what receivers failed to apply.
const failuresLimit = 2 * time.Second

// counts are what the receivers of all pods within reach have counted, by pod and object.
type counts map[int]map[string]akucore.Traffic

func (r *Runner) count(ctx context.Context) counts {
	traffic, errs := AskPods(ctx, r.Mesh.ServerCount, r.Mesh.ServerCount, failuresLimit, func(ctx context.Context, pod int) (map[string]akucore.Traffic, error) {
		return r.Servers.Server(pod).Traffic(ctx)
	})
	counted := counts{}
	for pod, err := range errs {
		if err == nil { // a pod that cannot be asked now has no part in it
			counted[pod] = traffic[pod]
		}
	}
	return counted
}

// watchFailures runs a plan that copies, and says which receivers failed to apply
// something meanwhile. On the pod that gets the copy, what comes twice is counted as
// failed, so it tells nothing.
func (r *Runner) watchFailures(ctx context.Context, copied int, run func() error) error {
	before := r.count(ctx)
	err := run()
	after := r.count(ctx) // nobody, when time is over
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
