package simulation

import (
	"fmt"
	"sort"

	"aku/internal/akucore"
)

// volume is what outlives a server: rows, log and replication objects.
type volume struct {
	id      int64
	pod     int
	last    int64 // last log sequence number
	rows    []map[int]int64
	log     []change
	written []int64 // changes in the log of each group, since the volume was made
	ddl     int64   // statements that CREATE, DROP or RESET
	objects map[string]*object

	// What the model knows and no server does:

	// complete says for each group that the rows are a whole copy.
	complete []bool
	// empty says for each group that nothing came into the table since it was
	// emptied.
	empty []bool
	// has is up to where of the log of other volumes the rows hold what was
	// written there.
	has map[int64]int64
}

// change is a row changed by a user of this server: what came from peers is never
// sent on, so it is not kept. A row is a key and a value; 0 is no row.
type change struct {
	sn            int64
	group         int
	key           int
	before, after int64
}

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
	group   int
	peer    int
	started bool
	xsn     int64
}

func newVolume(w *world, pod int) *volume {
	v := &volume{id: w.id(), pod: pod, last: 100, objects: map[string]*object{}, has: map[int64]int64{}}
	for range w.options.Groups {
		v.rows = append(v.rows, map[int]int64{})
		v.written = append(v.written, 0)
		v.complete = append(v.complete, pod == akucore.Master && len(w.lost) == 0)
		v.empty = append(v.empty, true)
	}
	return v
}

// write is a change by a user.
func (v *volume) write(group, key int, value int64) change {
	v.last++
	c := change{v.last, group, key, v.rows[group][key], value}
	v.set(group, key, value)
	v.log = append(v.log, c)
	v.written[group]++
	return c
}

func (v *volume) set(group, key int, value int64) {
	if value == 0 {
		delete(v.rows[group], key)
	} else {
		v.rows[group][key] = value
	}
}

// apply is a change that comes from a peer, under the default conflict rules: an
// insert of an existing key, an update of a row that is not as it was there, and a
// delete of a missing row are skipped.
func (v *volume) apply(c change) {
	now := v.rows[c.group][c.key]
	switch {
	case c.before == 0 && now != 0, c.before != 0 && now == 0, c.after != 0 && now != c.before:
		return
	}
	v.empty[c.group] = false
	v.set(c.group, c.key, c.after)
}

// behind is the index of the first log record after the number.
func (v *volume) behind(sn int64) int {
	return sort.Search(len(v.log), func(i int) bool { return v.log[i].sn > sn })
}

// next are at most so many changes of the group after the number, and the number up
// to which nothing is missing in them.
func (v *volume) next(group int, after int64, most int) (changes []change, upTo int64) {
	for _, c := range v.log[v.behind(after):] {
		if c.group != group {
			continue
		}
		if len(changes) == most {
			return changes, changes[most-1].sn
		}
		changes = append(changes, c)
	}
	return changes, v.last
}

// lastOf is the number of the last change of the group, 0 for none.
func (v *volume) lastOf(group int) int64 {
	for i := len(v.log) - 1; i >= 0; i-- {
		if v.log[i].group == group {
			return v.log[i].sn
		}
	}
	return 0
}

// knows notes that the rows hold all of a log up to the number.
func (v *volume) knows(log int64, sn int64, group int) {
	k := log*8 + int64(group)
	v.has[k] = max(v.has[k], sn)
}

// forgets notes that a log is sent again from a number on: until all of that is
// applied, rows may be as they were in between.
func (v *volume) forgets(log int64, sn int64, group int) {
	k := log*8 + int64(group)
	if now, ok := v.has[k]; ok {
		v.has[k] = min(now, sn)
	}
}

// known is up to where the rows hold a log.
func (v *volume) known(log *volume, group int) int64 {
	if log == v {
		return v.last
	}
	return v.has[log.id*8+int64(group)]
}

// mark tells whether the volume's side of the pair has an XSN, in any group.
func (v *volume) mark(w *world, peer int) bool {
	for _, o := range v.objects {
		if o.peer == peer && o.xsn != akucore.Unset {
			return true
		}
	}
	return false
}

// whole tells whether all groups are complete copies.
func (v *volume) whole() bool {
	for _, c := range v.complete {
		if !c {
			return false
		}
	}
	return true
}
