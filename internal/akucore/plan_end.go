package akucore

import (
	"fmt"
	"time"
)

// EndOptions are the settings of an end.
type EndOptions struct {
	// Flush delivers what is unsent before replication stops (AKU_FLUSH_AT_END).
	// A pod that leaves delivers in any case: without it nothing may be reset.
	Flush bool
	// DeliverLimit bounds that for each pair.
	DeliverLimit time.Duration
	// Reset says whether the pod leaves for good (AKU_REPLICATION_RESET_AT_END).
	Reset ResetMode
	// Shutdown stops the server cleanly at the end (AKU_SHUTDOWN_AT_END).
	Shutdown bool
}

// ResetMode says when an end resets the pairs, so that the next start of the pod
// is a full join.
type ResetMode string

// The modes.
const (
	ResetNever  ResetMode = "0"
	ResetAlways ResetMode = "1"
	// ResetAuto resets only at a scale-down: not for a restart, a drain, a rolling
	// update, or when the replica count is not known.
	ResetAuto ResetMode = "auto"
)

// leaves tells whether a pod that ends leaves for good. The master never does.
func (r ResetMode) leaves(pod, replicas int) bool {
	switch {
	case pod == Master:
		return false
	case r == ResetAuto:
		return replicas > 0 && pod >= replicas
	}
	return r == ResetAlways
}

// statementTail is guaranteed to STOP and RESET: STOPs of one server run one
// after the other, up to 1 s for each of at most five peers, and RESETs take
// milliseconds.
const StatementTail = 8 * time.Second

// PlanEnd decides how the own pod ends: keep users out, deliver, stop both sides
// of every pair and, when it leaves for good, reset both sides.
//
// Nothing is reset before every peer of the plan was proven to have everything.
// A slave that is away would miss the last changes for ever, so its pair with the
// master is reset: it makes a full join when it comes back. That holds for one
// that was removed, too: its volume may come back. And for one that this pod was not
// paired with.
func PlanEnd(v View, o EndOptions) Plan {
	p := Plan{Name: "end"}
	joined := v.Self == Master || v.mark(v.Self, Master) != none
	leave := o.Reset.leaves(v.Self, v.Replicas)
	if leave && joined && !v.Pods[Master].Open() {
		// Without the master nobody knows which slaves there are to hear of the end.
		leave = false
		p.Undone = append(p.Undone, fmt.Sprintf("nothing is reset, because the master %s is not in service (%s)", v.PodName(Master), whyNotOpen(v.Pods[Master])))
	}

	if kept := v.whyKept(v.Self); leave && kept != "" {
		leave = false
		p.Undone = append(p.Undone, fmt.Sprintf("nothing is reset, because %s: compare the pods with aku-init verify before its volume goes", kept))
	}

	connect := Stage{Title: "start or wake what holds unsent changes"}
	deliver := Stage{Title: "deliver what is unsent", Begin: "Flush replications.", End: "Replication flush has ended."}
	stop := Stage{Title: "stop both sides"}
	reset := Stage{Title: "reset both sides", Begin: "Reset replications.", End: "Replication reset has ended."}
	anew := Stage{Title: "have slaves join anew that would miss what is delivered now"}

	// The master last, as in a join: the STOPs of a server are sent in this order.
	for _, peer := range append(otherSlaves(v.Mesh), Master) {
		if peer == v.Self {
			continue
		}
		open := v.Pods[peer].Open()
		for g := range v.Groups {
			own, exists := v.object(v.Self, peer, g)
			there := open || v.Pods[peer].Closed()
			if exists && joined && own.XSN != Unset && there && (o.Flush || leave) {
				connect.Steps = append(connect.Steps, startOrWake(own, Step{On: v.Self, Peer: peer, Group: g})...)
				deliver.Steps = append(deliver.Steps, Step{Do: Deliver, On: v.Self, Peer: peer, Group: g, For: o.DeliverLimit, Strict: leave})
			}
			if own.XSN != Unset && !there {
				p.Undone = append(p.Undone, fmt.Sprintf("%s is away: what it lacks stays in the log of %s", v.PodName(peer), own.Name))
			}
			sides := []int{v.Self}
			if open {
				sides = append(sides, peer)
			}
			for _, on := range sides {
				at := PairOf(v.Self, peer).other(on)
				side, exists := v.object(on, at, g)
				if !exists {
					continue
				}
				if side.Active() || leave && side.XSN != Unset {
					stop.Steps = append(stop.Steps, Step{Do: Stop, On: on, Peer: at, Group: g})
				}
				if leave && side.XSN != Unset {
					reset.Steps = append(reset.Steps, Step{Do: Reset, On: on, Peer: at, Group: g, If: IfHandedOver})
				}
			}
		}
		if leave && joined && peer != Master && v.mayLack(peer) {
			guard := IfHandedOver
			if v.joined(peer) && !v.Pods[peer].Open() && !v.Pods[peer].Closed() {
				guard = IfAway
			}
			anew.Steps = append(anew.Steps, v.joinAnew(peer, guard)...)
		}
	}

	p.add(Stage{Title: "keep users out", Steps: []Step{{Do: Close, On: v.Self}}})
	p.add(connect)
	p.add(deliver)
	// A peer that falls silent now must not use up what the others need.
	limit := max(StatementTail, time.Duration(len(v.Peers())*len(v.Groups))*time.Second+3*time.Second)
	for _, stage := range []Stage{stop, anew, reset} {
		for i := range stage.Steps {
			stage.Steps[i].For = limit
		}
	}
	p.add(stop)
	p.add(anew)
	p.add(reset)
	if o.Shutdown {
		p.add(Stage{Title: "stop the server", Steps: []Step{{Do: Shutdown, On: v.Self}}})
	}
	return p
}
