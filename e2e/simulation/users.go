package simulation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"aku/internal/akucore"
)

const (
	ownKeys    = 300 // of each pod, table and way to write; nobody else writes them
	sharedKeys = 6   // of each table, written everywhere
)

// journal is every change that was acknowledged to users.
type journal struct {
	latest map[place]written
	shared map[place]bool // keys that two pods wrote
}

// place is a row.
type place struct{ table, key int }

// written is the last acknowledged change of a row.
type written struct {
	volume *volume
	pod    int
	c      change
}

// habit is how a user writes.
type habit int

const (
	commits habit = iota // one change after the other, now and then in a transaction that stays open
	lingers              // long transactions, one after the other
)

// users are the users of a pod. They come when the server lets them in, and write until they are closed out.
func (p *pod) users(h habit) {
	w := p.w
	for pause(p.ctx, time.Second+time.Duration(p.number)*13*time.Nanosecond+time.Duration(h)*101*time.Nanosecond) == nil {
		w.mu.Lock()
		s := p.server
		if s == nil || !s.up || s.adminMode || w.set.quiet || w.journal.latest == nil {
			w.mu.Unlock()
			continue
		}
		session := s.login(nil, false)
		w.mu.Unlock()
		for session.works(h) {
			w.mu.Lock()
			wait := w.between(dieWrite, p.number, 1, int(h), 20*time.Millisecond, w.options.WriteEvery)
			w.mu.Unlock()
			if pause(p.ctx, wait) != nil {
				return
			}
		}
	}
}

// works makes a user's next change. It returns false when the session is over or the user has left.
func (c *session) works(h habit) bool {
	s, w := c.server, c.server.w
	w.mu.Lock()
	if c.closed || s.ctx.Err() != nil || w.set.quiet {
		c.logout()
		w.mu.Unlock()
		return false
	}
	if w.network.hung[s.pod] || s.byHand {
		w.mu.Unlock()
		return true
	}
	stays := h == lingers || w.chance(cmp.Or(w.options.Transactions, 4), dieWrite, s.pod, 2, int(h))
	// A transaction that stays open has written a replicated table first, or only later.
	early := !stays || h == lingers || w.chance(50, dieWrite, s.pod, 4, int(h))
	r, writes := s.someRow(h, stays)
	w.mu.Unlock()
	switch {
	case early && !writes:
		return true
	case early:
		c.writes(r, h, stays)
	default:
		w.mu.Lock()
		c.begin(nil, nil)
		w.mu.Unlock()
	}
	if stays {
		c.endsLater(h, r, early)
	}
	return true
}

// endsLater ends a user's transaction after a while. One that has not written yet writes first; r is the row
// that an early one wrote.
func (c *session) endsLater(h habit, r row, early bool) {
	s, w := c.server, c.server.w
	w.mu.Lock()
	lasts := s.lasts(h)
	w.mu.Unlock()
	if pause(s.ctx, lasts) != nil {
		return
	}
	w.mu.Lock()
	t, writes := c.transaction, false
	if !early {
		r, writes = s.someRow(h, true)
	}
	w.mu.Unlock()
	switch {
	case t == nil:
	case early:
		w.mu.Lock()
		c.commit(r)
		w.mu.Unlock()
	case writes:
		c.writes(r, h, false)
	default:
		w.mu.Lock()
		c.rollback()
		w.mu.Unlock()
	}
}

// writes changes a row as soon as the table is free. The change is complete, or the first of a transaction
// that stays open.
func (c *session) writes(r row, h habit, stays bool) {
	s, w := c.server, c.server.w
	w.mu.Lock()
	table := s.lock(r.table, writes)
	w.mu.Unlock()
	if table.await(s.ctx, forEver, int(h)) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case c.closed || s.ctx.Err() != nil || w.network.hung[s.pod]:
		c.rollback()
		table.leave()
	case stays:
		c.begin(&r, table)
	default:
		s.write(r, c.transaction)
		c.transaction = nil
		table.leave()
		s.touched[r.table] = time.Now()
	}
}

// forEver is longer than a run.
const forEver = 24 * time.Hour

// someRow is the row that a user writes next. ok is false when a shared row does not exist. Callers hold the
// lock.
func (s *server) someRow(h habit, stays bool) (r row, ok bool) {
	w, v := s.w, s.volume
	x := w.roll(dieWrite, s.pod, 0, int(h))
	// Until all pods have a new table, users write it where it is replicated.
	var tables []int
	for t := range userTables {
		if t < w.options.Blocks || (w.options.Lists || w.options.AddBlock) && v.carries(t) {
			tables = append(tables, t)
		}
	}
	r.table = tables[int(x>>8)%len(tables)]
	switch {
	case stays: // nobody else writes a row of an open transaction
		r.key = 1000*(s.pod+1) + ownKeys*(1+int(h)) + int(x>>16)%ownKeys
	case x%16 == 0:
		r.key = int(x>>16) % sharedKeys
	default:
		r.key = 1000*(s.pod+1) + int(x>>16)%ownKeys
	}
	r.value = w.id()
	if w.options.FewValues {
		r.value = 1 + int64(x>>48%3)
	}
	now := v.rows[r.table][r.key]
	if now != 0 && x>>40%4 == 0 {
		r.value = 0
	}
	return r, now != 0 || r.key >= sharedKeys || x>>40%4 != 0
}

// write makes one change at the end of a transaction. Callers hold the lock.
func (s *server) write(r row, t *transaction) {
	w := s.w
	c := s.volume.write(r, t)
	if last, ok := w.journal.latest[r.place]; ok && last.pod != s.pod {
		w.journal.shared[r.place] = true
	}
	w.journal.latest[r.place] = written{s.volume, s.pod, c}
	w.figures.Writes++
	s.wrote()
}

// otherList names an object between two pods whose tables differ from their configuration, or is "". Callers
// hold the lock.
func (w *world) otherList() string {
	for _, p := range w.pods {
		if p == nil {
			continue
		}
		m := p.mesh()
		for _, b := range m.Blocks {
			for _, peer := range m.Peers() {
				o := p.volume.objects[b.Object(akucore.PairOf(p.number, peer))]
				if o != nil && w.pods[peer] != nil && !slices.Equal(list(o.spec.Tables), list(b.Items())) {
					return fmt.Sprintf("%s on altibase-%d has the tables %v, want %v", o.spec.Name, p.number, list(o.spec.Tables), list(b.Items()))
				}
			}
		}
	}
	return ""
}

// check compares every open pod with what was acknowledged to users.
func (w *world) check() {
	tainted := w.tainted()
	w.figures.Tainted += len(tainted)
	w.figures.Shared += len(w.journal.shared)
	faults := slices.Concat(w.wrongRows(tainted), w.unwrittenRows(tainted))
	slices.Sort(faults)
	for i, f := range faults {
		if i == 5 {
			w.violated("… and %d more rows", len(faults)-i)
			break
		}
		w.violated("%s", f)
	}
}

// tainted are the rows that a person gave up, or that were changed on a lost volume and nowhere else.
func (w *world) tainted() map[place]bool {
	tainted := maps.Clone(w.givenUp)
	for _, lost := range w.lost {
		for pod, p := range w.pods {
			if p == nil {
				continue
			}
			for t := range userTables {
				for _, c := range w.volumes[pod].lacks(lost, t) {
					if w.volumes[pod].carries(t) {
						tainted[place{t, c.key}] = true
					}
				}
			}
		}
	}
	return tainted
}

// wrongRows are rows that are not as they were changed last.
func (w *world) wrongRows(tainted map[place]bool) (faults []string) {
	for at, last := range w.journal.latest {
		if then, lost := w.traceless[at]; tainted[at] || w.journal.shared[at] || lost && then != last {
			continue
		}
		for pod, p := range w.pods {
			if p == nil || !p.volume.carries(at.table) || p.volume.excused[at] {
				continue
			}
			if got := w.volumes[pod].rows[at.table][at.key]; got != last.c.after {
				faults = append(faults, fmt.Sprintf("(a) altibase-%d holds %d=%d, and the last change (sn %d of altibase-%d) was: %s%s",
					pod, at.key, got, last.c.sn, last.pod, last.c, w.volumes[pod].why(at, last.volume)))
			}
		}
	}
	return faults
}

// unwrittenRows are rows that nobody wrote.
func (w *world) unwrittenRows(tainted map[place]bool) (faults []string) {
	for pod, p := range w.pods {
		if p == nil {
			continue
		}
		for t, rows := range w.volumes[pod].rows[:userTables] {
			for key, value := range rows {
				at := place{t, key}
				if _, ok := w.journal.latest[at]; !ok && !tainted[at] {
					faults = append(faults, fmt.Sprintf("(b) altibase-%d holds %d=%d, which nobody wrote", pod, key, value))
				}
			}
		}
	}
	return faults
}
