package akucore

// recoverMaster are the steps by which somebody gives a master that lost its rows the
// copy of one slave in service, which goes on meanwhile: the vendor's documented manual
// recovery. It wants all other slaves ended first, but a StatefulSet ends none while
// its first pod is not ready. So the others are closed, deliver to that slave, and
// give up their copies: they make a full join when the master is in service.
//
// The sign of a recovery keeps the master closed until it has everything; then it opens
// by itself.
func recoverMaster(v View, slaves []int) []Step {
	base := slaves[0]
	var steps []Step
	for _, slave := range slaves[1:] {
		steps = append(steps, Step{Do: Close, Side: Side{On: slave}})
		steps = append(steps, v.forGroups(Step{Do: Deliver, Side: Side{slave, base}})...)
		steps = append(steps, stopAndReset(v, slave, Master)...)
	}
	for _, pod := range []int{base, Master} {
		for g, group := range v.Groups {
			if _, exists := v.Pods[pod].Beats[group.Beat()]; !exists {
				steps = append(steps, Step{Do: MakeBeats, Side: Side{On: pod}, Group: g})
			}
		}
	}
	// Until both sides are there again nothing else tells that the master has lost its rows.
	steps = append(steps, Step{Do: BeginRecovery, Side: Side{Master, base}})
	// New objects on both sides: each server remembers how far the log of the other one's
	// earlier database came, and would have its sender skip what lies below.
	steps = append(steps, stopAndDrop(v, base, Master)...)
	steps = append(steps, stopAndDrop(v, Master, base)...)
	if len(v.Groups) > 1 {
		steps = append(steps, Step{Do: AllowSharing, Side: Side{On: base}}, Step{Do: AllowSharing, Side: Side{On: Master}})
	}
	steps = append(steps, v.forGroups(Step{Do: Create, Side: Side{base, Master}})...)
	steps = append(steps, v.forGroups(Step{Do: Create, Side: Side{Master, base}})...)
	steps = append(steps, Step{Do: Truncate, Side: Side{On: Master}, Tables: v.Items()})
	steps = append(steps, v.forGroups(Step{Do: StartAndWait, Side: Side{Master, base}})...)
	steps = append(steps, v.forGroups(Step{Do: Sync, Side: Side{base, Master}})...)
	return append(steps, Step{Do: EndRecovery, Side: Side{Master, base}})
}

// recoverSlaves are the steps after which each slave makes a full join when its
// pod is deleted and comes back.
func recoverSlaves(v View, slaves []int) []Step {
	var steps []Step
	for _, slave := range slaves {
		steps = append(steps, stopAndReset(v, Master, slave)...)
	}
	return steps
}

// stopAndDrop takes a pod's side of a pair away, if it is there.
func stopAndDrop(v View, on, peer int) []Step {
	var steps []Step
	for g := range v.Groups {
		o, exists := v.object(Side{on, peer}, g)
		at := Step{Side: Side{on, peer}, Group: g}
		if o.Active() {
			steps = append(steps, at.As(Stop, Unguarded))
		}
		if exists {
			steps = append(steps, at.As(Drop, Unguarded))
		}
	}
	return steps
}

// stopAndReset resets a pod's side of a pair. A STOP of what is stopped would fail.
func stopAndReset(v View, on, peer int) []Step {
	var stop, reset []Step
	for g := range v.Groups {
		at := Step{Side: Side{on, peer}, Group: g}
		if o, _ := v.object(Side{on, peer}, g); o.Active() {
			stop = append(stop, at.As(Stop, Unguarded))
		}
		reset = append(reset, at.As(Reset, Unguarded))
	}
	return append(stop, reset...)
}
