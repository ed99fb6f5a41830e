package akucore

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
		for _, do := range []Verb{Stop, Reset} {
			steps = append(steps, forGroups(m, Step{Do: do, On: slave, Peer: Master})...)
		}
	}
	for _, do := range []Verb{Stop, Reset} {
		steps = append(steps, forGroups(m, Step{Do: do, On: base, Peer: Master})...)
	}
	if len(m.Groups) > 1 {
		steps = append(steps, Step{Do: AllowSharing, On: Master})
	}
	for g := range m.Groups {
		if _, exists := v.object(m, Master, base, g); !exists {
			steps = append(steps, Step{Do: Create, On: Master, Peer: base, Group: g})
		}
	}
	steps = append(steps, Step{Do: Truncate, On: Master, Tables: m.Tables()})
	steps = append(steps, forGroups(m, Step{Do: Start, On: Master, Peer: base})...)
	return append(steps, forGroups(m, Step{Do: Sync, On: base, Peer: Master})...)
}

// recoverSlaves are the steps after which each slave makes a full join when its
// pod is deleted and comes back.
func recoverSlaves(m Mesh, slaves []int) []Step {
	var steps []Step
	for _, slave := range slaves {
		for _, do := range []Verb{Stop, Reset} {
			steps = append(steps, forGroups(m, Step{Do: do, On: Master, Peer: slave})...)
		}
	}
	return steps
}
