package akucore

import "slices"

// recoverMaster are the steps by which somebody gives a master that lost its rows the
// copy of one slave in service, which goes on meanwhile: the vendor's documented manual
// recovery. It wants all other slaves ended first, but a StatefulSet ends none while
// its first pod is not ready. So the others are closed, deliver to that slave, and
// give up their copies: they make a full join when the master is in service.
//
// The order keeps the master closed until it has everything: it opens by itself as
// soon as both sides of its pair with the slave have an XSN, and SYNC sets the last.
func recoverMaster(m Mesh, v View, slaves []int) []Step {
	base := slaves[0]
	var steps []Step
	for _, slave := range slaves[1:] {
		steps = append(steps, Step{Do: Close, On: slave})
		steps = append(steps, forGroups(m, Step{Do: Deliver, On: slave, Peer: base})...)
		steps = append(steps, stopAndReset(m, v, slave, Master)...)
	}
	steps = append(steps, stopAndReset(m, v, base, Master)...)
	if len(m.Groups) > 1 {
		steps = append(steps, Step{Do: AllowSharing, On: Master})
	}
	for g := range m.Groups {
		if _, exists := v.object(m, Master, base, g); !exists {
			steps = append(steps, Step{Do: Create, On: Master, Peer: base, Group: g})
		}
	}
	steps = append(steps, Step{Do: Truncate, On: Master, Tables: m.Tables()})
	steps = append(steps, forGroups(m, Step{Do: StartAndWait, On: Master, Peer: base})...)
	steps = append(steps, forGroups(m, Step{Do: Sync, On: base, Peer: Master})...)
	// One that is not in service now would not know this master. With a side there it
	// finds its pair reset: it hands over and joins anew.
	for slave := Master + 1; slave < m.ServerCount; slave++ {
		if slave == base || slices.Contains(slaves, slave) || !v.expects(m, base, slave) {
			continue
		}
		for g := range m.Groups {
			if _, exists := v.object(m, Master, slave, g); !exists {
				steps = append(steps, Step{Do: Create, On: Master, Peer: slave, Group: g})
			}
		}
	}
	return steps
}

// recoverSlaves are the steps after which each slave makes a full join when its
// pod is deleted and comes back.
func recoverSlaves(m Mesh, v View, slaves []int) []Step {
	var steps []Step
	for _, slave := range slaves {
		steps = append(steps, stopAndReset(m, v, Master, slave)...)
	}
	return steps
}

// stopAndReset resets a pod's side of a pair. A STOP of what is stopped would fail.
func stopAndReset(m Mesh, v View, on, peer int) []Step {
	var stop, reset []Step
	for g := range m.Groups {
		at := Step{On: on, Peer: peer, Group: g}
		if o, _ := v.object(m, on, peer, g); o.active() {
			stop = append(stop, at.as(Stop, Unguarded))
		}
		reset = append(reset, at.as(Reset, Unguarded))
	}
	return append(stop, reset...)
}
