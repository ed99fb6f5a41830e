package akucore

import "fmt"

// recoverByHand are the steps of a recovery for a person to type, and a warning. The person
// decides what aku-init recover asks for with --without. A source to which all slaves can
// deliver comes first.
func (v View) recoverByHand(sources []int) (steps []Step, warning string) {
	for _, source := range sources {
		if p := planRecover(v, source, "", nil); p.Wait == "" {
			return v.typed(p), ""
		}
	}
	for _, source := range sources {
		why := planRecover(v, source, "", nil).Wait
		if p := planRecover(v, source, "", v.Peers()); p.Wait == "" {
			return v.typed(p), "Before the statements: " + why + ".\n"
		}
		warning += fmt.Sprintf("There are no statements for a recovery from %s: %s.\n", v.PodName(source), why)
	}
	return nil, warning
}

// typed are the steps of a plan for a person to type. They are the steps that aku runs,
// without those that only a program needs or can do:
//
//   - A statement without effect is left out, because it fails when it is typed: the STOP of a
//     stopped side, the DROP of a side that does not exist.
//   - The plain START replaces START RETRY, because it waits and says why it fails. aku itself
//     watches START RETRY.
//   - Guards are not checked, and the failure counts of receivers are not compared.
//   - The start of the pod begins a life, so a person numbers no beat by hand.
func (v View) typed(p Plan) (steps []Step) {
	pinned := map[Side]bool{}
	for _, stage := range p.Stages {
		for _, s := range stage.Steps {
			s.If, s.For, s.Strict = Unguarded, 0, false
			pinned[s.Side] = pinned[s.Side] || s.Do == StartRetry
			switch o, exists := v.sideOf(s); {
			case s.Do == Stop && !o.Active() && !pinned[s.Side], s.Do == Drop && !exists, s.Do == BeginLife:
				continue
			case s.Do == Start:
				s.Do = StartAndWait
			}
			steps = append(steps, s)
		}
	}
	return steps
}

// sideOf is the object of a step on one, and whether it exists.
func (v View) sideOf(s Step) (Object, bool) {
	if !s.OnObject() {
		return Object{}, false
	}
	return v.object(s.Side, s.Block)
}

// recoverSlaves are the steps after which each slave makes a full join when its
// pod is deleted and comes back.
func recoverSlaves(v View, slaves []int) []Step {
	var steps []Step
	for _, slave := range slaves {
		steps = append(steps, stopAnd(v, Reset, Master, slave)...)
	}
	return steps
}

// stopAnd stops a pod's side of a pair, and resets or drops it. A STOP of a stopped side would
// fail.
func stopAnd(v View, verb Verb, on, peer int) []Step {
	var stop, then []Step
	for b := range v.Blocks {
		at := Step{Side: Side{on, peer}, Block: b}
		if o, _ := v.object(Side{on, peer}, b); o.Active() {
			stop = append(stop, at.As(Stop, Unguarded))
		}
		then = append(then, at.As(verb, Unguarded))
	}
	return append(stop, then...)
}
