package akucore

import "slices"

// planChange brings the tables of a joined slave k in line with a changed
// configuration. Tables that stay keep their copy and their logs; only new ones are
// copied. The own side of a pair says what the own copy holds, so it changes only
// while the copy does not count as complete:
//
//  1. k closes, and delivers all that it holds. Then all its pairs stop.
//  2. New tables are added to the peers' sides. That pins what is written to them
//     there from now on, and what a slave j wrote before it delivers to the master.
//  3. k gives up the mark of a complete copy. A plan that is cut from here on is
//     followed by a full join.
//  4. k's side towards the master follows, and what was taken out goes from all sides.
//     It stayed there until now: a plan cut before leaves nothing out.
//  5. The new tables are emptied on k and copied from the master. Only then k's sides of
//     (j,k) follow: until they do, j's sender cannot deliver into the half-made copy,
//     even if j starts it.
//  6. Everything starts; k's start towards the master marks the copy as complete.
//
// The master, and slaves that still have the old configuration, change nothing by
// themselves.
func planChange(m Mesh, v View) Plan {
	p := Plan{Name: "bring the tables in line with the configuration"}
	align := Stage{Title: alignTitle}
	connect := Stage{Title: "start or wake what holds unsent changes"}
	deliver := Stage{Title: "deliver both ways", Begin: "Flush replications.", End: "Replication flush has ended."}
	stop := Stage{Title: "stop both sides"}
	pin := Stage{Title: "add the new tables to the peers' sides"}
	toMaster := Stage{Title: "deliver from the other slaves to the master"}
	forget := Stage{Title: "give up the mark of a complete copy"}
	change := Stage{Title: "change the own sides, and take tables out"}
	pair := Stage{Title: "add the new tables to the own sides towards the other slaves"}
	sync := Stage{Title: "copy the new tables from the master", Begin: "Sync tables from MASTER Server.", End: "Replication sync has ended."}
	start := Stage{Title: "the copy is complete: start", InTurn: true}

	var copied []Table
	for g := range m.Groups {
		var added []Table
		for _, peer := range m.Peers() {
			if peer != Master && !v.joined(m, peer) {
				continue
			}
			here, there := Step{On: m.Self, Peer: peer, Group: g}, Step{On: peer, Peer: m.Self, Group: g}
			steps, theirs := v.align(m, peer, g)
			align.Steps = append(align.Steps, steps...)
			own, _ := v.object(m, m.Self, peer, g)
			connect.Steps = append(connect.Steps, startOrWake(own, here)...)
			connect.Steps = append(connect.Steps, startOrWake(theirs, there)...)
			deliver.Steps = append(deliver.Steps, here.with(Deliver), there.with(Deliver))
			stop.Steps = append(stop.Steps, here.with(Stop), there.with(Stop))

			want := v.wanted(m, peer, g)
			if lacking := own.lacks(want); len(lacking) > 0 {
				added = union(added, lacking)
				pin.Steps = append(pin.Steps, there.with(AddTables).of(lacking))
				follow := &change
				if peer != Master {
					toMaster.Steps = append(toMaster.Steps, Step{Do: Deliver, On: peer, Peer: Master, Group: g})
					follow = &pair
				}
				follow.Steps = append(follow.Steps, here.with(AddTables).of(lacking).guarded(IfNotJoined))
			}
			if more := own.exceeds(want); len(more) > 0 {
				change.Steps = append(change.Steps, here.with(DropTables).of(more).guarded(IfNotJoined), there.with(DropTables).of(more).guarded(IfNotJoined))
			}
			if peer == Master {
				forget.Steps = append(forget.Steps, here.with(Reset).guarded(IfHandedOver))
				continue
			}
			start.Steps = append(start.Steps, here.with(Start).guarded(IfKept), there.with(Start).guarded(IfKept))
		}
		if len(added) > 0 {
			sync.Steps = append(sync.Steps, Step{Do: SyncTables, On: Master, Peer: m.Self, Group: g, Tables: added})
		} else {
			sync.Steps = append(sync.Steps, Step{Do: Start, On: Master, Peer: m.Self, Group: g, If: IfKept})
		}
		copied = union(copied, added)
	}
	start.Steps = append(start.Steps, forGroups(m, Step{Do: Start, On: m.Self, Peer: Master})...)

	p.add(p.closeFirst(m, v))
	p.add(align)
	p.add(connect)
	p.add(deliver)
	p.add(stop)
	p.add(pin)
	p.add(toMaster)
	p.add(forget)
	p.add(change)
	if len(copied) > 0 {
		p.add(Stage{
			Title: "empty the new tables",
			Begin: "Truncate tables for replications.", End: "Table truncation has ended.",
			Steps: []Step{{Do: Truncate, On: m.Self, If: IfNotJoined, Tables: copied}},
		})
	} else {
		sync = Stage{Title: "start the master's side", Steps: sync.Steps}
	}
	p.add(sync)
	p.add(pair)
	p.add(start)
	return p
}

const alignTitle = "bring the peers' sides in line with the own ones"

// align are the steps after which the peer's side carries the tables of a slave's own
// one and goes to the own host, and how the side is then. It has more tables after a
// change of the list that was cut. Who starts corrects what leads to it: only there
// the new host or port is in use for sure.
func (v View) align(m Mesh, peer, group int) ([]Step, Object) {
	own, exists := v.object(m, m.Self, peer, group)
	theirs, there := v.object(m, peer, m.Self, group)
	if !exists || !there {
		return nil, theirs
	}
	at := Step{On: peer, Peer: m.Self, Group: group}
	var steps []Step
	if more := theirs.exceeds(own.Tables); m.Self != Master && len(more) > 0 {
		steps = append(steps, at.with(DropTables).of(more).guarded(IfOnlyThere))
	}
	if !theirs.goesTo(m.Spec(m.Groups[group], peer, m.Self)) {
		steps = append(steps, at.with(SetHost))
	}
	if len(steps) > 0 && (theirs.Started || theirs.Sender != SenderNone) {
		steps = append([]Step{at.with(Stop)}, steps...)
		theirs.Started, theirs.Sender = false, SenderNone
	}
	return steps, theirs
}

func (s Step) with(do Verb) Step        { s.Do = do; return s }
func (s Step) of(tables []Table) Step   { s.Tables = tables; return s }
func (s Step) guarded(guard Guard) Step { s.If = guard; return s }

// union are the tables of both lists, each once.
func union(a, b []Table) []Table {
	for _, t := range b {
		if !slices.Contains(a, t) {
			a = append(a, t)
		}
	}
	return a
}
