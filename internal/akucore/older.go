package akucore

import (
	"fmt"
	"slices"
	"time"
)

// A database may be older than its peers know: a volume that was set back to an earlier
// moment, or commits that were lost with the node. It lacks what it wrote and heard since,
// for ever, and its peers skip what it writes next; no view shows that. Beats do: a peer
// holds one that the lives of the pod leave no room for.

// seenLater is by how much the newest beat of a pod may be newer elsewhere, because that
// server was looked at later. Only the own server is sure not to write meanwhile.
const seenLater = 30 * time.Second

// older tells whether a pod's database is older than another one knows.
func (v View) older(pod, witness int) bool {
	_, is := v.unknown(pod, witness)
	return is
}

// unknown is the newest beat of a pod that a witness has and the pod's own lives leave out.
func (v View) unknown(pod, witness int) (newest Beat, is bool) {
	for _, t := range v.Beats() {
		own, theirs := v.Pods[pod].Beats[t], v.Pods[witness].Beats[t]
		if own == nil {
			continue // no table, so no lives to go by
		}
		for _, b := range theirs[pod] {
			if last := own[pod].Newest(); pod != v.Self && b.Number > last.Number && b.At-last.At < seenLater.Milliseconds() {
				continue
			}
			if own[pod].leavesOut(b) && b.Number > newest.Number {
				newest, is = b, true
			}
		}
	}
	return newest, is
}

// heard tells whether a pod's database has beats of another pod. One that began anew with
// nothing has none; a copy of a third one brings them along.
func (v View) heard(pod, of int) bool {
	return slices.ContainsFunc(v.Beats(), func(t Table) bool { return len(v.Pods[pod].Beats[t][of]) > 0 })
}

// known is the greatest number that any server has of a pod.
func (v View) known(pod int) int64 {
	greatest := int64(0)
	for _, witness := range v.Pods {
		for _, t := range v.Beats() {
			greatest = max(greatest, witness.Beats[t][pod].Newest().Number)
		}
	}
	return greatest
}

// setBack is a peer in service that knows more of the own pod than its own database does;
// ok is false when there is none.
func (v View) setBack() (witness int, ok bool) {
	for _, peer := range v.Peers() {
		if v.Pods[peer].Open() && v.older(v.Self, peer) {
			return peer, true
		}
	}
	return 0, false
}

// recovered tells whether the master's database has the history that this slave knows: one
// that lost its rows and began anew has another.
func (v View) recovered() bool {
	for _, t := range v.Beats() {
		if len(v.Pods[v.Self].Beats[t][Master]) == 0 || len(v.Pods[Master].Beats[t][Master]) == 0 {
			return false // nothing to go by
		}
	}
	return !v.older(Master, v.Self)
}

// planMasterSetBack: the master went into service with a database that is older than this
// slave knows, while nobody was there to tell. This copy has what is lost there, and the
// master has what was written since: only somebody can choose.
func planMasterSetBack(v View) Plan {
	return chooseCopy(v, v.PodName(Master)+" was set back", fmt.Sprintf(
		"The database of %s is older than %s knows: it was set back to an earlier moment, or commits were lost with the node.",
		v.PodName(Master), v.PodName(v.Self)))
}

// planMasterAnew: the master in service is not the one that this copy came from. It may
// have begun with nothing, or with a copy that this slave had no part in; users write on
// it all the same.
func planMasterAnew(v View) Plan {
	return chooseCopy(v, v.PodName(Master)+" began anew", fmt.Sprintf(
		"The database of %s began anew: it is not the one that %s has its copy from, and has no side of their pair.", v.PodName(Master), v.PodName(v.Self)))
}

// chooseCopy leaves it to somebody which copy is right, and has users out until then.
func chooseCopy(v View, brief, why string) Plan {
	own, master := v.PodName(v.Self), v.PodName(Master)
	if first := v.closeFirst(); len(first.Steps) > 0 {
		return Plan{Name: "close: " + brief, Stages: []Stage{first}}
	}
	return Plan{
		Name: "start of a slave", Human: MasterFailed,
		Advice: why + fmt.Sprintf(`
%[1]s keeps what it has and stays closed. Either %[2]s gets the copy of %[1]s, and what was written on %[2]s since is lost:
ALTER SYSTEM SET ADMIN_MODE = 0 on %[1]s, delete the pod %[2]s, and recover it as it then says.
Or %[1]s gets the copy of %[2]s, and what only %[1]s still has is lost:`, own, master),
		Recovery: stopAndReset(v, v.Self, Master),
	}
}
