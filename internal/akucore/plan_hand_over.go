package akucore

import (
	"fmt"
	"strings"
)

// planHandOver gives up a copy that is no longer valid: the master does not know it, or a
// slave and this pod joined without each other. The own log may hold what no other pod has. So
// the pod delivers first, and gives the copy up only when the delivery is proven. The next plan
// is a join.
//
// A slave that this pod was not paired with may lack what the master gets only now. So its
// pair with the master is reset, and it joins anew as well. The reset comes after the delivery,
// and includes every slave that might be joining meanwhile: a copy from before the delivery is
// replaced, and a later copy has everything.
//
// A database that was set back has nothing for a peer that has a beat of it which it lacks:
// all of its log is older than that beat. A peer that has forgotten how far the log came would
// even undo later changes if it got the log again. To other peers the database delivers by
// FLUSH. They may skip what it writes now, because they know a greater number; then they have
// what they skip.
func planHandOver(v View, setBack bool) Plan {
	if v.whyKept(v.Self) != "" {
		return planKept(v)
	}
	h := handOver{v, setBack}
	if p := h.otherMaster(); p.Name != "" {
		return p
	}
	p := Plan{Name: "hand over and give up the copy", Wait: h.mustWait()}
	if p.Wait != "" {
		return p
	}
	return p.with(
		v.close(),
		h.createMasterSide(),
		h.align(),
		h.connect(),
		h.deliver(),
		h.othersJoinAnew(),
		h.giveUp(),
		h.forget(),
	)
}

type handOver struct {
	View
	setBack bool
}

// missing are the blocks for which the master has no side. A master that reset the pair
// still has the object.
func (h handOver) missing() (blocks []int) {
	if h.xsns(h.here(Master)) == none || h.isOldFor(Master) {
		return nil
	}
	for _, b := range h.blocks(h.here(Master)) {
		if _, exists := h.object(h.there(Master), b); !exists {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// isOldFor reports whether the own database was set back and the peer has all of its log.
func (h handOver) isOldFor(peer int) bool {
	return h.setBack && h.older(h.Self, peer) && h.emptied() == Table{}
}

// otherMaster leaves the choice of the copy to a person when this copy does not come from the
// master. A master without its side is another one, or was recovered while this pod was away.
// Users write on it even when it was recovered from a slave that knew less than this pod.
func (h handOver) otherMaster() Plan {
	switch {
	case len(h.missing()) == 0, h.recovered():
		return Plan{}
	case h.older(Master, h.Self) && h.heard(Master, h.Self):
		return planMasterSetBack(h.View)
	}
	return planMasterAnew(h.View)
}

// mustWait names the slaves that must be in service before the copy is given up; "" when there
// are none. It leaves out a slave that joined without this pod: that slave waits for this pod,
// and the two must not wait for each other.
func (h handOver) mustWait() string {
	var waiting []string
	for _, slave := range h.otherSlaves() {
		if slave < h.Self && h.mayLack(slave) && h.joined(slave) && !h.Pods[slave].Open() && h.awaited(slave) && !h.outdated(h.Self) {
			waiting = append(waiting, fmt.Sprintf("%s (%s)", h.PodName(slave), h.Pods[slave].WhyNotOpen()))
		}
	}
	if len(waiting) == 0 {
		return ""
	}
	return "changes of this pod may be undelivered to " + strings.Join(waiting, ", ") + "; they must be reachable before this copy is given up"
}

func (h handOver) createMasterSide() Stage {
	stage := Stage{Title: "create the recovered master's side"}
	for _, b := range h.missing() {
		stage.Steps = append(stage.Steps, h.there(Master).do(Create, b))
	}
	return stage
}

// delivered are the own logs to deliver: those for the master and for paired slaves.
func (h handOver) delivered() (logs []keptLog) {
	for _, peer := range h.Peers() {
		if (peer == Master || h.joined(peer) && h.paired(peer)) && !h.isOldFor(peer) {
			logs = append(logs, h.kept(peer)...)
		}
	}
	return logs
}

func (h handOver) align() Stage {
	stage := Stage{Title: alignTitle}
	for _, log := range h.delivered() {
		steps, _ := h.aligned(log.Peer, log.block)
		stage.Steps = append(stage.Steps, steps...)
	}
	return stage
}

func (h handOver) connect() Stage { return connectLogs(h.delivered()) }

func (h handOver) deliver() Stage {
	stage := Stage{Title: "deliver what the own log holds"}.saying(Flush)
	for _, log := range h.delivered() {
		proof := log.do(Deliver, log.block)
		if h.setBack {
			proof.Do = Flush
		}
		proof.Strict = true
		stage.Steps = append(stage.Steps, proof)
	}
	return stage
}

func (h handOver) othersJoinAnew() Stage {
	stage := Stage{Title: "have slaves join anew that may lack what is delivered now"}
	for _, slave := range h.otherSlaves() {
		if h.mayLack(slave) {
			stage.Steps = append(stage.Steps, h.joinAnew(slave, IfHandedOver)...)
		}
	}
	return stage
}

func (h handOver) giveUp() Stage {
	return Stage{Title: "give up the copy", Steps: h.reset(h.otherSlaves()...)}.saying(Reset)
}

// forget resets the pair with the master last: its XSN says that this pod was joined.
func (h handOver) forget() Stage {
	return Stage{Title: "give up the mark of a complete copy", Steps: h.reset(Master)}
}

func (h handOver) reset(peers ...int) (steps []Step) {
	for _, peer := range peers {
		for _, log := range h.kept(peer) {
			steps = append(steps, log.do(Stop, log.block), log.at(log.block).As(Reset, IfHandedOver))
		}
	}
	return steps
}

// joinAnew resets a slave's pair on the master. The slave sees the reset, hands over
// what it has, and makes a full join.
func (v View) joinAnew(slave int, guard Guard) (steps []Step) {
	side := Side{Master, slave}
	for _, b := range v.blocks(side) {
		steps = append(steps, side.do(Stop, b), side.at(b).As(Reset, guard))
	}
	return steps
}

// keptLog is an own object that keeps its log for the peer: its XSN is set.
type keptLog struct {
	Side
	block int
	Object
}

// kept are the logs that the own pod keeps for a peer.
func (v View) kept(peer int) (logs []keptLog) {
	for b := range v.Blocks {
		if own, _ := v.object(v.here(peer), b); own.XSN != Unset {
			logs = append(logs, keptLog{v.here(peer), b, own})
		}
	}
	return logs
}

// connectLogs starts or wakes the senders of logs.
func connectLogs(logs []keptLog) Stage {
	stage := Stage{Title: "start or wake what holds unsent changes"}
	for _, log := range logs {
		stage.Steps = append(stage.Steps, startOrWake(log.Object, log.at(log.block))...)
	}
	return stage
}
