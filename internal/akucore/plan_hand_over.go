package akucore

import (
	"fmt"
	"strings"
)

// planHandOver gives up a copy that does not count any more: the master does not know it,
// or a slave and this pod joined without each other. The own log may hold what nobody else
// has. So it is delivered first, and the copy is given up only when that is proven; the
// next plan is a join.
//
// A slave that this pod was not paired with may lack what the master gets only now. Its
// pair with the master is reset, so that it joins anew as well. That comes after the
// delivery and concerns all that might be joining meanwhile: a copy from before the
// delivery does not last, a later one has everything.
//
// A database that was set back has nothing for a peer that has a beat of it which it
// lacks: all of its log is older than that beat. To send it again to a peer that may have
// forgotten how far it came could even undo what was changed since. To others it delivers
// by FLUSH: they may skip what it writes now, because they were told a greater number, and
// then have what they skip.
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
		v.close(), // also when it is closed: users may still be in, and what they write now would be lost
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

// missing are the blocks of which the master has no side. A master that reset the pair
// still has the object.
func (h handOver) missing() (blocks []int) {
	if h.mark(h.here(Master)) == none || h.isOldFor(Master) {
		return nil
	}
	for _, b := range h.blocks(h.here(Master)) {
		if _, exists := h.object(h.there(Master), b); !exists {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// isOldFor tells whether the own database was set back and the peer has all of its log.
func (h handOver) isOldFor(peer int) bool { return h.setBack && h.older(h.Self, peer) }

// otherMaster leaves the choice of the copy to somebody when the master is not the one of
// this copy. A master without its side is another one, or was recovered while this pod was
// away; if that was from a slave that knew less than this one, users write on it all the
// same.
func (h handOver) otherMaster() Plan {
	switch {
	case len(h.missing()) == 0, h.recovered():
		return Plan{}
	case h.older(Master, h.Self) && h.heard(Master, h.Self):
		return planMasterSetBack(h.View)
	}
	return planMasterAnew(h.View)
}

// mustWait says which slaves must be in service before the copy is given up, "" for none.
// A slave that joined without this pod waits for it to join anew while this one is in
// service: not both may wait.
func (h handOver) mustWait() string {
	var waiting []string
	for _, slave := range h.otherSlaves() {
		if slave < h.Self && h.mayLack(slave) && h.joined(slave) && !h.Pods[slave].Open() && h.awaited(slave) && !h.outdated(h.Self) {
			waiting = append(waiting, fmt.Sprintf("%s (%s)", h.PodName(slave), whyNotOpen(h.Pods[slave])))
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

// delivered are the own logs that are delivered: to the master, and to slaves that are
// paired.
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

// forget gives the pair with the master up last: its XSN says that this pod once was joined.
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

// joinAnew resets a slave's pair on the master. The slave sees that, hands over
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
