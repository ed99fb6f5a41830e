package akucore

import "fmt"

// planJoin is the full join of a slave k that loses nothing. The order matters,
// because a change is never relayed: what another slave j writes while the master
// copies reaches k only over the pair (j,k).
//
//  1. k's own side of (j,k) must not exist: then j's sender keeps its log
//     instead of delivering into a half-made copy.
//  2. START RETRY on every j pins j's log at now.
//  3. The transactions of j end that were open at the pin: the pinned log leaves them
//     out. Then j delivers to the master: all that j wrote before the pin is there.
//  4. TRUNCATE on k, then SYNC from the master: it holds all from before the pins.
//  5. The copy is complete: k's sides of (j,k) are made, and everything starts.
//     k's start towards the master is what marks the copy as complete. The sides
//     are made before, because a CREATE is a log record that is not sent: after it
//     a delivery would wait for the sender's keep-alive.
//
// What was both in the copy and after the pin arrives twice; the server's
// default conflict rules skip it.
func planJoin(m Mesh, v View) Plan {
	p := Plan{Name: "full join", Join: true}
	clean := Stage{Title: "clear away an earlier or interrupted join"}
	for g := range m.Groups {
		p.clearPair(m, v, &clean, Master, m.Self, g)
	}
	var others []int
	for _, slave := range otherSlaves(m) {
		why := ""
		switch pod := v.Pods[slave]; {
		case v.outdated(m, slave):
			why = waitForOutdated(m, slave)
		case v.joined(m, slave) && pod.Open():
			others = append(others, slave)
		case v.joined(m, slave) && v.awaited(m, slave):
			// It may hold changes that are neither on the master nor, once we
			// have joined without it, ever sent to us.
			why = fmt.Sprintf("%s is joined but not in service (%s); what it has not delivered would be missing here",
				m.PodName(slave), whyNotOpen(pod))
		case slave < m.Self && pod.Closed():
			why = fmt.Sprintf("%s is starting; slaves join one after the other, lower numbers first", m.PodName(slave))
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

	create := Stage{Title: "create the missing replication objects"}
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

	for g := range m.Groups {
		for _, on := range []int{Master, m.Self} {
			peer := PairOf(0, m.Self).other(on)
			o, exists := v.object(m, on, peer, g)
			if exists && !o.fits(m.Spec(m.Groups[g], on, peer)) {
				clean.Steps = append(clean.Steps, Step{Do: Drop, On: on, Peer: peer, Group: g, If: IfNotJoined})
				exists = false
			}
			if !exists {
				create.Steps = append(create.Steps, Step{Do: Create, On: on, Peer: peer, Group: g})
			}
		}
		for _, slave := range otherSlaves(m) {
			if own, exists := v.object(m, m.Self, slave, g); exists {
				if own.active() {
					clean.Steps = append(clean.Steps, Step{Do: Stop, On: m.Self, Peer: slave, Group: g})
				}
				if own.XSN != Unset {
					clean.Steps = append(clean.Steps, Step{Do: Reset, On: m.Self, Peer: slave, Group: g, If: IfNotJoined})
				}
				clean.Steps = append(clean.Steps, Step{Do: Drop, On: m.Self, Peer: slave, Group: g, If: IfNotJoined})
			}
		}
		for _, slave := range others {
			p.clearPair(m, v, &clean, slave, m.Self, g)
			if !v.replicates(m, slave, g) {
				continue // it sets the pair up when it starts with that block
			}
			tables := v.shared(m, slave, g)
			if len(tables) == 0 {
				return Plan{Name: p.Name, Wait: v.nothingShared(m, slave, g)}
			}
			spec := m.Spec(m.Groups[g], slave, m.Self)
			spec.Tables = tables
			tables = m.unlessAll(tables, g)
			o, exists := v.object(m, slave, m.Self, g)
			if exists && !o.fits(spec) {
				clean.Steps = append(clean.Steps, Step{Do: Drop, On: slave, Peer: m.Self, Group: g, If: IfNotJoined})
				exists = false
			}
			if !exists {
				create.Steps = append(create.Steps, Step{Do: Create, On: slave, Peer: m.Self, Group: g, Tables: tables})
			}
			pin.Steps = append(pin.Steps, Step{Do: StartRetry, On: slave, Peer: m.Self, Group: g})
			if toMaster, _ := v.object(m, slave, Master, g); !toMaster.Started {
				connect.Steps = append(connect.Steps, Step{Do: Start, On: slave, Peer: Master, Group: g, If: IfKept})
			}
			deliver.Steps = append(deliver.Steps, Step{Do: Settle, On: slave, Peer: Master, Group: g}, Step{Do: Deliver, On: slave, Peer: Master, Group: g})
			pair.Steps = append(pair.Steps,
				Step{Do: Create, On: m.Self, Peer: slave, Group: g, Tables: tables},
				Step{Do: Stop, On: slave, Peer: m.Self, Group: g})
			start.Steps = append(start.Steps,
				Step{Do: Start, On: m.Self, Peer: slave, Group: g},
				Step{Do: Start, On: slave, Peer: m.Self, Group: g, If: IfKept})
		}
		sync.Steps = append(sync.Steps, Step{Do: Sync, On: Master, Peer: m.Self, Group: g})
	}
	start.Steps = append(start.Steps, forGroups(m, Step{Do: Start, On: m.Self, Peer: Master})...)

	p.add(v.closeFirst(m))
	p.add(clean)
	p.add(create)
	p.add(connect)
	p.add(pin)
	p.add(deliver)
	p.add(Stage{
		Title: "empty the own tables",
		Begin: "Truncate tables for replications.", End: "Table truncation has ended.",
		Steps: []Step{{Do: Truncate, On: m.Self, If: IfNotJoined, Tables: m.Tables()}},
	})
	p.add(sync)
	p.add(pair)
	p.add(start)
	return p
}

// clearPair stops and resets a pod's side of its pair with the joining pod. What
// it has not sent is not needed: the copy will hold it.
func (p *Plan) clearPair(m Mesh, v View, clean *Stage, on, joining, group int) {
	o, _ := v.object(m, on, joining, group)
	if o.active() {
		clean.Steps = append(clean.Steps, Step{Do: Stop, On: on, Peer: joining, Group: group})
	}
	if o.XSN != Unset {
		clean.Steps = append(clean.Steps, Step{Do: Reset, On: on, Peer: joining, Group: group, If: IfNotJoined})
	}
}

// other is the pod of the pair that is not the given one.
func (p Pair) other(pod int) int {
	if pod == p.Low {
		return p.High
	}
	return p.Low
}
