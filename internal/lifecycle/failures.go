package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync"
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

// failedAnew is what a receiver of a new connection failed to apply. It may have come twice.
func failedAnew(before, after *akucore.Received) error {
	if after == nil || before != nil && before.Link == after.Link || after.Failed.Sum() == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d rows since the connection is new, by a conflict, for a lock or because they came twice; compare the pods with aku-init verify", ErrGivenUp, after.Failed.Sum())
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

// watch is what the receivers had counted when a plan began, or when they were last judged.
type watch struct {
	mu      sync.Mutex
	copied  int // the pod that gets a copy: there, changes that come twice are counted as failed
	counted counts
}

// rise is whether the receiver of an object on a pod has failed to apply something since.
func (w *watch) rise(pod int, object string, now *akucore.Received) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if pod == w.copied {
		return nil
	}
	err := givenUp(w.counted[pod][object].Receiver, now)
	if err != nil {
		w.set(pod, object, now)
	}
	return err
}

// set keeps what a receiver has counted. The caller holds the mutex.
func (w *watch) set(pod int, object string, now *akucore.Received) {
	if w.counted[pod] != nil {
		traffic := w.counted[pod][object]
		traffic.Receiver = now
		w.counted[pod][object] = traffic
	}
}

// judged says that a step has dealt with what a receiver has counted.
func (w *watch) judged(pod int, object string, now *akucore.Received) {
	if w != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.set(pod, object, now)
	}
}

// watchFailures runs a plan that copies or ends, and reports which receivers failed to apply
// something meanwhile. It leaves out the pod that gets the copy.
func (r *Runner) watchFailures(ctx context.Context, copied int, run func() error) error {
	w := &watch{copied: copied, counted: r.count(ctx)}
	r.watch.Store(w)
	err := run()
	r.watch.Store(nil)
	for pod, traffic := range r.count(ctx) { // of no pod when the time is over
		for _, peer := range r.Mesh.Others(pod) {
			for _, g := range r.Mesh.Blocks {
				r.compare(w, g.Object(akucore.PairOf(pod, peer)), peer, pod, traffic)
			}
		}
	}
	return err
}

// compare reports what the receiver of a pod's changes on its peer failed to apply.
func (r *Runner) compare(w *watch, object string, from, to int, traffic map[string]akucore.Traffic) {
	if err := w.rise(to, object, traffic[object].Receiver); err != nil {
		r.sayGivenUp(object, from, to, err)
	}
}

// lookBeforeStop compares the counts of a receiver that the STOP of its sender is about to end.
func (r *Runner) lookBeforeStop(ctx context.Context, s akucore.Step) {
	w := r.watch.Load()
	if w == nil || w.counted[s.Peer] == nil {
		return // nothing is watched, or the peer could not be asked when the plan began
	}
	ctx, cancel := context.WithTimeout(ctx, failuresLimit)
	defer cancel()
	if traffic, err := r.Servers.Server(s.Peer).Traffic(ctx); err == nil {
		r.compare(w, s.Object(r.Mesh), s.On, s.Peer, traffic)
	}
}
