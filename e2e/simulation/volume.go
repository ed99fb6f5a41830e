package simulation

import (
	"fmt"
	"maps"
	"slices"
	"sort"

	"aku/internal/akucore"
)

// volume is what outlives a server: rows, log and replication objects.
type volume struct {
	id      int64
	pod     int
	last    int64 // last log sequence number
	rows    [maxTables]map[int]int64
	log     []change
	objects map[string]*object

	beatTables map[int]bool // the existing ones

	// What the model knows and no server knows:

	// complete says for each table whether the rows are a whole copy.
	complete [maxTables]bool
	// empty says for each table whether nothing came into it since it was emptied.
	empty [maxTables]bool
	// has is the number in the log of other volumes up to which the rows hold what was written there, without
	// what is missing.
	has map[known]int64
	// missing are the changes of those logs that never came, with the reason.
	missing map[known]map[int64]string
	// excused are rows that it may not have as they are: it was set back, and nobody can know.
	excused map[place]bool
}

// known is a table in the log of a volume.
type known struct {
	log   int64
	table int
}

// change is a row changed by a user of this server. Changes of peers are never sent on, so they are not kept.
// A row is a key and a value; 0 means no row.
//
// A transaction that stays open has its row in the log with its COMMIT, from which the row counts. An earlier
// record without a table marks its first write, and another one its ROLLBACK.
type change struct {
	sn            int64
	table         int
	key           int
	before, after int64
	transaction   *transaction // nil for a single statement
}

// noTable is the table of records that change no row.
const noTable = -1

// opens tells whether the record is the first of a transaction.
func (c change) opens() bool { return c.table == noTable && c.sn == c.transaction.began+1 }

func (c change) String() string {
	switch {
	case c.before == 0:
		return fmt.Sprintf("insert %d=%d", c.key, c.after)
	case c.after == 0:
		return fmt.Sprintf("delete %d=%d", c.key, c.before)
	}
	return fmt.Sprintf("update %d=%d to %d", c.key, c.before, c.after)
}

// object is one side of a pair.
type object struct {
	spec    akucore.ObjectSpec
	block   int
	items   map[int]int64 // tables, and the number up to which their changes are not sent
	pinned  int64         // it began at "now" there: transactions that wrote before are not sent
	peer    int
	started bool
	xsn     int64
}

// sends tells whether the object carries a change. It carries nothing of a transaction that was open when the
// object began, whenever that was written.
func (o *object) sends(c change) bool {
	table, written := c.table, c.sn
	t := c.transaction
	if t != nil && t.early {
		table, written = t.row.table, t.began+1
	}
	from, ok := o.items[table]
	return ok && written > from && (t == nil || t.began > o.pinned)
}

func newVolume(w *world, pod int) *volume {
	v := &volume{id: w.id(), pod: pod, last: 100, objects: map[string]*object{}, beatTables: map[int]bool{}, has: map[known]int64{}, missing: map[known]map[int64]string{}, excused: map[place]bool{}}
	w.every = append(w.every, v)
	copied := slices.ContainsFunc(w.volumes[1:], func(v *volume) bool { return v != nil && v.mark(w, akucore.Master) })
	for t := range maxTables {
		v.rows[t] = map[int]int64{}
		v.complete[t] = pod == akucore.Master && !copied // where there is no copy, the master begins anew
		v.empty[t] = true
	}
	return v
}

// write records a user's change at the end of a transaction. Two records that are not sent follow.
func (v *volume) write(r row, t *transaction) change {
	c := v.record(change{table: r.table, key: r.key, before: v.rows[r.table][r.key], after: r.value, transaction: t})
	v.set(r.table, r.key, r.value)
	v.empty[r.table] = false
	v.last += 2
	return c
}

// opens records the first write of a transaction that stays open.
func (v *volume) opens(t *transaction) { v.record(change{table: noTable, transaction: t}) }

// rollback records the ROLLBACK of a transaction.
func (v *volume) rollback(t *transaction) { v.record(change{table: noTable, transaction: t}) }

func (v *volume) record(c change) change {
	v.last++
	c.sn = v.last
	v.log = append(v.log, c)
	return c
}

func (v *volume) set(table, key int, value int64) {
	if value == 0 {
		delete(v.rows[table], key)
	} else {
		v.rows[table][key] = value
	}
}

// apply makes a peer's change by the default conflict rules: an insert of an existing key, an update of a row
// with another value, and a delete of a missing row are skipped.
func (v *volume) apply(c change) (ok bool) {
	now := v.rows[c.table][c.key]
	switch {
	case c.before == 0 && now != 0, c.before != 0 && now == 0, c.after != 0 && now != c.before:
		return false
	}
	v.empty[c.table] = false
	v.set(c.table, c.key, c.after)
	return true
}

// behind is the index of the first log record after the number.
func (v *volume) behind(sn int64) int {
	return sort.Search(len(v.log), func(i int) bool { return v.log[i].sn > sn })
}

// next are the records after the number that an object carries, up to a maximum, and the number up to which
// they are complete.
func (v *volume) next(o *object, after int64, most int) (changes []change, upTo int64) {
	for _, c := range v.log[v.behind(after):] {
		if !o.sends(c) {
			continue
		}
		if len(changes) == most {
			return changes, changes[most-1].sn
		}
		changes = append(changes, c)
	}
	return changes, v.last
}

// owes tells whether an object carries changes of users after the number.
func (v *volume) owes(o *object, after int64) bool {
	return slices.ContainsFunc(v.log[v.behind(after):], func(c change) bool { return !isBeat(c.table) && o.sends(c) })
}

// first is the first change of a table after the number that an object carries.
func (v *volume) first(o *object, after int64, table int) (c change, ok bool) {
	for _, c := range v.log[v.behind(after):] {
		if c.table == table && o.sends(c) {
			return c, true
		}
	}
	return change{}, false
}

// knows records that the rows hold everything of a table in a log up to the number, without what is missing.
func (v *volume) knows(log int64, sn int64, table int) {
	k := known{log, table}
	v.has[k] = max(v.has[k], sn)
}

// misses records that a change of another log will not come. A change that was here before is only repeated.
func (v *volume) misses(log int64, c change, why string) {
	k := known{log, c.table}
	if v.has[k] >= c.sn {
		return
	}
	if v.missing[k] == nil {
		v.missing[k] = map[int64]string{}
	}
	v.missing[k][c.sn] = why
}

// comes records that a change of another log has come, which may have been missing.
func (v *volume) comes(log int64, c change) { delete(v.missing[known{log, c.table}], c.sn) }

// why is the reason why a row differs from what another volume's users left, if one of their changes never
// came.
func (v *volume) why(at place, from *volume) string {
	gone := v.missing[known{from.id, at.table}]
	for _, sn := range slices.Sorted(maps.Keys(gone)) {
		if c := from.log[from.behind(sn-1)]; c.key == at.key {
			return fmt.Sprintf("; of sn %d: %s", sn, gone[sn])
		}
	}
	return ""
}

// forget is the effect of a TRUNCATE on what the rows of a table hold.
func (v *volume) forget(table int) {
	of := func(k known) bool { return k.table == table }
	maps.DeleteFunc(v.has, func(k known, _ int64) bool { return of(k) })
	maps.DeleteFunc(v.missing, func(k known, _ map[int64]string) bool { return of(k) })
	maps.DeleteFunc(v.excused, func(at place, _ bool) bool { return at.table == table })
}

// forgets records that a log is sent again from a number on. Until all of it is applied, rows may have
// intermediate values.
func (v *volume) forgets(log int64, sn int64, table int) {
	k := known{log, table}
	if now, ok := v.has[k]; ok {
		v.has[k] = min(now, sn)
	}
}

// holds tells whether a change of a log has come.
func (v *volume) holds(log *volume, c change) bool {
	return c.sn <= v.known(log, c.table) && v.missing[known{log.id, c.table}][c.sn] == ""
}

// lacks are the changes of a table in a log that have not come.
func (v *volume) lacks(log *volume, table int) []change {
	from := v.known(log, table)
	if len(v.missing[known{log.id, table}]) > 0 {
		from = 0
	}
	return slices.DeleteFunc(slices.Clone(log.log[log.behind(from):]), func(c change) bool { return c.table != table || v.holds(log, c) })
}

// known is the number up to which the rows of a table hold a log.
func (v *volume) known(log *volume, table int) int64 {
	if log == v {
		return v.last
	}
	return v.has[known{log.id, table}]
}

// mark tells whether the volume's side of the pair has an XSN, in any block.
func (v *volume) mark(w *world, peer int) bool {
	for _, o := range v.objects {
		if o.peer == peer && o.xsn != akucore.Unset {
			return true
		}
	}
	return false
}

// carries tells whether a table is replicated: on a slave, with the master.
func (v *volume) carries(table int) bool {
	return v.pod == akucore.Master || v.shares(table, akucore.Master)
}

// shares tells whether a table is replicated with a peer, or with anybody.
func (v *volume) shares(table int, peers ...int) bool {
	for _, o := range v.objects {
		if _, ok := o.items[table]; ok && (len(peers) == 0 || slices.Contains(peers, o.peer)) {
			return true
		}
	}
	return false
}

// ceases records that an object does not carry a table any more. A slave gets nothing of it from the master,
// so its copy is not complete.
func (v *volume) ceases(o *object, table int) {
	if v.pod != akucore.Master && o.peer == akucore.Master {
		v.complete[table] = false
	}
}

// whole tells whether all replicated tables are complete copies.
func (v *volume) whole() bool {
	for t, c := range v.complete[:userTables] {
		if !c && v.carries(t) && v.shares(t) {
			return false
		}
	}
	return true
}
