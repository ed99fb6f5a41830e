package akucore

import (
	"fmt"
	"slices"
)

// A receiver remembers how far the log of its peer had come, also when that was the log of
// a database that the peer does not have any more. The peer's sender then skips what it is
// to send, and no view shows it (altibase.md 0.1). aku makes new objects wherever that can
// happen; a mesh that another tool has set up may still have it. A proof shows it: the
// stream has passed a beat, and the beat is not there.
//
// New objects on both sides end it, and a full join makes them. So a slave that lacks rows
// joins anew, and gets them with its copy. What the master lacks is on the slave alone, and
// is kept for people.

// skipped are the sides whose changes the peer's receiver was seen to skip.
func (v View) skipped() []Side {
	away := func(pod int) bool { return pod != v.Self && !v.Pods[pod].Open() } // it is asked again when it is back
	return slices.DeleteFunc(slices.Clone(v.Skipped), func(s Side) bool { return away(s.On) || away(s.Peer) })
}

// planSkipped ends it.
func planSkipped(v View, skipped []Side) Plan {
	for _, s := range skipped {
		if s.Peer == Master {
			return planMasterSkips(v, s.On)
		}
	}
	p := Plan{Name: "have slaves join anew that skip what this pod writes"}
	stage := Stage{Title: "reset them on the master"}
	for _, s := range skipped {
		if s.On == v.Self {
			stage.Steps = append(stage.Steps, v.joinAnew(s.Peer, IfLacking)...)
		}
	}
	if len(stage.Steps) > 0 {
		return p.with(stage)
	}
	p = planHandOver(v, false)
	p.Name += fmt.Sprintf(": this pod skips what %s writes", v.PodName(skipped[0].On))
	return p
}

// planMasterSkips keeps the rows of a slave that the master skips.
func planMasterSkips(v View, slave int) Plan {
	why := fmt.Sprintf("%s skips what %s writes: it remembers an earlier database of that pod. Rows of %[2]s may be there alone.\n", v.PodName(Master), v.PodName(slave))
	if v.Self == Master {
		return Plan{Name: "start of the master", Human: SlaveFailed, Advice: why + fmt.Sprintf(
			"This pod stays closed. Delete the pod %s: this one goes on, and that one stays closed and says what to do.", v.PodName(slave))}
	}
	return Plan{
		Name: "restart of a slave", Human: SlaveFailed, Advice: why + fmt.Sprintf(
			`This pod keeps them and stays closed. Write on %s those that count, as SYSDBA reads them here.
Then give up this copy; the pod joins anew:`, v.PodName(Master)),
		Recovery: stopAndReset(v, slave, Master),
	}
}
