package akucore

import (
	"fmt"
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
func (v View) older(m Mesh, pod, witness int) bool {
	_, is := v.unknown(m, pod, witness)
	return is
}

// unknown is the newest beat of a pod that a witness has and the pod's own lives leave out.
func (v View) unknown(m Mesh, pod, witness int) (newest Beat, is bool) {
	for _, t := range m.Beats() {
		own, theirs := v.Pods[pod].Beats[t], v.Pods[witness].Beats[t]
		if own == nil {
			continue // no table, so no lives to go by
		}
		for _, b := range theirs[pod] {
			if last := own[pod].Newest(); pod != m.Self && b.Number > last.Number && b.At-last.At < seenLater.Milliseconds() {
				continue
			}
			if own[pod].leavesOut(b) && b.Number > newest.Number {
				newest, is = b, true
			}
		}
	}
	return newest, is
}

// known is the greatest number that any server has of a pod.
func (v View) known(m Mesh, pod int) int64 {
	greatest := int64(0)
	for _, witness := range v.Pods {
		for _, t := range m.Beats() {
			greatest = max(greatest, witness.Beats[t][pod].Newest().Number)
		}
	}
	return greatest
}

// outdatedCopy says why a slave's complete copy does not count, "" when it does: the own
// database is older than others know, or this one knows more than another one does, of
// what that one wrote in a life that is lost.
func (v View) outdatedCopy(m Mesh) (why string, own bool) {
	for _, peer := range m.Peers() {
		if !v.Pods[peer].Open() {
			continue
		}
		if v.older(m, m.Self, peer) {
			return fmt.Sprintf("the database of %s is older than %s knows: it was set back to an earlier moment, or commits were lost with the node",
				m.PodName(m.Self), m.PodName(peer)), true
		}
	}
	for _, peer := range m.Peers() {
		if v.Pods[peer].Open() && v.older(m, peer, m.Self) {
			return fmt.Sprintf("this copy has what %s wrote before it was set back to an earlier moment, or lost commits with its node", m.PodName(peer)), false
		}
	}
	return "", false
}
