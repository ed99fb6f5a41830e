package akucore

import (
	"fmt"
	"time"
)

// EndOptions are the settings of an end.
type EndOptions struct {
	// Flush delivers what is unsent before replication stops (AKU_FLUSH_AT_END).
	// A pod that leaves delivers in any case: without a delivery nothing may be reset.
	Flush bool
	// DeliverLimit bounds the delivery of each pair.
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

// leaves reports whether a pod that ends leaves for good. The master never does.
func (r ResetMode) leaves(pod, replicas int) bool {
	switch {
	case pod == Master:
		return false
	case r == ResetAuto:
		return replicas > 0 && pod >= replicas
	}
	return r == ResetAlways
}

// StatementTail is the time guaranteed for STOP and RESET. STOPs of one server run one
// after the other, up to 1 s for each of at most five peers. RESETs take milliseconds.
const StatementTail = 8 * time.Second

// PlanEnd decides how the own pod ends: keep users out, deliver, stop both sides of every
// pair and, when it leaves for good, reset both sides.
//
// Nothing is reset before every peer of the plan is proven to have everything. A slave
// that is away would miss the last changes for ever, so its pair with the master is reset:
// it makes a full join when it comes back. That holds for a removed slave, too, because
// its volume may come back, and for one that this pod was not paired with.
func PlanEnd(v View, o EndOptions) Plan {
	e := end{
		View: v, EndOptions: o,
		copied: v.Self == Master || v.xsns(v.here(Master)) != none,
		leaves: o.Reset.leaves(v.Self, v.Replicas),
	}
	p := Plan{Name: "end"}
	if e.leaves && e.copied && !v.Pods[Master].Open() {
		// Only the master knows which slaves must learn of the end.
		e.leaves = false
		p.Undone = append(p.Undone, fmt.Sprintf("nothing is reset, because the master %s is not in service (%s)", v.PodName(Master), v.Pods[Master].WhyNotOpen()))
	}
	if kept := v.whyKept(v.Self); e.leaves && kept != "" {
		e.leaves = false
		p.Undone = append(p.Undone, fmt.Sprintf("nothing is reset, because %s: compare the pods with aku-init verify before you delete its volume", kept))
	}
	p.Undone = append(p.Undone, e.awayPeers()...)
	return p.with(
		v.close(),
		e.connect(),
		e.deliver(),
		e.stop(),
		e.othersJoinAnew(),
		e.reset(),
		e.shutdown(),
	)
}

type end struct {
	View
	EndOptions
	copied, leaves bool // copied: the own pod has a complete copy, or is the master
}

// order is the order of the STOPs of a server: the master comes last, as in a join.
func (e end) order() []int {
	if e.Self == Master {
		return e.otherSlaves()
	}
	return append(e.otherSlaves(), Master)
}

// answers tells whether a peer's server answers.
func (e end) answers(peer int) bool { return e.Pods[peer].Open() || e.Pods[peer].Closed() }

func (e end) awayPeers() (undone []string) {
	for _, peer := range e.order() {
		for _, log := range e.kept(peer) {
			switch {
			case !e.answers(peer):
				undone = append(undone, fmt.Sprintf("%s is away: what it lacks stays in the log of %s", e.PodName(peer), log.Name))
			case e.unreached(log):
				undone = append(undone, fmt.Sprintf("%s is not in service, and %s has not reached it: what it lacks stays in that log", e.PodName(peer), log.Name))
			}
		}
	}
	return undone
}

// unreached reports whether the master's sender has not reached a slave that answers and is not
// in service. Such a slave most likely joins, and has no side yet, or emptied tables. Only the
// master can leave its log as it is, because it never resets one.
func (e end) unreached(log keptLog) bool {
	return e.Self == Master && !e.Pods[log.Peer].Open() && log.Sender != SenderRunning
}

// delivered are the own logs that are delivered.
func (e end) delivered() (logs []keptLog) {
	if !e.copied || !e.Flush && !e.leaves {
		return nil
	}
	for _, peer := range e.order() {
		for _, log := range e.kept(peer) {
			if e.answers(peer) && !e.unreached(log) {
				logs = append(logs, log)
			}
		}
	}
	return logs
}

func (e end) connect() Stage { return connectLogs(e.delivered()) }

func (e end) deliver() Stage {
	stage := Stage{Title: "deliver what is unsent"}.saying(Flush)
	for _, log := range e.delivered() {
		proof := log.do(Deliver, log.block)
		proof.For, proof.Strict = e.DeliverLimit, e.leaves
		stage.Steps = append(stage.Steps, proof)
	}
	return stage
}

func (e end) stop() Stage {
	stage := Stage{Title: "stop both sides"}
	e.eachSide(func(side Side, b int, o Object) {
		if o.Active() || e.leaves && o.XSN != Unset {
			stage.Steps = append(stage.Steps, side.do(Stop, b))
		}
	})
	return e.bounded(stage)
}

func (e end) othersJoinAnew() Stage {
	stage := Stage{Title: "have slaves join anew that would miss what is delivered now"}
	if !e.leaves || !e.copied {
		return stage
	}
	for _, slave := range e.otherSlaves() {
		guard := IfHandedOver
		if e.joined(slave) && !e.answers(slave) {
			guard = IfAway
		}
		if e.mayLack(slave) {
			stage.Steps = append(stage.Steps, e.joinAnew(slave, guard)...)
		}
	}
	return e.bounded(stage)
}

func (e end) reset() Stage {
	stage := Stage{Title: "reset both sides"}.saying(Reset)
	e.eachSide(func(side Side, b int, o Object) {
		if e.leaves && o.XSN != Unset {
			stage.Steps = append(stage.Steps, side.at(b).As(Reset, IfHandedOver))
		}
	})
	return e.bounded(stage)
}

func (e end) shutdown() Stage {
	if !e.Shutdown {
		return Stage{}
	}
	return Stage{Title: "stop the server", Steps: []Step{on(e.Self, Shutdown)}}
}

// eachSide visits the sides of all own pairs that exist: the own ones, and those of peers
// in service.
func (e end) eachSide(visit func(Side, int, Object)) {
	for _, peer := range e.order() {
		sides := []Side{e.here(peer)}
		if e.Pods[peer].Open() {
			sides = append(sides, e.there(peer))
		}
		for b := range e.Blocks {
			for _, side := range sides {
				if o, exists := e.object(side, b); exists {
					visit(side, b, o)
				}
			}
		}
	}
}

// bounded limits the steps of a stage, so that a peer that stops answering now does not use
// up the time of the others: 1 s for each STOP of a server, and 3 s to spare.
func (e end) bounded(stage Stage) Stage {
	limit := max(StatementTail, time.Duration(len(e.Peers())*len(e.Blocks))*time.Second+3*time.Second)
	for i := range stage.Steps {
		stage.Steps[i].For = limit
	}
	return stage
}
