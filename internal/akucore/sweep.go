package akucore

import (
	"context"
	"fmt"
	"time"
)

// sweepInterval is the time between two looks for pods that were removed; the
// same verdict twice in a row is acted on.
const sweepInterval = 30 * time.Second

// wholeEvery is every how many looks all pods are asked for everything; those in between
// are smaller, see Sweep.
const wholeEvery = 10

// removed are the peers that the StatefulSet is not to have any more, that are
// away, and for which the own server still keeps its log.
func removed(m Mesh, v View) map[int]bool {
	gone := map[int]bool{}
	for _, peer := range m.Peers() {
		if v.Replicas <= 0 || peer < v.Replicas || !v.Pods[peer].Away() {
			continue
		}
		if v.mark(m, m.Self, peer) != none {
			gone[peer] = true
		}
	}
	return gone
}

// PlanSweep gives up the logs kept for pods that were removed without leaving in
// order: they would fill the disk. What such a pod has not delivered is still on
// its volume, and is handed over should it ever come back.
func PlanSweep(m Mesh, v View, before map[int]bool) Plan {
	p := Plan{Name: "give up the logs for removed pods"}
	sweep := Stage{Title: "stop and reset"}
	for _, peer := range m.Peers() {
		if !before[peer] || !removed(m, v)[peer] {
			continue
		}
		for g := range m.Groups {
			o, _ := v.object(m, m.Self, peer, g)
			if o.XSN == Unset {
				continue
			}
			if o.active() {
				sweep.Steps = append(sweep.Steps, Step{Do: Stop, On: m.Self, Peer: peer, Group: g})
			}
			sweep.Steps = append(sweep.Steps, Step{Do: Reset, On: m.Self, Peer: peer, Group: g, If: IfAway})
			if m.Self != Master {
				// A slave's side that exists says that the peer is kept informed.
				sweep.Steps = append(sweep.Steps, Step{Do: Drop, On: m.Self, Peer: peer, Group: g, If: IfAway})
			}
		}
	}
	p.add(sweep)
	return p
}

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
		if err := sleep(ctx, sweepInterval); err != nil {
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
	seen View         // with the lists of tables; nothing after a look that failed
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
	if plan := PlanSweep(s.Mesh, v, s.gone); len(plan.Stages) > 0 {
		if err := s.RunAll(ctx, plan); err != nil {
			s.Log.Warn("could not give up the log for a removed pod", "error", err)
		}
	}
	s.gone = removed(s.Mesh, v)

	// In service there is nothing to do but to keep the pairs running.
	plan, before := PlanStart(s.Mesh, StartOptions{}, v), s.todo
	s.todo, s.wait = "", plan.Wait != "" || plan.Human != "" || len(plan.Undone) > 0
	if len(plan.Stages) > 0 {
		s.todo = plan.Name
	}
	if plan.InService {
		s.todo += v.standing(s.Mesh, plan)
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

// standing are the restart numbers of what a plan would start. One that has moved on since
// the last look has run meanwhile: somebody stops it for a moment, now and then, while a
// statement waits for its locks.
func (v View) standing(m Mesh, p Plan) string {
	text := ""
	for _, stage := range p.Stages {
		for _, s := range stage.Steps {
			if s.Do == Start || s.Do == StartRetry {
				o, _ := v.object(m, s.On, s.Peer, s.Group)
				text += fmt.Sprintf(", %s on %d at %d", o.Name, s.On, o.XSN)
			}
		}
	}
	return text
}

// ask asks all pods, for everything where that is wanted or an object is not as it was.
func (s *sweep) ask(ctx context.Context, whole bool, replicas int) (View, error) {
	v, err := observeAtLeisure(ctx, s.Mesh, s.Servers, replicas, whole)
	if err == nil && !whole && !v.complete(s.seen) {
		v, err = observeAtLeisure(ctx, s.Mesh, s.Servers, replicas, true)
	}
	if err != nil {
		return View{}, err
	}
	return v, nil
}

// lasts asks the own server whether all is as well as it was when all pods were asked.
func (s *sweep) lasts(ctx context.Context, replicas int) bool {
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	own, err := s.Servers.Server(s.Mesh.Self).Traffic(ctx)
	return err == nil && s.seen.lasts(s.Mesh, own, replicas)
}

// lasts tells whether the own sides of the pairs alone show that nothing is to be done:
// there are no others than before, and each expected peer was in service and is
// connected in both directions. Its sender is connected here, so its side is started; nobody
// resets or changes it without stopping it. A peer that is not expected has no log kept
// for it.
func (v View) lasts(m Mesh, own map[string]Traffic, replicas int) bool {
	before := v.Pods[m.Self].Objects
	if len(own) != len(before) {
		return false
	}
	for name, side := range own {
		if o, known := before[name]; !known || o.Items != side.Items {
			return false
		}
	}
	for _, peer := range m.Peers() {
		expected := replicas < 0 || peer < replicas
		if expected && !v.Pods[peer].Open() {
			return false
		}
		for _, g := range m.Groups {
			side, exists := own[g.Object(PairOf(m.Self, peer))]
			switch {
			case expected && !side.runsBothWays(), !expected && exists && side.XSN != Unset:
				return false
			}
		}
	}
	return true
}

// runsBothWays tells whether both sides of a pair are started and connected.
func (t Traffic) runsBothWays() bool {
	return t.Started && t.XSN != Unset && t.Sender == SenderRunning && t.Receiver != nil
}
