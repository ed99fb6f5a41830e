package akucore

import (
	"slices"
	"time"
)

// A database may be older than its peers know: its volume was set back to an earlier moment,
// or commits were lost with the node. It lacks what it wrote and received since, for ever,
// and its peers skip what it writes next. No view of the server shows this, but beats do: a
// peer has a beat that lies between two lives of the pod.

// seenLater is by how much the newest beat of a pod may be newer elsewhere because that
// server was observed later. Only the own server is sure not to write meanwhile.
const seenLater = 30 * time.Second

// older reports whether a pod's database is older than another pod knows.
func (v View) older(pod, witness int) bool {
	_, is := v.unknown(pod, witness)
	return is
}

// unknown is the newest beat of a pod that a witness has and that the pod's own lives do not
// contain.
func (v View) unknown(pod, witness int) (newest Beat, is bool) {
	for _, t := range v.Beats() {
		if b, in := v.unknownIn(t, pod, witness); in && b.Number > newest.Number {
			newest, is = b, true
		}
	}
	return newest, is
}

func (v View) unknownIn(t Table, pod, witness int) (newest Beat, is bool) {
	own, theirs := v.Pods[pod].Beats[t], v.Pods[witness].Beats[t]
	if own == nil {
		return newest, false // no table, so no lives to compare with
	}
	for _, b := range theirs[pod] {
		if last := own[pod].Newest(); pod != v.Self && b.Number > last.Number && b.At-last.At < seenLater.Milliseconds() {
			continue
		}
		if own[pod].leavesOut(b) && b.Number > newest.Number {
			newest, is = b, true
		}
	}
	return newest, is
}

// emptied is a beat table on the own server without any beat of the own pod; the zero Table when
// there is none. Each start begins a life there, and aku keeps the first beats of lives; a
// database that was set back has some, too. So a person emptied the table, and its beats do not
// show how old the database is. Those of another block may: a table that is new is empty, too.
func (v View) emptied() (emptied Table) {
	for _, t := range v.Beats() {
		switch beats, exists := v.Pods[v.Self].Beats[t]; {
		case exists && len(beats[v.Self]) == 0:
			emptied = t
		case slices.ContainsFunc(v.Peers(), func(peer int) bool { _, is := v.unknownIn(t, v.Self, peer); return is }):
			return Table{}
		}
	}
	return emptied
}

// heard reports whether a pod's database has beats of another pod. A database that began
// empty has none; a copy of a third pod has them.
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

// recovered reports whether the master's database has the history that this slave knows. A
// master that began empty has another history.
func (v View) recovered() bool {
	for _, t := range v.Beats() {
		if len(v.Pods[v.Self].Beats[t][Master]) == 0 || len(v.Pods[Master].Beats[t][Master]) == 0 {
			return false // nothing to go by
		}
	}
	return !v.older(Master, v.Self)
}
