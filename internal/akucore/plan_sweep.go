package akucore

import "fmt"

// Removed are the peers that the StatefulSet no longer wants, that are away, and for
// which the own server still keeps its log.
func Removed(v View) map[int]bool {
	gone := map[int]bool{}
	for _, peer := range v.Peers() {
		if v.Replicas <= 0 || peer < v.Replicas || !v.Pods[peer].Away() {
			continue
		}
		if v.xsns(v.here(peer)) != none {
			gone[peer] = true
		}
	}
	return gone
}

// PlanSweep gives up the logs kept for pods that were removed without leaving in
// order, because these logs would fill the disk. What such a pod has not delivered is still on
// its volume. The pod hands it over if it ever comes back.
func PlanSweep(v View, before map[int]bool) Plan {
	return Plan{Name: "give up the logs for removed pods"}.with(sweep(v, before))
}

func sweep(v View, before map[int]bool) Stage {
	stage, removed := Stage{Title: "stop and reset"}, Removed(v)
	for _, peer := range v.Peers() {
		if !before[peer] || !removed[peer] {
			continue
		}
		for _, log := range v.kept(peer) {
			at := log.at(log.block)
			if log.Active() {
				stage.Steps = append(stage.Steps, at.As(Stop, Unguarded))
			}
			stage.Steps = append(stage.Steps, at.As(Reset, IfAway))
			if v.Self != Master {
				// A slave's side that exists says that the peer gets its changes.
				stage.Steps = append(stage.Steps, at.As(Drop, IfAway))
			}
		}
	}
	return stage
}

// Standing are the XSNs of the objects that a plan would start. An XSN that has moved since the
// last observation shows that the sender ran meanwhile: it is stopped for a moment, now and
// then, while a statement waits for its locks.
func (v View) Standing(p Plan) string {
	text := ""
	for _, stage := range p.Stages {
		for _, s := range stage.Steps {
			if s.Do == Start || s.Do == StartRetry {
				o, _ := v.object(s.Side, s.Block)
				text += fmt.Sprintf(", %s on %d at %d", o.Name, s.On, o.XSN)
			}
		}
	}
	return text
}

// Unchanged reports whether the own sides of the pairs alone show that there is nothing to do, as
// long as the peers that were away still are. The sides are the same as before, and each
// expected peer was in service and is connected in both directions, or was away and its side
// did not change. A peer whose sender is connected has its side started, and no pod resets or
// changes a side without stopping it. No log is kept for a peer that is not expected.
func (v View) Unchanged(own map[string]Traffic, replicas int) bool {
	before := v.Pods[v.Self].Objects
	if len(own) != len(before) {
		return false
	}
	for name, side := range own {
		if o, known := before[name]; !known || o.Items != side.Items {
			return false
		}
	}
	for _, peer := range v.Peers() {
		expected := replicas < 0 || peer < replicas
		for b := range v.Blocks {
			was, exists := v.object(v.here(peer), b)
			now := Traffic{XSN: Unset}
			if exists {
				now = own[was.Name]
			}
			if !v.Pods[peer].unchanged(expected, was, now) {
				return false
			}
		}
	}
	return true
}

// unchanged is Unchanged for the own side of one pair with the pod.
func (p Pod) unchanged(expected bool, was Object, now Traffic) bool {
	switch {
	case !expected:
		return now.XSN == Unset
	case p.Away():
		return now.Started == was.Started && (now.XSN == Unset) == (was.XSN == Unset)
	}
	return p.Open() && now.runsBothWays()
}

// runsBothWays reports whether both sides of a pair are started and connected.
func (t Traffic) runsBothWays() bool {
	return t.Started && t.XSN != Unset && t.Sender == SenderRunning && t.Receiver != nil
}
