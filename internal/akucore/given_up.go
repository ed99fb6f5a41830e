package akucore

import (
	"fmt"
	"slices"
)

// Rows that a peer did not apply are in the copy that sent them, and perhaps nowhere else. The
// count of the peer's receiver is lost with its connection. So the pod that sees the count
// creates a sign on the server that has the copy: a replication object that is never started.
// While the sign exists, the copy is not given up, neither by a hand-over nor by an end that
// RESETs, and also after a restart. A person who has compared the pods removes the sign.
//
// There is no sign for rows that were given up before the delivery began, and for those of a
// program that is killed in the milliseconds between the peer's count and the CREATE.

// KeptForPeople is why a pod with a sign gives nothing up.
const KeptForPeople = "Rows of this pod were not applied by a peer, so its copy is kept. Compare the pods."

// GivenUpSign is the sign on a pod that a peer did not apply all of its changes. No server
// connects to its host; its port only distinguishes it from other signs.
func (m Mesh) GivenUpSign(from, to int) ObjectSpec {
	return ObjectSpec{
		Name: fmt.Sprintf("AKU_GIVEN_UP_%d%d", from, to), Host: "127.0.0.1", Port: givenUpPort + to,
		Tables: []Table{m.Blocks[0].Beat()},
	}
}

// givenUpPort is above the ports of the signs of recoveries.
const givenUpPort = 10

// Lacking are the peers that did not apply all of a server's changes.
func (s State) Lacking(m Mesh, pod int) []int {
	return slices.DeleteFunc(m.Others(pod), func(peer int) bool {
		_, noted := s.Objects[m.GivenUpSign(pod, peer).Name]
		return !noted
	})
}

// forgetGivenUp removes the signs on the own pod.
func (v View) forgetGivenUp(guard Guard) []Step {
	var steps []Step
	for _, peer := range v.Pods[v.Self].Lacking(v.Mesh, v.Self) {
		steps = append(steps, Step{Do: ForgetGivenUp, Side: v.here(peer), If: guard})
	}
	return steps
}

// whyKept names the peers that lack rows of a pod; "" when no such peer is known.
func (v View) whyKept(pod int) string {
	lacking := v.Pods[pod].Lacking(v.Mesh, pod)
	if len(lacking) == 0 {
		return ""
	}
	names := make([]string, len(lacking))
	for i, peer := range lacking {
		names[i] = v.PodName(peer)
	}
	return fmt.Sprintf("rows of %s were not applied on %s", v.PodName(pod), Few(names))
}

// planKept keeps a copy that may be the only one to have some rows.
func planKept(v View) Plan {
	if v.Pods[v.Self].Open() {
		return planClose(v, v.whyKept(v.Self))
	}
	return Plan{
		Name: "hand over and give up the copy", Human: KeptForPeople,
		Advice: fmt.Sprintf(`%s. It is to join anew, and its copy may be the only one that has them; it stays closed.
The other pod's trc/altibase_rp_conflict.log names the rows. Write on it those that count, as SYSDBA reads them here; then this pod goes on after:`, v.whyKept(v.Self)),
		Recovery: v.forgetGivenUp(Unguarded),
	}
}
