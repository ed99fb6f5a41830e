package akucore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sweepInterval is the time between two looks for pods that were removed; the
// same verdict twice in a row is acted on.
const sweepInterval = 30 * time.Second

// listsEvery is every how many looks the lists of tables are read, too. With many
// tables they are most of what there is to read, and only somebody's own ALTER
// REPLICATION changes one without changing its length.
const listsEvery = 10

// removed are the peers that the StatefulSet is not to have any more, that are
// away, and for which the own server still keeps its log.
func removed(m Mesh, v View) map[int]bool {
	gone := map[int]bool{}
	for _, peer := range m.Peers() {
		if v.Replicas <= 0 || peer < v.Replicas || !errors.Is(v.Pods[peer].Err, ErrUnreachable) {
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
func Sweep(ctx context.Context, r *Runner, replicas func(context.Context) int) error {
	gone := map[int]bool{}
	before := "" // what had to be done at the last look
	var lists View
	for look := 0; ; look++ {
		r.Servers.CloseIdle()
		if err := sleep(ctx, sweepInterval); err != nil {
			return err
		}
		v, err := observeBriefly(ctx, r.Mesh, r.Servers, replicas(ctx))
		if err != nil {
			continue // the watch will say so
		}
		// Nothing is done on the ground of an old list.
		if look%listsEvery == 0 || before != "" || !v.complete(lists) {
			if v, err = Observe(ctx, r.Mesh, r.Servers, v.Replicas); err != nil {
				continue
			}
			lists = v
		}
		if plan := PlanSweep(r.Mesh, v, gone); len(plan.Stages) > 0 {
			if err := r.RunAll(ctx, plan); err != nil {
				r.Log.Warn("could not give up the log for a removed pod", "error", err)
			}
		}
		gone = removed(r.Mesh, v)

		// In service there is nothing to do but to keep the pairs running.
		plan := PlanStart(r.Mesh, StartOptions{}, v)
		verdict := ""
		if len(plan.Stages) > 0 {
			verdict = plan.Name
		}
		switch {
		case verdict == "" || verdict != before:
		case !plan.InService:
			return fmt.Errorf("%w: %s", ErrGone, plan.Name)
		default:
			if err := r.Run(ctx, plan); err != nil {
				r.Log.Warn("could not start what is stopped", "error", err)
			}
		}
		before = verdict
	}
}
