package akucore

import (
	"fmt"
	"slices"
)

// planChange brings the tables of a joined slave k in line with a changed
// configuration. Tables that stay keep their copy and their logs; only new ones are
// copied. The own side of a pair says what the own copy holds, so it changes only
// while the copy does not count as complete:
//
//  1. k closes, and delivers all that it holds. Then all its pairs stop.
//  2. New tables are added to the peers' sides; those of a new block get objects of
//     their own, which other slaves START RETRY. That pins what is written to them
//     there from now on. What a slave j wrote before it delivers to the master, when the
//     transactions are over that were open then.
//  3. k gives up the mark of a complete copy. A plan that is cut from here on is
//     followed by a full join.
//  4. k's side towards the master follows, and what was taken out goes from all sides.
//     It stayed there until now: a plan cut before leaves nothing out.
//  5. The new tables are emptied on k and copied from the master. Only then k's sides of
//     (j,k) follow: until they do, j's sender cannot deliver into the half-made copy,
//     even if j starts it.
//  6. Everything starts; k's start towards the master marks the copy as complete.
//
// One SYNC TABLE refuses several partitions of one table (ERR-3129B). A second one would
// find the sender started by the first, and changes might arrive before the rows that they
// are of. So they lead to a full join.
//
// The master, and slaves that still have the old configuration, change nothing by
// themselves.
func planChange(v View) Plan {
	c := &change{m: v.Mesh, v: v}
	var copied []Table
	for g, group := range v.Groups {
		var added []Table
		anew := !slices.Contains(v.groups(v.Self, Master), g)
		for _, peer := range v.Peers() {
			if peer == Master || v.joined(peer) {
				added = union(added, c.pair(peer, g))
			}
		}
		at := Step{On: Master, Peer: v.Self, Group: g}
		table := repeated(added)
		switch {
		case anew:
			added = group.Items()
			c.sync.Steps = append(c.sync.Steps, at.As(Sync, Unguarded))
		case table != Table{}:
			p := planHandOver(v, false)
			p.Name += fmt.Sprintf(": several partitions of %s are new, and no SYNC TABLE copies more than one", table)
			return p
		case len(added) > 0:
			c.sync.Steps = append(c.sync.Steps, at.As(SyncTables, Unguarded).of(added))
		default:
			c.sync.Steps = append(c.sync.Steps, at.As(Start, IfKept))
		}
		copied = union(copied, added)
	}
	c.start.Steps = append(c.start.Steps, forGroups(v.Mesh, Step{Do: Start, On: v.Self, Peer: Master})...)

	p := Plan{Name: "bring the tables in line with the configuration"}
	p.add(v.closeFirst())
	p.add(c.align.titled(alignTitle))
	p.add(c.connect.titled("start or wake what holds unsent changes"))
	p.add(c.deliver.titled("deliver both ways", "Flush replications.", "Replication flush has ended."))
	p.add(c.stop.titled("stop both sides"))
	p.add(c.pin.titled("add the new tables to the peers' sides"))
	p.add(c.toMaster.titled("deliver from the other slaves to the master"))
	p.add(c.forget.titled("give up the mark of a complete copy"))
	p.add(c.own.titled("change the own sides, and take tables out"))
	if len(copied) > 0 {
		empty := Stage{Steps: []Step{{Do: Truncate, On: v.Self, If: IfNotJoined, Tables: copied}}}
		p.add(empty.titled("empty the new tables", "Truncate tables for replications.", "Table truncation has ended."))
		p.add(c.sync.titled("copy the new tables from the master", "Sync tables from MASTER Server.", "Replication sync has ended."))
	} else {
		p.add(c.sync.titled("start the master's side"))
	}
	p.add(c.follow.titled("add the new tables to the own sides towards the other slaves"))
	c.start.InTurn = true
	p.add(c.start.titled("the copy is complete: start"))
	return p
}

// repeated is a table of which there are several partitions, the zero Table for none.
func repeated(tables []Table) Table {
	seen := map[Table]bool{}
	for _, t := range tables {
		if seen[t.whole()] {
			return t.whole()
		}
		seen[t.whole()] = true
	}
	return Table{}
}

// change collects the stages of planChange.
type change struct {
	m Mesh
	v View

	align, connect, deliver, stop, pin, toMaster, forget, own, sync, follow, start Stage
}

// pair adds the steps for the own pair with a peer in one group, and gives the tables
// that are new to it.
func (c *change) pair(peer, group int) (added []Table) {
	here, there := Step{On: c.m.Self, Peer: peer, Group: group}, Step{On: peer, Peer: c.m.Self, Group: group}
	want := c.v.wanted(peer, group)
	if !slices.Contains(c.v.groups(c.m.Self, peer), group) {
		if len(want) > 0 {
			c.make(here, there, c.m.unlessAll(want, group))
		}
		return want
	}
	steps, theirs := c.v.align(peer, group)
	own, _ := c.v.object(c.m.Self, peer, group)
	c.align.Steps = append(c.align.Steps, steps...)
	c.connect.Steps = append(c.connect.Steps, startOrWake(own, here)...)
	c.connect.Steps = append(c.connect.Steps, startOrWake(theirs, there)...)
	c.deliver.Steps = append(c.deliver.Steps, here.As(Deliver, Unguarded), there.As(Deliver, Unguarded))
	c.stop.Steps = append(c.stop.Steps, here.As(Stop, Unguarded), there.As(Stop, Unguarded))

	if added = own.Lacks(want); len(added) > 0 {
		c.pin.Steps = append(c.pin.Steps, there.As(AddTables, Unguarded).of(added))
		c.join(peer, group, here.As(AddTables, IfNotJoined).of(added))
	}
	if more := own.exceeds(want); len(more) > 0 {
		takeOut := func(s Step) Step { return s.As(DropTables, IfNotJoined).of(more) }
		c.own.Steps = append(c.own.Steps, takeOut(here), takeOut(there))
	}
	if peer == Master {
		c.forget.Steps = append(c.forget.Steps, here.As(Reset, IfHandedOver))
	} else {
		c.start.Steps = append(c.start.Steps, here.As(Start, IfKept), there.As(Start, IfKept))
	}
	return added
}

// make adds the steps that set a new group's pair up.
func (c *change) make(here, there Step, tables []Table) {
	c.pin.Steps = append(c.pin.Steps, there.As(Create, Unguarded).of(tables))
	if here.Peer != Master {
		c.pin.Steps = append(c.pin.Steps, there.As(StartRetry, Unguarded))
		// It would look for us only every 60 s.
		c.follow.Steps = append(c.follow.Steps, there.As(Stop, Unguarded))
		c.start.Steps = append(c.start.Steps, here.As(Start, Unguarded), there.As(Start, IfKept))
	}
	c.join(here.Peer, here.Group, here.As(Create, Unguarded).of(tables))
}

// join has the own side of a pair take new tables: towards the master before they are
// copied, towards a slave after, when the slave has delivered to the master what it
// wrote before its side was pinned.
func (c *change) join(peer, group int, own Step) {
	if peer == Master {
		c.own.Steps = append(c.own.Steps, own)
		return
	}
	toMaster := Step{On: peer, Peer: Master, Group: group}
	c.toMaster.Steps = append(c.toMaster.Steps, toMaster.As(Settle, Unguarded), toMaster.As(Deliver, Unguarded))
	c.follow.Steps = append(c.follow.Steps, own)
}

const alignTitle = "bring the peers' sides in line with the own ones"

// align are the steps after which the peer's side carries the tables of a slave's own
// one and goes to the own host, and how the side is then. It has more tables after a
// change of the list that was cut. Who starts corrects what leads to it: only there
// the new host or port is in use for sure.
func (v View) align(peer, group int) ([]Step, Object) {
	own, exists := v.object(v.Self, peer, group)
	theirs, there := v.object(peer, v.Self, group)
	if !exists || !there {
		return nil, theirs
	}
	at := Step{On: peer, Peer: v.Self, Group: group}
	var steps []Step
	if more := theirs.exceeds(own.Tables); v.Self != Master && len(more) > 0 {
		steps = append(steps, at.As(DropTables, IfOnlyThere).of(more))
	}
	if !theirs.goesTo(v.Spec(v.Groups[group], peer, v.Self)) {
		steps = append(steps, at.As(SetHost, Unguarded))
	}
	if len(steps) > 0 && theirs.Active() {
		steps = append([]Step{at.As(Stop, Unguarded)}, steps...)
		theirs.Started, theirs.Sender = false, SenderNone
	}
	return steps, theirs
}

// titled gives a stage its title and, when there are any, its log lines.
func (s Stage) titled(title string, lines ...string) Stage {
	s.Title = title
	if len(lines) == 2 {
		s.Begin, s.End = lines[0], lines[1]
	}
	return s
}

// union are the tables of both lists, each once.
func union(a, b []Table) []Table {
	for _, t := range b {
		if !slices.Contains(a, t) {
			a = append(a, t)
		}
	}
	return a
}
