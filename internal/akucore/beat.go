package akucore

import "slices"

// A beat is a row that arrives on a peer. It is the only proof that what a pod writes reaches
// the peer; views show only what a server believes. Each block replicates a beat table of aku
// beside the users' tables. A pod inserts a beat as its last commit. A peer applies the commits
// of a sender in order, so when the beat is there, everything before it is there too.
//
// A beat proves that the stream has come so far. The failure counts of the peer's receiver
// prove that nothing in it was given up.
//
// Beats also distinguish histories. Each start of a pod begins a life. The first beat of a
// life holds the number that the pod had before it, and is never deleted. A volume that was
// set back to an earlier moment begins its next life after an old number. Its peers hold
// beats between that number and the new life.

// Beat is a row of a beat table.
type Beat struct {
	Number int64 // grows with each beat of a pod
	Life   int64 // the number of the first beat of its life
	Prev   int64 // the pod's newest number before that life; 0 for none
	At     int64 // when it was inserted, in ms since 1970 by the writer's clock
}

// first tells whether the beat is the first of its life.
func (b Beat) first() bool { return b.Number == b.Life }

// Beats are the beats of one pod on one server, in the order of their numbers.
type Beats []Beat

// Newest is the beat with the greatest number; the zero Beat when there is none.
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

// Superseded is how many beats are no longer needed because of a newer one.
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

// Begin is the first beat of a life. Its number is above these and above a number that
// another server has of the pod.
func (b Beats) Begin(above, now int64) Beat {
	before := max(b.Newest().Number, above)
	number := max(before+1, now)
	return Beat{Number: number, Life: number, Prev: before, At: now}
}

// leavesOut reports whether a beat that another server has of the pod lies between two lives
// of the pod's own server: then the beat belongs to a history that the pod does not have. A
// copy may contain beats of a lost life; those are not left out.
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

// Probe stands in beat tables for the copies over a side: -102 for those from pod 0 to pod 2. Its
// rows prove them. A transaction that began before a copy writes one after it. A sender that takes
// in such transactions delivers the row; one that begins at the copy does not.
func (s Side) Probe() int { return -100 - 10*s.On - s.Peer }

// beatOwner is the user that owns the beat tables.
const beatOwner = "SYS"

// Beat is the beat table of the block.
func (b Block) Beat() Table { return Table{User: beatOwner, Name: b.Prefix + "_BEAT"} }

// Items are all tables that the block's objects carry: the user's and the beat table.
func (b Block) Items() []Table { return append(b.Tables[:len(b.Tables):len(b.Tables)], b.Beat()) }

// Beats are the beat tables of all blocks.
func (m Mesh) Beats() []Table {
	tables := make([]Table, len(m.Blocks))
	for i, b := range m.Blocks {
		tables[i] = b.Beat()
	}
	return tables
}
