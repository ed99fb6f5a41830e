package lifecycle

import (
	"context"
	"fmt"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

const (
	// sweepInterval is the time between two looks for pods that were removed.
	sweepInterval = 30 * time.Second
	// askAllEvery is every how many looks all pods are asked, also when the own server
	// shows that all is well: that is every 5 min.
	askAllEvery = 10
)

// sweep is the state kept between two looks at the mesh.
type sweep struct {
	*Watcher
	before  akucore.View // when all pods were asked; nothing after a look that failed
	removed map[int]bool // pods of which the last look said so
	todo    string       // name and restart numbers of the plan of the last look
	wait    bool         // that plan waits for others, who may do their part unseen
}

// sweep looks after the mesh while the own pod is in service, until the context ends: it
// gives up the logs for removed pods, starts what a peer stopped that came back while the
// own pod was cut off from it, and returns ErrGone when the own copy has to be made anew.
// All of that needs the same verdict twice in a row.
func (w *Watcher) sweep(ctx context.Context) error {
	s := sweep{Watcher: w}
	for n := 0; ; n++ {
		if err := pulse.Sleep(ctx, sweepInterval); err != nil {
			return err
		}
		if err := s.look(ctx, n%askAllEvery == 0, w.Replicas(ctx)); err != nil {
			return err
		}
	}
}

// look is one look, and what it leads to. It asks the own server alone as long as that
// shows that all pairs run, and nobody is waited for: else every pod would log in to every
// other one for ever.
func (s *sweep) look(ctx context.Context, all bool, replicas int) error {
	if !all && s.todo == "" && len(s.removed) == 0 && !s.wait && s.lasts(ctx, replicas) {
		return nil
	}
	r := s.Runner
	defer s.Observed()
	defer r.Servers.CloseIdle()
	v, err := observeAtLeisure(ctx, r.Mesh, r.Servers, replicas)
	if err != nil {
		s.before = akucore.View{}
		return nil // the watch of the own server reports it
	}
	if plan := akucore.PlanSweep(v, s.removed); len(plan.Stages) > 0 {
		if err := r.RunAll(ctx, plan); err != nil {
			r.Log.Warn("could not give up the log for a removed pod", "error", err)
		}
	}
	s.removed = akucore.Removed(v)

	// In service there is nothing to do but to keep the pairs running.
	plan, before := s.plan(v), s.todo
	s.todo, s.wait = "", plan.Wait != "" || plan.Human != "" || len(plan.Undone) > 0
	if len(plan.Stages) > 0 {
		s.todo = plan.Name
	}
	if plan.InService {
		s.todo += v.Standing(plan)
	}
	s.before = withoutLists(v)
	switch {
	case s.todo == "" || s.todo != before:
	case !plan.InService:
		return fmt.Errorf("%w: %s", ErrGone, plan.Name)
	default:
		if err := r.Run(ctx, plan); err != nil {
			r.Log.Warn("could not start what is stopped", "error", err)
		}
	}
	return nil
}

func (s *sweep) plan(v akucore.View) akucore.Plan {
	if s.Plan != nil {
		return s.Plan(v, akucore.StartOptions{})
	}
	return akucore.PlanStart(v, akucore.StartOptions{})
}

// lasts tells whether the own server shows that all is as well as when all pods were asked.
func (s *sweep) lasts(ctx context.Context, replicas int) bool {
	ctx, cancel := context.WithTimeout(ctx, AnswerLimit)
	defer cancel()
	own, err := s.Runner.Servers.Server(s.Runner.Mesh.Self).Traffic(ctx)
	return err == nil && s.before.Lasts(own, replicas)
}

// withoutLists drops the lists of tables, which are most of a View and not needed
// between two looks.
func withoutLists(v akucore.View) akucore.View {
	for _, pod := range v.Pods {
		for name, o := range pod.Objects {
			o.Tables = nil
			pod.Objects[name] = o
		}
	}
	return v
}
