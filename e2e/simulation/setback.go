package simulation

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"aku/internal/akucore"
)

// A volume that is set back to an earlier moment: somebody took a copy of it then, and puts it back when its pod is away.
//
// What came into it after that moment is lost unless all others that take part have it, as with a lost volume. What they have
// is nobody's to lose; and they do not send it again, so a volume that lacks something of it is no complete copy any more.
// Two things nobody can help. A master that starts while no slave is in service opens before anybody could tell it that it is
// old: then it is what counts. And the server of a volume that was set back sends its log by itself when it starts, to a peer
// that has started since or has a new object: that had all of it before, and takes an old DELETE or INSERT for a new one.

// keepCopy takes a copy of a pod's volume, in the place of an earlier one.
func keepCopy(p int) fault {
	return fault{fmt.Sprintf("altibase-%d: its volume is copied", p), func(w *world) {
		if v := w.volumes[p]; v != nil {
			w.copies[p] = v.clone()
		}
	}}
}

// setBack puts the copies of volumes back, each as old as it is. A volume is set back once at most.
func setBack(pods ...int) fault {
	var names []string
	for _, p := range pods {
		names = append(names, fmt.Sprintf("altibase-%d", p))
	}
	return fault{strings.Join(names, ", ") + ": the volume is set back", func(w *world) { w.setBack(pods) }}
}

func (w *world) setBack(pods []int) {
	others := w.members()
	old := w.putBack(pods)
	others = slices.DeleteFunc(others, func(v *volume) bool { return slices.Contains(old, v) })
	w.learnForks()
	// One that nobody can know of goes on as it is, so it takes part. Where all are set back, they are seen to be by each other.
	traced, some := old, len(others) > 0
	for _, v := range old {
		if now := w.volumes[v.pod]; some && !w.traced(v, now) {
			others = append(others, now)
			traced = allBut(traced, v)
		}
	}
	for _, v := range old {
		w.forgotten(v, w.volumes[v.pod], allBut(others, w.volumes[v.pod]))
	}
	for _, v := range old {
		w.isMissedByAll(w.volumes[v.pod])
		if !slices.Contains(traced, v) {
			w.lostTraceless(v, w.volumes[v.pod])
		}
	}
	if master := w.volumes[akucore.Master]; len(others) == 0 && master != nil && master.whole() {
		w.masterCounts()
	}
	for _, v := range traced {
		w.incomplete(w.volumes[v.pod], others)
	}
}

// putBack puts the copies in the place of the volumes that they were taken of, and returns those.
func (w *world) putBack(pods []int) (old []*volume) {
	for _, p := range pods {
		v, earlier := w.volumes[p], w.copies[p]
		if v == nil || earlier == nil || earlier.id != v.id {
			continue
		}
		if w.pods[p] != nil {
			w.pods[p].gone()
		}
		earlier.id = w.id()
		for t := range maxTables {
			earlier.has[known{v.id, t}] = earlier.last
		}
		w.volumes[p], w.copies[p] = earlier, nil
		w.every = append(w.every, earlier)
		w.forks = append(w.forks, fork{v.id, earlier.id, earlier.last})
		earlier.recovers()
		old = append(old, v)
	}
	return old
}

// learnForks has all volumes and copies know which logs were the same.
func (w *world) learnForks() {
	for _, v := range append(w.volumes[:], w.copies[:]...) {
		for _, f := range w.forks {
			if v != nil {
				v.learns(f)
			}
		}
	}
}

// allBut are the volumes but one.
func allBut(volumes []*volume, v *volume) []*volume {
	return slices.DeleteFunc(slices.Clone(volumes), func(other *volume) bool { return other == v })
}

// traced tells whether anybody has a beat that a volume lost when it was set back.
func (w *world) traced(before, now *volume) bool {
	return slices.ContainsFunc(w.volumes[:], func(witness *volume) bool {
		if witness == nil || witness == now {
			return false
		}
		for t := userTables; t < maxTables; t++ {
			for key := range before.rows[t] {
				if pod, _ := ofBeatKey(key); pod == now.pod && now.rows[t][key] == 0 && witness.rows[t][key] != 0 {
					return true
				}
			}
		}
		return false
	})
}

// lostTraceless notes what a volume may lack, and copies of it, because nobody can know that it was set back: what its own users
// wrote since, and what came and was acknowledged. All others must have it, unless it is written anew.
func (w *world) lostTraceless(before, now *volume) {
	w.tell("    no beat was lost with it")
	for _, log := range w.every {
		gone := !slices.Contains(w.volumes[:], log) // it was itself set back or lost, and is sent to nobody any more
		for t := range userTables {
			for _, c := range now.lacks(log, t) {
				at := place{t, c.key}
				if before.holds(log, c) && (log == before || gone || now.missing[known{log.id, t}][c.sn] != "") {
					now.excused[at] = true
					w.traceless[at] = w.journal.latest[at]
				}
			}
		}
	}
}

// masterCounts has the master be right, if its volume was set back, and all others be no copies where they are not as it is.
func (w *world) masterCounts() {
	master := w.volumes[akucore.Master]
	if master == nil || !w.isSetBack(master) {
		return
	}
	for _, before := range w.before(master) {
		w.forgotten(before, master, nil)
	}
	for t := range userTables {
		master.complete[t] = true
	}
	for _, v := range w.volumes {
		if v != nil && v != master {
			w.incomplete(v, []*volume{master})
		}
	}
}

// isSetBack tells whether a volume is an earlier copy of itself.
func (w *world) isSetBack(v *volume) bool { return len(w.before(v)) > 0 }

// before are the volumes that a volume was before it was set back.
func (w *world) before(v *volume) []*volume {
	var before []*volume
	for _, f := range slices.Backward(w.forks) {
		if f.now != v.id && (len(before) == 0 || f.now != before[len(before)-1].id) {
			continue
		}
		for _, old := range w.every {
			if old.id == f.old {
				before = append(before, old)
			}
		}
	}
	return before
}

// isMissedByAll notes what a volume that was set back does not get from others any more.
func (w *world) isMissedByAll(v *volume) {
	for _, other := range w.volumes {
		if other != nil && other.pod != v.pod {
			v.isMissed(other)
		}
	}
}

// isMissed notes what a volume that was set back does not get from another one any more: what was acknowledged before.
func (v *volume) isMissed(from *volume) {
	for _, o := range from.objects {
		if o.peer != v.pod {
			continue
		}
		for t := range o.items {
			for _, c := range v.lacks(from, t) {
				// The restart number is below a transaction that is open, and may be above one that was over since.
				began := c.transaction != nil && c.transaction.early && c.transaction.began < o.xsn
				if c.sn <= o.xsn || began {
					v.misses(from.id, c, "it came and was acknowledged before the volume was set back")
				}
			}
		}
	}
}

// sentAnew notes what may be lost because a server that was set back sends its log by itself: rows that were changed in what
// it lacks. Callers hold the lock.
func (w *world) sentAnew(x *sender) {
	for _, before := range w.before(x.s.volume) {
		later := map[place]bool{}
		for _, c := range before.log {
			later[place{c.table, c.key}] = c.sn > x.s.volume.known(before, max(0, c.table))
		}
		again, _ := x.s.volume.next(x.o, max(x.o.xsn, x.skips), len(x.s.volume.log))
		for _, c := range again {
			if at := (place{c.table, c.key}); later[at] {
				w.givenUp[at] = true
			}
		}
	}
}

// members are the volumes that take themselves for complete copies, and so does the master, where it can tell; or users, who
// are in.
func (w *world) members() []*volume {
	var members []*volume
	master := w.volumes[akucore.Master]
	for pod, v := range w.volumes {
		s := w.running(pod)
		known := master == nil || !master.whole() || master.sign(w) > 0 || master.mark(w, pod) || s != nil && !s.adminMode
		if v != nil && v.whole() && (pod == akucore.Master || w.joined(pod) && known) {
			members = append(members, v)
		}
	}
	return members
}

// fork says that two logs are the same up to a number.
type fork struct {
	old, now int64 // ids of volumes
	at       int64
}

// clone is the volume as it is at this moment.
func (v *volume) clone() *volume {
	c := *v
	c.beatTables, c.log, c.has, c.missing, c.objects = maps.Clone(v.beatTables), slices.Clone(v.log), maps.Clone(v.has), map[known]map[int64]string{}, map[string]*object{}
	for t := range c.rows {
		c.rows[t] = maps.Clone(v.rows[t])
	}
	for k, gone := range v.missing {
		c.missing[k] = maps.Clone(gone)
	}
	c.excused = maps.Clone(v.excused)
	for name, o := range v.objects {
		copied := *o
		copied.items, copied.spec.Tables = maps.Clone(o.items), slices.Clone(o.spec.Tables)
		c.objects[name] = &copied
	}
	return &c
}

// recovers is what a server does first with a volume of a moment at which transactions were open: it rolls them back.
func (v *volume) recovers() {
	open := map[*transaction]bool{}
	for _, r := range v.log {
		if r.transaction != nil && r.transaction.early {
			open[r.transaction] = r.opens()
		}
	}
	for _, r := range v.log {
		if r.opens() && open[r.transaction] {
			v.rollback(r.transaction)
		}
	}
}

// learns has a volume know of the new log what it knows of the old one, as far as both are the same.
func (v *volume) learns(f fork) {
	for k, sn := range maps.Clone(v.has) {
		if k.log == f.old {
			now := known{f.now, k.table}
			v.has[now] = max(v.has[now], min(sn, f.at))
		}
	}
	for k, gone := range maps.Clone(v.missing) {
		for sn, why := range gone {
			if now := (known{f.now, k.table}); k.log == f.old && sn <= f.at && v.has[now] < sn {
				if v.missing[now] == nil {
					v.missing[now] = map[int64]string{}
				}
				v.missing[now][sn] = why
			}
		}
	}
}

// forgotten notes what is lost with what a volume held before it was set back.
func (w *world) forgotten(before, now *volume, others []*volume) {
	for _, log := range w.every {
		for t := range userTables {
			for _, c := range now.lacks(log, t) {
				if before.holds(log, c) && lackedBy(others, log, c) {
					w.givenUp[place{t, c.key}] = true
				}
			}
		}
	}
}

// lackedBy tells whether not all of these volumes that replicate its table have a change, or none does.
func lackedBy(others []*volume, log *volume, c change) bool {
	lacks := true
	for _, v := range others {
		if v.shares(c.table) {
			if lacks = !v.holds(log, c); lacks {
				break
			}
		}
	}
	return lacks
}

// incomplete notes that a volume that was set back is no complete copy where it is not as the others are: they have what it lacks
// and will not send it, or it has what they do not know.
func (w *world) incomplete(v *volume, others []*volume) {
	for _, other := range others {
		for t := range userTables {
			if other != v && v.carries(t) && other.carries(t) && (other.withholds(v, t) || w.older(v, other, t) || w.older(other, v, t)) {
				v.complete[t] = false
			}
		}
	}
}

// withholds tells whether a volume has a change of a table in its log that another one lacks and that it will not send there.
func (v *volume) withholds(other *volume, table int) bool {
	var to *object
	for _, o := range v.objects {
		if _, carries := o.items[table]; carries && o.peer == other.pod {
			to = o
		}
	}
	return slices.ContainsFunc(other.lacks(v, table), func(c change) bool { return to == nil || c.sn <= to.xsn || !to.sends(c) })
}

// older tells whether another volume has more of what came from a volume than that has itself.
func (w *world) older(v, other *volume, table int) bool {
	return slices.ContainsFunc(w.forks, func(f fork) bool { return f.now == v.id && other.has[known{f.old, table}] > f.at })
}

// setBackALittle is a schedule in which volumes are set back to a moment of a few seconds ago: now and then no beat is lost.
func setBackALittle(r *rand.Rand, o Options) (first int, events []event) {
	first = min(2+r.IntN(2), o.ServerCount)
	events = append(events, event{after: seconds(r, first*20, first*20+20)}, event{fault: recoverWhenAsked()})
	victims := r.Perm(first)[:1+r.IntN(first)/2]
	for _, p := range victims {
		events = append(events, event{fault: keepCopy(p)})
	}
	if r.IntN(4) == 0 { // it does not remember any more how far their logs had come
		events = append(events, event{fault: killServer(r.IntN(first))})
	}
	return first, append(events, event{after: seconds(r, 0, 6)}, event{fault: setBack(victims...)}, event{after: seconds(r, 60, 180)})
}

// volumesSetBack is a schedule in which volumes of pods that have been in service for a while are set back to an earlier moment:
// of one pod, of several, or of all, each to another moment. A person recovers the master.
func volumesSetBack(r *rand.Rand, o Options) (first int, events []event) {
	first = min(2+r.IntN(3), o.ServerCount)
	events = append(events, event{after: seconds(r, first*20, first*20+60)}, event{fault: recoverWhenAsked()})
	victims := r.Perm(first)[:1+r.IntN(first)]
	for _, p := range victims {
		events = append(events, event{fault: keepCopy(p)}, event{after: seconds(r, 6, 40)})
		if r.IntN(3) == 0 {
			events = append(events, event{fault: someFault(r, o, first)})
		}
	}
	events = append(events, event{after: seconds(r, 6, 60)})
	// A source that goes in the middle of a recovery does not come back before the master is ready: another one has to be there.
	if r.IntN(3) == 0 && len(victims) < first {
		for _, p := range victims {
			events = append(events, event{fault: setBack(p)}, event{after: seconds(r, 0, 60)})
		}
	} else {
		events = append(events, event{fault: setBack(victims...)})
	}
	return first, append(events, event{after: seconds(r, 60, 180)})
}
