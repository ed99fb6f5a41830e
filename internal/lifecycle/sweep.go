package lifecycle

import (
	"context"
	"fmt"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

// sweepInterval is the time between two looks for pods that were removed; the
// same verdict twice in a row is acted on.
const sweepInterval = 30 * time.Second

// wholeEvery is every how many looks all pods are asked for everything; those in between
// are smaller, see Sweep.
const wholeEvery = 10

// Sweep looks after the mesh while the own pod is in service, until the context
// ends: it gives up the logs for removed pods, starts what a peer stopped that came
// back while the own pod was cut off from it, and returns ErrGone when the own copy
// has to be made anew. All of that needs the same verdict twice in a row.
//
// A look asks the own server alone as long as that shows that all pairs run, and nobody
// is waited for: otherwise every pod would log in to every other one for ever. Nor does
// it read the lists of tables: with many of them they are most of what there is, and only
// somebody's own ALTER REPLICATION changes one without changing its length.
//
// Asked is called after each look at all pods, when its sessions are closed.
func Sweep(ctx context.Context, r *Runner, replicas func(context.Context) int, asked func()) error {
	s := sweep{Runner: r, asked: asked}
	for n := 0; ; n++ {
		if err := pulse.Sleep(ctx, sweepInterval); err != nil {
			return err
		}
		if err := s.look(ctx, n%wholeEvery == 0, replicas(ctx)); err != nil {
			return err
		}
	}
}

// sweep is what the last look has left.
type sweep struct {
	*Runner
	seen akucore.View // with the lists of tables; nothing after a look that failed
	gone map[int]bool // removed peers
	todo string       // the plan that there was, and what it would start
	wait bool         // it waits for others, who may do their part unseen

	asked func()
}

// look is one look, and what it leads to.
func (s *sweep) look(ctx context.Context, whole bool, replicas int) error {
	// Nothing is done on the ground of an old list.
	whole = whole || s.todo != ""
	if !whole && len(s.gone) == 0 && !s.wait && s.lasts(ctx, replicas) {
		return nil
	}
	defer s.asked()
	defer s.Servers.CloseIdle()
	v, err := s.ask(ctx, whole, replicas)
	s.seen = v
	if err != nil {
		return nil // the watch will say so
	}
	if plan := akucore.PlanSweep(v, s.gone); len(plan.Stages) > 0 {
		if err := s.RunAll(ctx, plan); err != nil {
			s.Log.Warn("could not give up the log for a removed pod", "error", err)
		}
	}
	s.gone = akucore.Removed(v)

	// In service there is nothing to do but to keep the pairs running.
	plan, before := akucore.PlanStart(v, akucore.StartOptions{}), s.todo
	s.todo, s.wait = "", plan.Wait != "" || plan.Human != "" || len(plan.Undone) > 0
	if len(plan.Stages) > 0 {
		s.todo = plan.Name
	}
	if plan.InService {
		s.todo += v.Standing(plan)
	}
	switch {
	case s.todo == "" || s.todo != before:
	case !plan.InService:
		return fmt.Errorf("%w: %s", ErrGone, plan.Name)
	default:
		if err := s.Run(ctx, plan); err != nil {
			s.Log.Warn("could not start what is stopped", "error", err)
		}
	}
	return nil
}

// ask asks all pods, for everything where that is wanted or an object is not as it was.
func (s *sweep) ask(ctx context.Context, whole bool, replicas int) (akucore.View, error) {
	v, err := observeAtLeisure(ctx, s.Mesh, s.Servers, replicas, whole)
	if err == nil && !whole && !complete(v, s.seen) {
		v, err = observeAtLeisure(ctx, s.Mesh, s.Servers, replicas, true)
	}
	if err != nil {
		return akucore.View{}, err
	}
	return v, nil
}

// lasts asks the own server whether all is as well as it was when all pods were asked.
func (s *sweep) lasts(ctx context.Context, replicas int) bool {
	ctx, cancel := context.WithTimeout(ctx, AnswerLimit)
	defer cancel()
	own, err := s.Servers.Server(s.Mesh.Self).Traffic(ctx)
	return err == nil && s.seen.Lasts(own, replicas)
}
