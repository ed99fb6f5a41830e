package akucore

import (
	"fmt"
	"slices"
	"time"
)

// planSlaveRestart connects a slave that has a complete copy again.
func planSlaveRestart(v View, o StartOptions) Plan {
	const name = "restart of a slave"
	partners := []int{Master}
	for _, slave := range v.otherSlaves() {
		// A higher one would wait for this pod: of the two the lower goes on.
		if slave < v.Self && v.outdated(slave) && !v.has(v.here(slave)) {
			return Plan{Name: name, Wait: v.waitForOutdated(slave)}
		}
		if !v.joined(slave) {
			continue
		}
		switch pod := v.Pods[slave]; {
		case pod.Open() && v.has(v.here(slave)) && v.xsns(v.there(slave)) == all:
			partners = append(partners, slave)
		case v.openedEarly(slave):
			// Its join goes on, or begins again.
		case pod.Open():
			// One of the two joined without the other, so neither copy is sure to
			// have what the other wrote.
			return planHandOver(v, false)
		case v.has(v.here(slave)):
			// Its log of this pair, and ours, wait for it.
		case pod.Closed() && slave > v.Self:
			// Each of the two joined without the other. The lower one goes on; the
			// higher one will find it open and join anew.
		case v.awaited(slave):
			return Plan{Name: name, Wait: fmt.Sprintf(
				"%s is joined but not in service (%s), and this pod has not yet been connected to it", v.PodName(slave), pod.WhyNotOpen())}
		}
	}
	return restart{v, o, partners}.plan(name)
}

// restart connects the own pod with its partners, which are in service, starts its sides
// for joined pods that are not, and opens when both ways are proven.
type restart struct {
	View
	StartOptions
	partners []int
}

func (r restart) plan(name string) Plan {
	p := Plan{Name: name, InService: true}.with(
		r.align(),
		r.stopSleepers(),
		r.startOwn(),
		r.startPeers(),
	)
	if r.Pods[r.Self].Open() {
		return p
	}
	return p.with(
		r.beginLife(),
		r.prove(),
		r.delay(),
		Stage{Title: "let users in", Steps: []Step{on(r.Self, Open)}},
	)
}

func (r restart) align() Stage {
	return r.eachPair(alignTitle, func(peer, block int) []Step {
		steps, _ := r.aligned(peer, block)
		return steps
	})
}

// eachPair is a stage of the steps for each block of the pairs with the partners.
func (r restart) eachPair(title string, steps func(peer, block int) []Step) Stage {
	stage := Stage{Title: title}
	for _, peer := range r.partners {
		for _, b := range r.blocks(r.here(peer)) {
			stage.Steps = append(stage.Steps, steps(peer, b)...)
		}
	}
	return stage
}

// stopSleepers stops senders that lost this pod. The own START would wake them, and a
// sender that runs takes a second to stop.
func (r restart) stopSleepers() Stage {
	return r.eachPair("stop the peers' sides that have lost this pod", func(peer, block int) []Step {
		_, theirs := r.aligned(peer, block)
		return stopSleeper(theirs, r.there(peer).at(block))
	})
}

func (r restart) startOwn() Stage {
	stage := r.eachPair("start the own sides", func(peer, block int) []Step {
		own, _ := r.object(r.here(peer), block)
		return startOrWake(own, r.here(peer).at(block))
	})
	for _, peer := range r.Peers() {
		// A slave that answers starts both sides of its pair with the master itself. Or it joins, and
		// the stopped sender keeps the log that its SYNC goes on from.
		if r.Pods[peer].Open() || r.Self == Master && r.Pods[peer].Closed() {
			continue
		}
		for b := range r.Blocks {
			own, exists := r.object(r.here(peer), b)
			// A joined slave must get all from the moment users are let in.
			if exists && !own.Active() && (own.XSN != Unset || r.Self != Master && r.joined(peer)) {
				stage.Steps = append(stage.Steps, r.here(peer).at(b).As(StartRetry, ifKept(own)))
			}
		}
	}
	return stage
}

func (r restart) startPeers() Stage {
	return r.eachPair("start the peers' sides", func(peer, block int) []Step {
		_, theirs := r.aligned(peer, block)
		return startStopped(theirs, r.there(peer).at(block))
	})
}

// proofLimit is how long a beat may take before the servers are observed again.
const proofLimit = 60 * time.Second

// prove shows that what is written here arrives on every partner, and the other way round.
func (r restart) prove() Stage {
	limit := proofLimit
	if r.Flush {
		limit = r.FlushTimeout
	}
	stage := r.eachPair("prove both ways", func(peer, block int) (proofs []Step) {
		for _, side := range []Side{r.here(peer), r.there(peer)} {
			proof := side.do(Deliver, block)
			proof.For, proof.Seen = limit, true
			own, _ := r.object(r.here(peer), block)
			proof.Beatless = !slices.Contains(own.Tables, r.Blocks[block].Beat())
			proofs = append(proofs, proof)
		}
		return proofs
	})
	if r.Flush {
		return stage.saying(Flush)
	}
	return stage
}

func (r restart) delay() Stage {
	if r.OpenDelay <= 0 || r.Self == Master {
		return Stage{}
	}
	delay := on(r.Self, Delay)
	delay.For = r.OpenDelay
	return Stage{Title: "delay", Steps: []Step{delay}}
}

// ifKept is the guard of starting an object again. One that was never started begins at
// now anyway.
func ifKept(o Object) Guard {
	if o.XSN == Unset {
		return Unguarded
	}
	return IfKept
}

// startOrWake starts a stopped sender. One that lost its peer tries again only every
// 60 s, and one that ended because the peer's object differed never; both are stopped and
// started.
func startOrWake(o Object, at Step) []Step { return append(stopSleeper(o, at), startStopped(o, at)...) }

// stopSleeper stops a sender that is started and does not get on.
func stopSleeper(o Object, at Step) []Step {
	if o.Started && (o.Sender == SenderRetry || o.Sender == SenderNone) {
		return []Step{at.As(Stop, Unguarded)}
	}
	return nil
}

// startStopped starts a sender that is stopped, or was by stopSleeper. The START waits for
// one that is connecting.
func startStopped(o Object, at Step) []Step {
	if o.Started && (o.Sender == SenderRunning || o.Sender == SenderSync) {
		return nil
	}
	return []Step{at.As(Start, ifKept(o))}
}

const alignTitle = "bring the peers' sides in line with the own ones"

// aligned gives the steps after which the peer's side carries the tables of a slave's own
// side and goes to the own host, and the peer's object after them. It has more tables when
// a change of the list was cut. The pod that starts corrects the host and port that lead to
// it: only there the new ones are in use for sure.
func (v View) aligned(peer, block int) ([]Step, Object) {
	own, exists := v.object(v.here(peer), block)
	theirs, there := v.object(v.there(peer), block)
	if !exists || !there {
		return nil, theirs
	}
	at := v.there(peer).at(block)
	var steps []Step
	if more := theirs.exceeds(own.Tables); v.Self != Master && len(more) > 0 {
		steps = append(steps, at.As(DropTables, IfOnlyThere).of(more))
	}
	if !theirs.goesTo(v.Spec(v.Blocks[block], peer, v.Self)) {
		steps = append(steps, at.As(SetHost, Unguarded))
	}
	if len(steps) > 0 && theirs.Active() {
		steps = append([]Step{at.As(Stop, Unguarded)}, steps...)
		theirs.Started, theirs.Sender = false, SenderNone
	}
	return steps, theirs
}
