package akucore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// What a peer did not apply is in the copy that sent it, and perhaps nowhere else. A
// receiver counts it, but a count says nothing to whoever looks later, and is gone with
// the connection. So the pod that finds it leaves a sign on the server whose copy it is: a
// replication object that is never started. While it is there the copy is not given up,
// neither by a hand-over nor by an end that RESETs, and the server keeps it whatever is
// started again. Somebody takes it away who has compared the pods.
//
// What is not noted: rows that were given up before the delivery began, and those of a
// process that is killed between the peer's count and the CREATE, some milliseconds.

// KeptForPeople is why a pod with a sign gives nothing up.
const KeptForPeople = "Rows of this pod were not applied by a peer, so its copy is kept. Compare the pods."

// GivenUpSign is the sign on a pod that a peer did not apply all of its changes. Nobody
// connects to its host; its port only keeps it apart from others.
func (m Mesh) GivenUpSign(from, to int) ObjectSpec {
	return ObjectSpec{
		Name: fmt.Sprintf("AKU_GIVEN_UP_%d%d", from, to), Host: "127.0.0.1", Port: givenUpPort + to,
		Tables: []Table{m.Groups[0].Beat()},
	}
}

// givenUpPort is above the ports of the signs of recoveries.
const givenUpPort = 10

// lacking are the peers that did not apply all of a server's changes.
func (s State) lacking(m Mesh, pod int) []int {
	return slices.DeleteFunc(m.others(pod), func(peer int) bool {
		_, noted := s.Objects[m.GivenUpSign(pod, peer).Name]
		return !noted
	})
}

// noteGivenUp leaves the sign on the server that delivers.
func (r *Runner) noteGivenUp(ctx context.Context, s Step) error {
	server, spec := r.Servers.Server(s.On), r.Mesh.GivenUpSign(s.On, s.Peer)
	at := Step{Do: NoteGivenUp, On: s.On, Peer: s.Peer}
	err := r.locked(ctx, at, func(wait time.Duration) error { return server.Create(ctx, spec, wait) })
	if err == nil || errors.Is(err, ErrDone) {
		return nil
	}
	return fmt.Errorf("%s: %w", at.Describe(r.Mesh), err)
}

// forgetGivenUp takes the signs of the own pod away.
func (v View) forgetGivenUp(m Mesh, guard Guard) []Step {
	var steps []Step
	for _, peer := range v.Pods[m.Self].lacking(m, m.Self) {
		steps = append(steps, Step{Do: ForgetGivenUp, On: m.Self, Peer: peer, If: guard})
	}
	return steps
}

// whyKept says which peers lack rows of a pod, "" when none is known to.
func (v View) whyKept(m Mesh, pod int) string {
	lacking := v.Pods[pod].lacking(m, pod)
	if len(lacking) == 0 {
		return ""
	}
	names := make([]string, len(lacking))
	for i, peer := range lacking {
		names[i] = m.PodName(peer)
	}
	return fmt.Sprintf("rows of %s were not applied on %s", m.PodName(pod), few(names))
}

// planKept keeps a copy that may be the only one to have some rows.
func planKept(m Mesh, v View) Plan {
	if first := v.closeFirst(m); len(first.Steps) > 0 {
		return Plan{Name: "close: " + v.whyKept(m, m.Self), Stages: []Stage{first}}
	}
	return Plan{
		Name: "hand over and give up the copy", Human: KeptForPeople,
		Advice: fmt.Sprintf(`%s. It is to join anew, and its copy may be the only one that has them; it stays closed.
aku-init verify --checksums names the rows. Write on the others those that count, as SYSDBA reads them here; then it goes on after:`, v.whyKept(m, m.Self)),
		Recovery: v.forgetGivenUp(m, Unguarded),
	}
}
