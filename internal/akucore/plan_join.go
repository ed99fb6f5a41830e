package akucore

import "fmt"

// planJoin is the full join of a slave k that loses nothing. The order matters,
// because a change is never relayed: what another slave j writes while the master
// copies reaches k only over the pair (j,k).
//
//  1. All objects of k are made anew, on both sides: a peer remembers how far the log of
//     an earlier database of k came, a RESET does not make it forget, and k's sender
//     would skip what lies below. k's own side of (j,k) must not exist yet: then j's
//     sender keeps its log instead of delivering into a half-made copy.
//  2. START RETRY on every j pins j's log at now.
//  3. The transactions of j end that were open at the pin: the pinned log leaves them
//     out. Then j delivers to the master: all that j wrote before the pin is there.
//  4. TRUNCATE on k, then SYNC from the master: it holds all from before the pins. While
//     it waits for its locks, j's changes to the master are held back.
//  5. The copy is complete: k's sides of (j,k) are made, k begins a life above all that
//     others know of it, and everything starts. k's start towards the master is what
//     marks the copy as complete.
//
// What was both in the copy and after the pin arrives twice; the server's
// default conflict rules skip it. Users are let in by the next plan, which proves that
// every pair carries what is written, both ways.
func planJoin(v View) Plan {
	p := Plan{Name: "full join", Join: true}
	clean := Stage{Title: "take away the objects of an earlier database"}
	for g := range v.Groups {
		v.takeAway(&clean, Master, v.Self, g)
		for _, peer := range v.Peers() {
			v.takeAway(&clean, v.Self, peer, g)
		}
	}
	// Whoever reset the mark in spite of a sign has chosen.
	clean.Steps = append(clean.Steps, v.forgetGivenUp(IfNotJoined)...)
	var others []int
	for _, slave := range otherSlaves(v.Mesh) {
		why := ""
		switch pod := v.Pods[slave]; {
		case v.outdated(slave):
			why = waitForOutdated(v.Mesh, slave)
		case v.joined(slave) && pod.Open():
			others = append(others, slave)
		case v.joined(slave) && v.awaited(slave):
			// It may hold changes that are neither on the master nor, once we
			// have joined without it, ever sent to us.
			why = fmt.Sprintf("%s is joined but not in service (%s); what it has not delivered would be missing here",
				v.PodName(slave), whyNotOpen(pod))
		case slave < v.Self && pod.Closed():
			why = fmt.Sprintf("%s is starting; slaves join one after the other, lower numbers first", v.PodName(slave))
		}
		if why == "" {
			continue
		}
		if len(clean.Steps) > 0 {
			// An interrupted join looks joined to others, who would wait for us.
			p.add(clean)
			return p
		}
		p.Wait = why
		return p
	}

	create := Stage{Title: "create the replication objects"}
	pin := Stage{Title: "pin the logs of the other slaves"}
	connect := Stage{Title: "connect the other slaves with the master"}
	deliver := Stage{Title: "deliver from the other slaves to the master"}
	sync := Stage{Title: "copy from the master", Begin: "Sync tables from MASTER Server.", End: "Replication sync has ended."}
	// A pinned sender sleeps, 60 s from try to try. It stops at once now; when the own
	// START has woken it that would take a second.
	pair := Stage{Title: "create the own sides towards the other slaves, end their senders' sleep"}
	// The start towards the master comes last, so that a copy that counts as complete
	// is connected with everybody. The own server is closed and has one session, so
	// its starts run one after the other anyway.
	start := Stage{Title: "the copy is complete: start", InTurn: true}

	for g := range v.Groups {
		create.Steps = append(create.Steps,
			Step{Do: Create, On: Master, Peer: v.Self, Group: g}, Step{Do: Create, On: v.Self, Peer: Master, Group: g})
		for _, slave := range others {
			v.takeAway(&clean, slave, v.Self, g)
			if !v.replicates(slave, g) {
				continue // it sets the pair up when it starts with that block
			}
			tables := v.shared(slave, g)
			if !sharesAny(tables, v.Mesh) {
				return Plan{Name: p.Name, Wait: v.nothingShared(slave, g)}
			}
			tables = v.unlessAll(tables, g)
			create.Steps = append(create.Steps, Step{Do: Create, On: slave, Peer: v.Self, Group: g, Tables: tables})
			pin.Steps = append(pin.Steps, Step{Do: StartRetry, On: slave, Peer: v.Self, Group: g})
			if toMaster, _ := v.object(slave, Master, g); !toMaster.Started {
				connect.Steps = append(connect.Steps, Step{Do: Start, On: slave, Peer: Master, Group: g, If: IfKept})
			}
			deliver.Steps = append(deliver.Steps, Step{Do: Settle, On: slave, Peer: Master, Group: g}, Step{Do: Deliver, On: slave, Peer: Master, Group: g})
			pair.Steps = append(pair.Steps,
				Step{Do: Create, On: v.Self, Peer: slave, Group: g, Tables: tables},
				Step{Do: Stop, On: slave, Peer: v.Self, Group: g})
			start.Steps = append(start.Steps,
				Step{Do: Start, On: v.Self, Peer: slave, Group: g, New: true},
				Step{Do: Start, On: slave, Peer: v.Self, Group: g, If: IfKept})
		}
		sync.Steps = append(sync.Steps, Step{Do: Sync, On: Master, Peer: v.Self, Group: g})
	}
	start.Steps = append(start.Steps, forGroups(v.Mesh, Step{Do: Start, On: v.Self, Peer: Master, New: true})...)

	p.add(v.closeFirst())
	p.add(clean)
	p.add(create)
	p.add(connect)
	p.add(pin)
	p.add(deliver)
	p.add(Stage{
		Title: "empty the own tables",
		Begin: "Truncate tables for replications.", End: "Table truncation has ended.",
		Steps: []Step{{Do: Truncate, On: v.Self, If: IfNotJoined, Tables: v.Items()}},
	})
	p.add(sync)
	p.add(pair)
	p.add(v.beginLife())
	p.add(start)
	return p
}

// beginLife has the own pod begin a life after all that any server knows of it.
func (v View) beginLife() Stage {
	return Stage{Title: "begin a life", Steps: forGroups(v.Mesh, Step{Do: BeginLife, On: v.Self, Above: v.known(v.Self)})}
}

// takeAway stops and drops a side of a pair of the joining pod, if there is one. What it
// has not sent is not needed: the copy will hold it.
func (v View) takeAway(clean *Stage, on, peer, group int) {
	o, exists := v.object(on, peer, group)
	at := Step{On: on, Peer: peer, Group: group}
	if o.Active() {
		clean.Steps = append(clean.Steps, at.As(Stop, Unguarded))
	}
	if exists {
		clean.Steps = append(clean.Steps, at.As(Drop, IfNotJoined))
	}
}

// other is the pod of the pair that is not the given one.
func (p Pair) other(pod int) int {
	if pod == p.Low {
		return p.High
	}
	return p.Low
}
