package simulation

import "aku/internal/akucore"

// mayReset checks a RESET, or a DROP, of an object that has begun. People may do everything.
func (s *server) mayReset(o *object, by *client) {
	w := s.w
	switch {
	case o.xsn == akucore.Unset || by.kind == human:
	case by.kind == recoverer:
		for t := range o.items {
			s.mayRecover("RESET of "+o.spec.Name, t)
		}
	case s.takenForAway(o, by) && w.back(by.pod, o.peer):
		w.violated("(f) RESET of %s on altibase-%d by %s for altibase-%d being away, which is back", o.spec.Name, s.pod, by, o.peer)
	case by.pod == s.pod:
		s.mayResetOwn(o, by)
	case by.pod == o.peer:
		s.mayResetTowardsItself(o, by)
	case s.pod != akucore.Master:
		w.violated("(f) RESET of %s on altibase-%d by %s, which has no part in it", o.spec.Name, s.pod, by)
	case !w.away(by.pod, o.peer):
		s.mayResetOnMaster(o, by)
	}
}

// takenForAway tells whether the plan of a program takes the peer of an object for away.
func (s *server) takenForAway(o *object, by *client) bool {
	return s.w.claims[claim{by, s.pod, o.spec.Name}] == akucore.IfAway
}

// mayResetOwn checks a RESET on the own server: the peer must not depend on what it lacks. A peer that joins
// anew gets all of it.
func (s *server) mayResetOwn(o *object, by *client) {
	w := s.w
	if !w.joined(s.pod) && s.pod != akucore.Master || !w.counted(o.peer) {
		return
	}
	if by.kind == sidecar && s.takenForAway(o, by) && w.away(s.pod, o.peer) {
		return // a removed pod; it makes a full join when it comes back
	}
	peer := w.volumes[o.peer]
	if c, knows := s.knowsBetter(peer); knows {
		w.violated("(f) RESET of %s by %s, which was set back: altibase-%d joins anew, and has %s", o.spec.Name, by, o.peer, c)
		return
	}
	for t := range o.items {
		if c, lacks := w.lacks(peer, s.volume, t); lacks && peer.carries(t) {
			w.violated("(f) RESET of %s on altibase-%d by %s: %s never reached altibase-%d", o.spec.Name, s.pod, by, c, o.peer)
		}
	}
}

// knowsBetter is a change that a peer has and that the master lacks since it was set back.
func (s *server) knowsBetter(peer *volume) (change, bool) {
	if s.pod != akucore.Master {
		return change{}, false
	}
	for at := range s.volume.excused {
		last := s.w.traceless[at]
		if last == s.w.journal.latest[at] && !peer.excused[at] && peer.rows[at.table][at.key] == last.c.after {
			return last.c, true
		}
	}
	return change{}, false
}

// mayResetTowardsItself checks the RESET of a pod on a peer: the pod must have given up its copy.
func (s *server) mayResetTowardsItself(o *object, by *client) {
	w := s.w
	copied, own := w.volumes[by.pod], w.running(by.pod)
	switch {
	case copied == nil || !copied.mark(w, akucore.Master):
	case own != nil && own.open():
		w.violated("(f) RESET of %s on altibase-%d by %s, which is open", o.spec.Name, s.pod, by)
	default:
		for t := range o.items {
			if pod, c := w.undelivered(copied, t); pod >= 0 {
				w.violated("(f) RESET of %s on altibase-%d by %s: %s never reached altibase-%d", o.spec.Name, s.pod, by, c, pod)
			}
		}
	}
}

// mayResetOnMaster checks the RESET on the master towards a slave, by another slave: one that gives up its
// copy. The first slave joins anew, and may lack what only the master has received.
func (s *server) mayResetOnMaster(o *object, by *client) {
	w := s.w
	own, given, master := w.running(by.pod), w.volumes[by.pod], w.volumes[akucore.Master]
	switch {
	case own != nil && own.open():
		w.violated("(f) RESET of %s on the master by %s, which is open", o.spec.Name, by)
	case given != nil:
		for t := range o.items {
			if c, lacks := w.lacks(master, given, t); lacks && given.carries(t) {
				w.violated("(f) RESET of %s on the master by %s, which has not delivered %s to it", o.spec.Name, by, c)
			}
		}
	}
}
