package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
)

// Budget splits the one number that bounds an end.
type Budget struct {
	Deliver  time.Duration // for the unsent changes of each pair
	Shutdown time.Duration // guaranteed to a clean shutdown of the server
}

// shutdownTail is the time for a clean shutdown on a real server (8-17 s were seen).
const shutdownTail = 20 * time.Second

// Split divides the time that is left of an end once users are out. The tails come first, and
// the rest is for the delivery. When there is less than the least sensible sum, all parts
// shrink alike.
func Split(left time.Duration, shutdown bool) Budget {
	var b Budget
	tail := akucore.StatementTail
	if shutdown {
		b.Shutdown = shutdownTail
		tail += shutdownTail
	}
	b.Deliver = left - tail
	if least := left / 4; b.Deliver < least {
		b.Deliver = least
		b.Shutdown = min(b.Shutdown, least)
	}
	return b
}

// Ender takes its pod out of service.
type Ender struct {
	Runner  *Runner
	Options akucore.EndOptions
	// Replicas is the number of pods that the StatefulSet wants, or -1 when it is not known.
	Replicas func(context.Context) int
	// Plan decides; nil for PlanEnd. Tests put other rules in its place.
	Plan func(akucore.View, akucore.EndOptions) akucore.Plan
}

// End keeps users out, then observes, plans and runs once, as far as it gets. It joins the
// errors. It does not run a step that would lose something after an error.
//
// Users are out before End observes, because no pod can join beside a closed one. So every
// join that counts on this pod has begun by then, and is observed.
func (e *Ender) End(ctx context.Context) error {
	r := e.Runner
	replicas := -1
	if e.Replicas != nil {
		replicas = e.Replicas(ctx)
	}
	// Users that stay do not stop the end, but then nothing is reset. The plan shuts them
	// out once more, and reports who stayed.
	if err := r.do(ctx, akucore.Step{Do: akucore.Close, Side: akucore.Side{On: r.Mesh.Self}}); err != nil && !errors.Is(err, errUsersStay) {
		r.Log.Warn("users are not yet out", "error", err)
	}
	view, err := observeBriefly(ctx, r.Mesh, r.Servers, replicas)
	if err != nil {
		return fmt.Errorf("own server: %w: nothing was stopped or reset, and it will go on from its log when it comes back", err)
	}
	options := e.Options
	if deadline, ok := ctx.Deadline(); ok {
		// The time that is left is for the delivery.
		options.DeliverLimit = Split(time.Until(deadline), options.Shutdown).Deliver
	}
	decide := e.Plan
	if decide == nil {
		decide = akucore.PlanEnd
	}
	plan := decide(view, options)
	for _, undone := range plan.Undone {
		r.Log.Warn("left undone", "what", undone)
	}
	err = r.watchFailures(ctx, akucore.Outside, func() error { return r.RunAll(ctx, plan) })
	if ctx.Err() != nil {
		return errors.Join(errors.New(WhyCut(ctx)), err)
	}
	return err
}
