package akucore

import (
	"fmt"
	"slices"
)

// A receiver remembers how far the log of its peer had come, also when the peer does not have
// that log any more: its database was made anew, or set back to an earlier moment. The peer's
// sender then skips what it is to send, and no view shows it (altibase.md 0.1). aku makes new
// objects wherever it makes a database anew; a mesh that another tool has set up may still have
// it. A proof shows it: the stream has passed a beat, and the beat is not there.
//
// New objects on both sides end it, and a full join makes them. Between two slaves, either may
// lack rows of the other: the one that skips, when the other one's database was made anew, and
// the one that is skipped, when it was set back by less than a beat. Nobody can tell, so both
// join anew, once the pod that starts has delivered to the master.
//
// With the master, a person decides. What it skips may be on the slave alone. And when a slave
// skips what it writes, either may be right: a master that was set back by less than a beat
// lacks rows that the slave has, and one that was made anew has rows that the slave lacks.

// skipped are the sides whose changes the peer's receiver was seen to skip.
func (v View) skipped() []Side {
	away := func(pod int) bool { return pod != v.Self && !v.Pods[pod].Open() } // it is asked again when it is back
	return slices.DeleteFunc(slices.Clone(v.Skipped), func(s Side) bool { return away(s.On) || away(s.Peer) })
}

// planSkipped ends it.
func planSkipped(v View, skipped []Side) Plan {
	for _, s := range skipped {
		switch {
		case s.Peer == Master:
			return planMasterSkips(v, s.On)
		case s.On == Master && v.Self == Master:
			return planMasterSkipped(v, s.Peer)
		case s.On == Master:
			return chooseCopy(v, "it skips what "+v.PodName(Master)+" writes", whySkipped(v, v.Self, Master))
		}
	}
	p := planHandOver(v, false)
	p.Name += fmt.Sprintf(": %s skips what %s writes", v.PodName(skipped[0].Peer), v.PodName(skipped[0].On))
	return p
}

// whySkipped is the reason, as far as it can be known.
func whySkipped(v View, by, of int) string {
	return fmt.Sprintf("%s skips what %s writes: it knows a later log of that pod, whose database was set back by less than a beat, lost commits with its node, or was made anew by another tool.",
		v.PodName(by), v.PodName(of))
}

// planMasterSkips keeps the rows of a slave that the master skips.
func planMasterSkips(v View, slave int) Plan {
	why := whySkipped(v, Master, slave) + fmt.Sprintf("\nRows of %s may be there alone.\n", v.PodName(slave))
	if v.Self == Master {
		return Plan{Name: "start of the master", Human: SlaveFailed, Advice: why + fmt.Sprintf(
			"This pod stays closed. Delete the pod %s: this one goes on, and that one stays closed and says what to do.", v.PodName(slave))}
	}
	return Plan{
		Name: "restart of a slave", Human: SlaveFailed, Advice: why + fmt.Sprintf(
			`This pod keeps them and stays closed. Write on %s those that count, as SYSDBA reads them here.
Then give up this copy; the pod joins anew:`, v.PodName(Master)),
		Recovery: stopAnd(v, Reset, slave, Master),
	}
}

// planMasterSkipped keeps the rows of a slave that skips what the master writes. A master
// without its side of the pair counts as lost, and can be recovered.
func planMasterSkipped(v View, slave int) Plan {
	return Plan{Name: "start of the master", Human: MasterFailed, Advice: whySkipped(v, slave, Master) + fmt.Sprintf(`
This pod stays closed. When it has rows that %[1]s lacks, STOP and RESET its side of the pair: %[1]s joins anew.
When %[1]s has rows that this pod lacks, drop the side; then this pod says how to recover it:`, v.PodName(slave)), Recovery: stopAnd(v, Drop, Master, slave)}
}
