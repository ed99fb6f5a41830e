package akucore

import "slices"

// A beat is a row that arrives: the only proof that what a pod writes reaches another.
// Views tell what a server believes. Each block replicates one table of aku's own beside
// the user's, the beat table. A pod inserts a beat as its last commit; a peer applies a
// sender's commits in their order, so when the beat is there, so is everything before it.
//
// A beat proves that the stream has come so far. That nothing in it was given up shows in
// the failure counts of the peer's receiver.
//
// Beats also tell histories apart. A life of a pod begins with each of its starts; the
// first beat of a life has the number that the pod had before it, and is kept. A volume
// that is set back to an earlier moment begins a life after a number that others have
// gone beyond: they hold beats that its lives leave no room for.

// Beat is a row of a beat table.
type Beat struct {
	Number int64 // grows with each beat of a pod
	Life   int64 // the number of the first beat of its life
	Prev   int64 // the pod's newest number before that life; 0 for none
	At     int64 // when it was inserted, in ms since 1970 by the writer's clock
}

// first tells whether the beat is the first of its life.
func (b Beat) first() bool { return b.Number == b.Life }

// Beats are those of one pod on one server, in the order of their numbers.
type Beats []Beat

// Newest is the one with the greatest number; zero when there is none.
func (b Beats) Newest() Beat {
	if len(b) == 0 {
		return Beat{}
	}
	return b[len(b)-1]
}

// Lives are the first beats of lives.
func (b Beats) Lives() Beats {
	return slices.DeleteFunc(slices.Clone(b), func(beat Beat) bool { return !beat.first() })
}

// Superseded is how many beats a newer one has made needless.
func (b Beats) Superseded() int {
	old := 0
	for i, beat := range b {
		if i < len(b)-1 && !beat.first() {
			old++
		}
	}
	return old
}

// Next is the beat after these, at a time in ms since 1970.
func (b Beats) Next(now int64) Beat {
	newest := b.Newest()
	if newest == (Beat{}) {
		return b.Begin(0, now)
	}
	return Beat{Number: max(newest.Number+1, now), Life: newest.Life, Prev: newest.Prev, At: now}
}

// Begin is the first beat of a life after these and after a number that somebody else has
// of the pod.
func (b Beats) Begin(above, now int64) Beat {
	before := max(b.Newest().Number, above)
	number := max(before+1, now)
	return Beat{Number: number, Life: number, Prev: before, At: now}
}

// leavesOut tells whether a beat that another server has of the pod is of a history that
// this one, the pod's own, does not have: it lies between two lives. A copy may have
// brought beats of a lost life along; what this one has is not left out.
func (b Beats) leavesOut(other Beat) bool {
	switch {
	case slices.ContainsFunc(b, func(own Beat) bool { return own.Number == other.Number && own.Life == other.Life }):
		return false
	case other.Number > b.Newest().Number:
		return true
	}
	for _, life := range b.Lives() {
		if life.Number > other.Number {
			return other.Number > life.Prev
		}
	}
	return false
}

// beatOwner is the user whose beat tables are.
const beatOwner = "SYS"

// Beat is the group's beat table.
func (g Group) Beat() Table { return Table{User: beatOwner, Name: g.Prefix + "_BEAT"} }

// Items are all tables that the group's objects carry: the user's and the beat table.
func (g Group) Items() []Table { return append(g.Tables[:len(g.Tables):len(g.Tables)], g.Beat()) }

// Beats are the beat tables of all groups.
func (m Mesh) Beats() []Table {
	tables := make([]Table, len(m.Groups))
	for i, g := range m.Groups {
		tables[i] = g.Beat()
	}
	return tables
}
