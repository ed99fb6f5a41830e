package simulation

import (
	"slices"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// settled is how long something must have been true so that an observation before a statement should have
// seen it. An observation takes as long as a login that hangs.
const settled = loginTimeout + time.Second

// withoutMaster is how long a start may go on after the master left service: as long as the delivery to
// others may take.
const withoutMaster = 2 * time.Minute

// open tells whether users have been let in for a moment.
func (s *server) open() bool { return !s.adminMode && time.Since(s.opened) > time.Second }

// claims are the guards that steps name.
type claims map[claim]akucore.Guard

type claim struct {
	by     *client
	on     int
	object string
}

// claimed records the guard of a step that is about to run.
func (p *pod) claimed(c *client, e lifecycle.Event) {
	if e.Kind != lifecycle.StepBegun {
		return
	}
	s := e.Step
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	m := p.mesh()
	if guard, taken := p.w.unguarded[taken{c, s.Do, s.On, s.Peer, s.Block}]; taken {
		s.If = guard
	}
	p.w.claims[claim{c, s.On, s.Object(m)}] = s.If
}

// taken is a step of one program whose guard was removed.
type taken struct {
	by              *client
	do              akucore.Verb
	on, peer, block int
}

// unguarded removes the guard that a mutation is about. The claims of the steps, and how they are run, stay
// the same.
func (p *pod) unguarded(c *client, plan akucore.Plan) akucore.Plan {
	guard := p.w.options.Unguarded
	if guard == akucore.Unguarded {
		return plan
	}
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	stages := slices.Clone(plan.Stages)
	for i := range stages {
		stages[i].Steps = slices.Clone(stages[i].Steps)
		for j, s := range stages[i].Steps {
			if s.If == guard {
				p.w.unguarded[taken{c, s.Do, s.On, s.Peer, s.Block}] = guard
				stages[i].Steps[j].If, stages[i].Steps[j].New = akucore.Unguarded, s.New || guard == akucore.IfKept
			}
		}
	}
	plan.Stages = stages
	return plan
}

// back tells whether a pod's server has been within reach of another for a while.
func (w *world) back(from, to int) bool {
	return !w.away(from, to) && time.Since(w.running(to).since) > settled && time.Since(w.network.changed) > settled
}

// The checks below use what only the model can see: whether a statement may destroy what it destroys. Callers
// hold the lock.

// joined tells whether a pod's copy counts as complete by its own mark.
func (w *world) joined(pod int) bool {
	v := w.volumes[pod]
	return v != nil && v.mark(w, akucore.Master)
}

// counted are the volumes that must hold what users wrote elsewhere: the master's, and those of slaves that
// are joined by the master's and their own word.
func (w *world) counted(pod int) bool {
	v := w.volumes[pod]
	if v == nil || !v.whole() {
		return false
	}
	master := w.volumes[akucore.Master]
	return pod == akucore.Master || w.joined(pod) && master != nil && master.mark(w, pod)
}

// undelivered is the first counted volume that lacks something of a table in a log.
func (w *world) undelivered(v *volume, table int) (pod int, c change) {
	for pod, other := range w.volumes {
		if other == nil || other == v || !w.counted(pod) || !other.carries(table) {
			continue
		}
		if c, lacks := w.lacks(other, v, table); lacks {
			return pod, c
		}
	}
	return -1, change{}
}

// lacks is the first change of users in a log that a volume does not hold, without the rows that a person
// gave up.
func (w *world) lacks(v, log *volume, table int) (change, bool) {
	if isBeat(table) {
		return change{}, false
	}
	lacked := v.lacks(log, table)
	left := map[int]int64{} // key → what the log leaves it with
	for _, c := range lacked {
		left[c.key] = c.after
	}
	for _, c := range lacked {
		// A row that is sent again may already be as the log leaves it.
		if at := (place{table, c.key}); !w.givenUp[at] && !v.excused[at] && v.rows[table][c.key] != left[c.key] {
			return c, true
		}
	}
	return change{}, false
}

// mayTruncate checks a TRUNCATE.
func (s *server) mayTruncate(table int, by *client) {
	switch {
	case isBeat(table): // it holds nothing of the users
	case by.kind == recoverer && s.pod == akucore.Master:
		s.mayRecover("TRUNCATE", table)
	case by.kind == human: // a pod asked for it
	case s.pod == akucore.Master:
		s.w.violated("(f) the master is truncated by %s", by)
	case s.open():
		s.w.violated("(f) TRUNCATE on altibase-%d, which is open", s.pod)
	case s.w.joined(s.pod):
		s.w.violated("(f) TRUNCATE on altibase-%d, whose copy is complete", s.pod)
	default:
		if pod, c := s.w.undelivered(s.volume, table); pod >= 0 {
			s.w.violated("(f) TRUNCATE on altibase-%d: %s never reached altibase-%d", s.pod, c, pod)
		}
	}
}

// away tells whether a pod's server cannot be reached from another.
func (w *world) away(from, to int) bool { return w.running(to) == nil || w.silent(from, to) }

// slaveInService tells whether the master should have seen a slave that is in service.
func (w *world) slaveInService() bool {
	for pod := 1; pod < maxPods; pod++ {
		if s := w.running(pod); s != nil && !s.adminMode && time.Since(s.opened) > settled && w.back(akucore.Master, pod) {
			return true
		}
	}
	return false
}

// mayOpen checks that users may be let in.
func (s *server) mayOpen() {
	// One that was recovered since it was set back is as its source, and makes nobody wrong.
	if s.pod == akucore.Master && !s.w.slaveInService() && slices.Contains(s.volume.complete[:userTables], false) {
		s.w.masterCounts()
	}
	switch {
	case !s.volume.whole():
		s.w.violated("(c) altibase-%d is opened, and its copy is not complete", s.pod)
	case s.pod != akucore.Master && !s.w.joined(s.pod):
		s.w.violated("(c) altibase-%d is opened, and it is not joined", s.pod)
	case s.pod != akucore.Master && time.Since(s.w.masterSeen) > withoutMaster:
		s.w.violated("(c) altibase-%d is opened without the master", s.pod)
	}
	s.mustBeProven()
}

// mustBeProven checks that, since this server is up, a beat has arrived each way on every pair with a pod in
// service.
func (s *server) mustBeProven() {
	for peer := range maxPods {
		p := s.w.running(peer)
		if peer == s.pod || p == nil || p.adminMode || time.Since(p.opened) < settled || !s.w.back(s.pod, peer) || !s.w.counted(peer) {
			continue
		}
		// A block that is new to one of the two is for its own start.
		blocks := min(len(s.w.pods[s.pod].mesh().Blocks), len(s.w.pods[peer].mesh().Blocks))
		for _, b := range s.w.pods[s.pod].mesh().Blocks[:blocks] {
			name, t := b.Object(akucore.PairOf(s.pod, peer)), table(b.Beat())
			if !s.volume.objects[name].beats(t) || !p.volume.objects[name].beats(t) {
				continue
			}
			if p.beats(t)[s.pod].Newest().Number < s.since.UnixMilli() {
				s.w.violated("(c) altibase-%d is opened, and no beat of it has arrived on altibase-%d", s.pod, peer)
			}
			if s.beats(t)[peer].Newest().Number < s.since.UnixMilli() {
				s.w.violated("(c) altibase-%d is opened, and no beat of altibase-%d has arrived", s.pod, peer)
			}
		}
	}
}

// beats tells whether an object that has begun carries a beat table.
func (o *object) beats(table int) bool {
	if o == nil || o.xsn == akucore.Unset {
		return false
	}
	_, carried := o.items[table]
	return carried
}
