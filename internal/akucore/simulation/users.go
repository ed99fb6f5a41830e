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
	ownKeys    = 300 // of each pod and table, written there alone
	sharedKeys = 6   // of each table, written everywhere
)

// journal is every change that users were told is done.
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

// users are the users of a pod: they come when the server lets them in, and write
// until they are thrown out.
func (p *pod) users() {
	w := p.w
	for pause(p.ctx, time.Second+time.Duration(p.number)*13*time.Nanosecond) == nil {
		w.mu.Lock()
		s := p.server
		if s == nil || !s.up || s.adminMode || w.journal.latest == nil {
			w.mu.Unlock()
			continue
		}
		session := s.login(nil, false)
		w.mu.Unlock()
		for {
			w.mu.Lock()
			wait := w.between(dieWrite, p.number, 1, 0, 20*time.Millisecond, w.options.WriteEvery)
			w.mu.Unlock()
			if pause(p.ctx, wait) != nil {
				return
			}
			w.mu.Lock()
			if session.closed || s.ctx.Err() != nil || w.set.quiet {
				session.logout()
				w.mu.Unlock()
				break
			}
			long := time.Duration(0)
			if !w.network.hung[p.number] && !s.byHand {
				if w.chance(cmp.Or(w.options.Transactions, 4), dieWrite, p.number, 2, 0) {
					long = session.begin()
				} else {
					s.write(0)
				}
			}
			w.mu.Unlock()
			if long > 0 && pause(p.ctx, long) == nil {
				w.mu.Lock()
				session.commit()
				w.mu.Unlock()
			}
		}
	}
}

// begin opens a transaction that lasts for so long. Callers hold the lock.
func (c *session) begin() time.Duration {
	s := c.server
	c.transaction, c.began, c.since = s.w.id(), s.volume.last, time.Now()
	s.logged()
	return s.w.between(dieWrite, s.pod, 3, 0, 50*time.Millisecond, 9*time.Second)
}

// commit ends it, unless the session ended before: then it is rolled back. Callers hold
// the lock.
func (c *session) commit() {
	s, began := c.server, c.began
	c.began = 0
	if !c.closed && s.ctx.Err() == nil && !s.w.network.hung[s.pod] {
		s.write(began)
	}
}

// write is one change by a user, whose transaction began then or just now. Callers hold
// the lock.
func (s *server) write(began int64) {
	w, v := s.w, s.volume
	r := w.roll(dieWrite, s.pod, 0, 0)
	// Until all pods have a new table, users write it where it is in replication.
	var tables []int
	for t := range userTables {
		if t < w.options.Groups || (w.options.Lists || w.options.Blocks) && v.carries(t) {
			tables = append(tables, t)
		}
	}
	at := place{table: tables[int(r>>8)%len(tables)]}
	if r%16 == 0 {
		at.key = int(r>>16) % sharedKeys
	} else {
		at.key = 1000*(s.pod+1) + int(r>>16)%ownKeys
	}
	value := w.id()
	if w.options.FewValues {
		value = 1 + int64(r>>48%3)
	}
	if v.rows[at.table][at.key] != 0 && r>>40%4 == 0 {
		value = 0
	} else if v.rows[at.table][at.key] == 0 && at.key < sharedKeys && r>>40%4 == 0 {
		return
	}
	c := v.write(at.table, at.key, value)
	v.log[len(v.log)-1].began = began
	if last, ok := w.journal.latest[at]; ok && last.pod != s.pod {
		w.journal.shared[at] = true
	}
	w.journal.latest[at] = written{v, s.pod, c}
	w.figures.Writes++
	s.wrote()
}

// otherList names an object between two pods that does not have the tables that both
// are configured with, "" for none. Callers hold the lock.
func (w *world) otherList() string {
	for _, p := range w.pods {
		if p == nil {
			continue
		}
		m := p.mesh()
		for _, g := range m.Groups {
			for _, peer := range m.Peers() {
				o := p.volume.objects[g.Object(akucore.PairOf(p.number, peer))]
				if o != nil && w.pods[peer] != nil && !slices.Equal(list(o.spec.Tables), list(g.Items())) {
					return fmt.Sprintf("%s on altibase-%d has the tables %v, want %v", o.spec.Name, p.number, list(o.spec.Tables), list(g.Items()))
				}
			}
		}
	}
	return ""
}

// check compares every open pod with what users were told.
func (w *world) check() {
	tainted := maps.Clone(w.givenUp)
	for _, lost := range w.lost {
		for pod, p := range w.pods {
			if p == nil {
				continue
			}
			for t := range userTables {
				for _, c := range lost.log[lost.behind(w.volumes[pod].known(lost, t)):] {
					if c.table == t && w.volumes[pod].carries(t) {
						tainted[place{t, c.key}] = true
					}
				}
			}
		}
	}
	w.figures.Tainted += len(tainted)
	w.figures.Shared += len(w.journal.shared)
	var faults []string
	for at, last := range w.journal.latest {
		if tainted[at] || w.journal.shared[at] {
			continue
		}
		for pod, p := range w.pods {
			if p == nil || !p.volume.carries(at.table) {
				continue
			}
			if got := w.volumes[pod].rows[at.table][at.key]; got != last.c.after {
				faults = append(faults, fmt.Sprintf("(a) altibase-%d holds %d=%d, and the last change (sn %d of altibase-%d) was: %s",
					pod, at.key, got, last.c.sn, last.pod, last.c))
			}
		}
	}
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
	slices.Sort(faults)
	for i, f := range faults {
		if i == 5 {
			w.violated("… and %d more rows", len(faults)-i)
			break
		}
		w.violated("%s", f)
	}
}
