package akucore

import (
	"fmt"
	"slices"
	"time"
)

// planJoin is the full join of a slave k that loses nothing. The order matters,
// because a change is never relayed: what another slave j writes while the master
// copies reaches k only over the pair (j,k).
//
//  1. All objects of k are made anew, on both sides: a peer remembers how far the log of
//     an earlier database of k came, a RESET does not make it forget, and k's sender
//     would skip what lies below. k's own side of (j,k) must not exist yet: then j's
//     sender keeps its log instead of delivering into a half-made copy. k's own side of
//     (0,k) does not exist yet for the same reason.
//  2. START RETRY on every j, and on the master, pins its log at now.
//  3. The transactions end that were open at the pins: a pinned log leaves them out. Then
//     j delivers to the master: all that j wrote before the pin is there.
//  4. TRUNCATE on k, STOP on the master, which keeps the pin, k's side, then SYNC TABLE of
//     all tables from the master: it holds all from before the pins. A SYNC without TABLE
//     would move the pin to the copy, and leave out a transaction of the master that had
//     written another table before it. While the SYNC has to wait for its locks, j's
//     changes to the master are held back.
//  5. The copy is complete: k's sides of (j,k) are made, k begins a life above all that
//     others know of it, and everything starts. k's start towards the master comes last and
//     marks the copy as complete.
//
// What was both in the copy and after the pin arrives twice; the server's
// default conflict rules skip it. Users are let in by the next plan, which proves that
// every pair carries what is written, both ways.
func planJoin(v View) Plan {
	j := join{View: v}
	p := Plan{Name: "full join", Join: true}
	if why := j.chooseOthers(); why != "" {
		// An interrupted join looks joined to others, who would wait for this pod.
		if p = p.with(Stage{Title: takeAwayTitle, Steps: j.ownRemains()}); len(p.Stages) == 0 {
			p.Wait = why
		}
		return p
	}
	if p.Wait = j.pairUp(); p.Wait != "" {
		return p
	}
	return p.with(
		v.close(),
		j.deliverRemains(),
		j.takeAway(),
		j.create(),
		j.connect(),
		j.pins(),
		j.deliveries(),
		j.endSleep(),
		j.empty(),
		j.createTarget(),
		j.copy(),
		j.createOwnSides(),
		v.beginLife(),
		j.start(),
		j.mark(),
	)
}

type join struct {
	View
	others []int        // joined slaves in service
	pairs  []joinedPair // with them
}

// joinedPair is the pair with a slave in a block that the slave replicates, with the tables
// that both are to share; nil stands for all of the block.
type joinedPair struct {
	slave, block int
	tables       []Table
}

// chooseOthers finds the slaves that take part, or says who must be waited for.
func (j *join) chooseOthers() (wait string) {
	for _, slave := range j.otherSlaves() {
		switch pod := j.Pods[slave]; {
		case j.outdated(slave):
			return j.waitForOutdated(slave)
		case j.openedEarly(slave):
			// Its own join goes on, or begins again: it has no log that counts.
		case j.joined(slave) && pod.Open():
			j.others = append(j.others, slave)
		case j.joined(slave) && j.awaited(slave):
			// It may hold changes that are neither on the master nor, once this pod has
			// joined without it, ever sent here.
			return fmt.Sprintf("%s is joined but not in service (%s); what it has not delivered would be missing here",
				j.PodName(slave), pod.WhyNotOpen())
		case slave < j.Self && pod.Closed():
			return fmt.Sprintf("%s is starting; slaves join one after the other, lower numbers first", j.PodName(slave))
		}
	}
	return ""
}

// pairUp finds the tables that each pair is to carry, or says which slave shares none. A
// slave without the block sets the pair up when it starts with that block.
func (j *join) pairUp() (wait string) {
	for b := range j.Blocks {
		for _, slave := range j.others {
			if !j.replicates(slave, b) {
				continue
			}
			tables := j.shared(slave, b)
			if !j.sharesAny(tables) {
				return j.nothingShared(slave, b)
			}
			j.pairs = append(j.pairs, joinedPair{slave, b, j.unlessAll(tables, b)})
		}
	}
	return ""
}

// remainsLimit bounds the delivery of a log that is given up. A beat usually takes milliseconds.
const remainsLimit = 10 * time.Second

// deliverRemains lets the own senders finish that the server has started again by itself. After
// a crash a sender repeats the end of its log; when a STOP cuts it between an INSERT and the
// DELETE of the same row, the row is back on the peer. The copy is given up in any case, so the
// join does not wait for a peer that takes nothing.
func (j join) deliverRemains() Stage {
	stage := Stage{Title: "deliver what the server sends by itself"}
	for b := range j.Blocks {
		for _, slave := range j.others {
			own, _ := j.object(j.here(slave), b)
			if _, exists := j.object(j.there(slave), b); exists && own.Active() {
				step := j.here(slave).do(Deliver, b)
				step.For, step.Remains = remainsLimit, true
				stage.Steps = append(stage.Steps, step)
			}
		}
	}
	return stage
}

const takeAwayTitle = "take away the objects of an earlier database"

// takeAway also makes the other slaves forget how far the earlier database came.
func (j join) takeAway() Stage {
	steps := j.ownRemains()
	for b := range j.Blocks {
		for _, slave := range j.others {
			steps = append(steps, j.remove(j.there(slave), b)...)
		}
	}
	return Stage{Title: takeAwayTitle, Steps: steps}
}

// ownRemains takes away the own sides and the master's. Whoever reset the mark in spite of
// a sign of rows that were given up has chosen, so the sign goes, too.
func (j join) ownRemains() (steps []Step) {
	for b := range j.Blocks {
		steps = append(steps, j.remove(j.there(Master), b)...)
		for _, peer := range j.Peers() {
			steps = append(steps, j.remove(j.here(peer), b)...)
		}
	}
	return append(steps, j.forgetGivenUp(IfNotJoined)...)
}

// remove stops and drops a side of a pair of the joining pod, if there is one. The copy
// will hold what it has not sent.
func (j join) remove(side Side, block int) (steps []Step) {
	o, exists := j.object(side, block)
	if o.Active() {
		steps = append(steps, side.do(Stop, block))
	}
	if exists {
		steps = append(steps, side.at(block).As(Drop, IfNotJoined))
	}
	return steps
}

func (j join) create() Stage {
	stage := Stage{Title: "create the replication objects"}
	for b := range j.Blocks {
		stage.Steps = append(stage.Steps, j.there(Master).do(Create, b))
		for _, pair := range j.in(b) {
			stage.Steps = append(stage.Steps, j.there(pair.slave).do(Create, b).of(pair.tables))
		}
	}
	return stage
}

// in are the pairs of a block.
func (j join) in(block int) []joinedPair {
	return slices.DeleteFunc(slices.Clone(j.pairs), func(pair joinedPair) bool { return pair.block != block })
}

func (j join) connect() Stage {
	stage := Stage{Title: "connect the other slaves with the master"}
	for _, pair := range j.pairs {
		side := Side{pair.slave, Master}
		if toMaster, _ := j.object(side, pair.block); !toMaster.Started {
			stage.Steps = append(stage.Steps, side.at(pair.block).As(Start, IfKept))
		}
	}
	return stage
}

func (j join) pins() Stage {
	stage := Stage{Title: "pin the logs of the master and the other slaves", Steps: j.forBlocks(j.there(Master).do(StartRetry, 0))}
	for _, pair := range j.pairs {
		stage.Steps = append(stage.Steps, j.there(pair.slave).do(StartRetry, pair.block))
	}
	return stage
}

func (j join) deliveries() Stage {
	stage := Stage{Title: "wait for what the pins leave out, deliver from the other slaves to the master", Steps: []Step{j.there(Master).do(Settle, 0)}}
	for _, pair := range j.pairs {
		toMaster := Side{pair.slave, Master}
		stage.Steps = append(stage.Steps, toMaster.do(Settle, pair.block), toMaster.do(Deliver, pair.block))
	}
	return stage
}

// endSleep stops the master's pinned sender: beside the own side it would wake up, and
// deliver into the emptied tables.
func (j join) endSleep() Stage {
	return Stage{Title: "end the sleep of the master's sender", Steps: j.forBlocks(j.there(Master).do(Stop, 0))}
}

func (j join) empty() Stage {
	truncate := on(j.Self, Truncate).As(Truncate, IfNotJoined).of(j.Items())
	return Stage{Title: "empty the own tables", Steps: []Step{truncate}}.saying(Truncate)
}

func (j join) createTarget() Stage {
	return Stage{Title: "create the own side towards the master", Steps: j.forBlocks(j.here(Master).do(Create, 0))}
}

func (j join) copy() Stage {
	return Stage{Title: "copy from the master", Steps: j.copiesPinned(j.there(Master))}.saying(Sync)
}

// copiesPinned copies all blocks from pinned logs.
func (v View) copiesPinned(side Side) (steps []Step) {
	for b := range v.Blocks {
		steps = append(steps, v.copyPinned(side, b))
	}
	return steps
}

// copyPinned copies a block from a pinned log. One SYNC TABLE refuses two partitions of a
// table; then the SYNC moves the pin to the copy.
func (v View) copyPinned(side Side, block int) Step {
	step := side.at(block).As(Sync, IfKept)
	step.Pinned = repeated(v.Blocks[block].Tables) == Table{}
	return step
}

// createOwnSides also stops the pinned senders, which try again every 60 s. Stopping them
// is immediate now, and takes 1 s once the own START has woken them.
func (j join) createOwnSides() Stage {
	stage := Stage{Title: "create the own sides towards the other slaves, end their senders' sleep"}
	for _, pair := range j.pairs {
		stage.Steps = append(stage.Steps,
			j.here(pair.slave).do(Create, pair.block).of(pair.tables),
			j.there(pair.slave).do(Stop, pair.block))
	}
	return stage
}

// start starts the pairs with the other slaves, and waits for none of them: with many tables
// each takes long to reach its peer.
func (j join) start() Stage {
	stage := Stage{Title: "the copy is complete: start the pairs with the other slaves"}
	for _, pair := range j.pairs {
		stage.Steps = append(stage.Steps,
			j.here(pair.slave).do(StartRetry, pair.block),
			j.there(pair.slave).at(pair.block).As(StartRetry, IfKept))
	}
	return stage
}

// mark comes last, so that nothing is missing where a copy counts as complete. Whether the
// others have reached their peers is what the next plan sees to.
func (j join) mark() Stage {
	start := j.here(Master).do(Start, 0)
	start.New = true
	return Stage{Title: "mark the copy as complete", Steps: j.forBlocks(start)}
}
