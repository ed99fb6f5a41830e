package akucore

// recoverMaster are the steps by which somebody gives a master that lost its
// rows the copy of one slave: the vendor's documented manual recovery. All other
// slaves are to be ended first.
func recoverMaster(m Mesh, slaves []int) []Step {
	base := slaves[0]
	steps := []Step{{Do: Truncate, On: Master, Tables: m.Tables()}}
	for _, do := range []Verb{Stop, Reset, Sync} {
		steps = append(steps, forGroups(m, Step{Do: do, On: base, Peer: Master})...)
	}
	return append(steps, forGroups(m, Step{Do: Start, On: Master, Peer: base})...)
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
