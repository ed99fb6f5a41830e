package lifecycle

import (
	"context"
	"fmt"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

const (
	// sweepInterval is the time between two observations of the mesh.
	sweepInterval = 30 * time.Second
	// askAllEvery: every tenth observation asks all pods, even when the pod's own server
	// shows that all is well. That is every 5 min.
	askAllEvery = 10
)

// sweep is the state kept between two observations of the mesh.
type sweep struct {
	*Watcher
	before  akucore.View // the last View of all pods; empty after a failed observation
	removed map[int]bool // pods that the last observation found removed
	todo    string       // name and restart numbers of the last plan
	wait    bool         // the last plan waits for other pods, which this pod's server does not show
}

// sweep takes care of the mesh while its pod is in service, until the context ends. It needs
// the same verdict twice in a row before it acts:
//
//   - it gives up the logs for removed pods,
//   - it starts what a peer stopped while this pod was cut off from it, and
//   - it returns ErrGone when this pod must copy everything anew.
func (w *Watcher) sweep(ctx context.Context) error {
	s := sweep{Watcher: w}
	for n := 0; ; n++ {
		if err := pulse.Sleep(ctx, sweepInterval); err != nil {
			return err
		}
		if err := s.once(ctx, n%askAllEvery == 0, w.Replicas(ctx)); err != nil {
			return err
		}
	}
}

// once observes once and acts on the result. It asks only the pod's own server as long as that
// shows that all pairs run, and the plan waits for no other pod. Otherwise every pod would log
// in to every other one all the time. It asks a peer that was away only whether it is back;
// while the master is away, a slave can wait for nothing else.
func (s *sweep) once(ctx context.Context, all bool, replicas int) error {
	if !all && s.nothingToDo() && s.unchanged(ctx, replicas) {
		return nil
	}
	r := s.Runner
	defer s.Observed()
	defer r.Servers.CloseIdle()
	v, err := observeAtLeisure(ctx, r.Mesh, r.Servers, replicas)
	if err != nil {
		s.before = akucore.View{}
		return nil // the watch of the pod's own server reports it
	}
	s.giveUpRemoved(ctx, v)

	// In service, the only task is to keep the pairs running.
	plan, before := s.Plan.decide(v, akucore.StartOptions{}), s.todo
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
			r.Log.Warn("could not start a stopped sender", "error", err)
		}
	}
	return nil
}

// nothingToDo reports whether the last View left nothing to do, and nothing to wait for but the
// master's return.
func (s *sweep) nothingToDo() bool {
	return s.todo == "" && len(s.removed) == 0 && (!s.wait || s.before.Pods[akucore.Master].Away())
}

// giveUpRemoved gives up the logs for the pods that were removed in the last View as well.
func (s *sweep) giveUpRemoved(ctx context.Context, v akucore.View) {
	if plan := akucore.PlanSweep(v, s.removed); len(plan.Stages) > 0 {
		if err := s.Runner.RunAll(ctx, plan); err != nil {
			s.Runner.Log.Warn("could not give up the log for a removed pod", "error", err)
		}
	}
	s.removed = akucore.Removed(v)
}

// unchanged reports whether the pod's own server still shows what the last View of all pods showed,
// and the peers that were away then still are.
func (s *sweep) unchanged(ctx context.Context, replicas int) bool {
	ctx, cancel := context.WithTimeout(ctx, AnswerLimit)
	defer cancel()
	servers := s.Runner.Servers
	own, err := servers.Server(s.Runner.Mesh.Self).Traffic(ctx)
	if err != nil || !s.before.Unchanged(own, replicas) {
		return false
	}
	for peer, pod := range s.before.Pods {
		if pod.Away() && (replicas < 0 || peer < replicas) {
			if _, err := servers.Server(peer).Instance(ctx); !akucore.Away(err) {
				return false
			}
		}
	}
	return true
}

// withoutLists drops the lists of tables, which are most of a View and not needed between
// two observations.
func withoutLists(v akucore.View) akucore.View {
	for _, pod := range v.Pods {
		for name, o := range pod.Objects {
			o.Tables = nil
			pod.Objects[name] = o
		}
	}
	return v
}
