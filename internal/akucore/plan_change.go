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
//  1. k closes, and delivers all that it holds. Then all its pairs stop. Where a block is new, k
//     first waits for long transactions.
//  2. New tables are added to the peers' sides; those of a new block get objects of
//     their own, which other slaves START RETRY. That pins what is written to them
//     there from now on. A slave j delivers to the master what it wrote before, once the
//     transactions that were open then are over.
//  3. k gives up the mark of a complete copy. If the plan is interrupted from here on, a
//     full join follows.
//  4. k's side towards the master gets the new list, and removed tables are dropped from all
//     sides. They stayed there until now, so a plan that was interrupted before left nothing out.
//  5. The new tables are emptied on k and copied from the master. Only then k's sides of
//     (j,k) get them: until they do, j's sender cannot deliver into the half-made copy,
//     even if j starts it.
//  6. Everything starts; k's start towards the master marks the copy as complete.
//
// One SYNC TABLE refuses several partitions of one table (ERR-3129B). A second SYNC TABLE
// would find the sender started by the first, and changes might arrive before their rows. So
// several new partitions of one table lead to a full join.
//
// The master, and slaves that still have the old configuration, change nothing by
// themselves.
func planChange(v View) Plan {
	c := change{View: v}
	c.comparePairs()
	if table := c.partitioned(); table != (Table{}) {
		p := planHandOver(v, false)
		p.Name += fmt.Sprintf(": several partitions of %s are new, and no SYNC TABLE copies more than one", table)
		return p
	}
	return Plan{Name: "bring the tables in line with the configuration"}.with(
		c.transactions(),
		v.close(),
		c.align(),
		c.connect(),
		c.deliver(),
		c.stop(),
		c.pins(),
		c.deliveries(),
		c.forget(),
		c.endSleep(),
		c.changeOwnSides(),
		c.empty(),
		c.copy(),
		c.follow(),
		c.start(),
		c.mark(),
	)
}

// change is a changed list: the pairs of the own pod in the order of their blocks.
type change struct {
	View
	pairs []changedPair
}

// changedPair is the pair with a peer in one block: its present and its wanted tables.
type changedPair struct {
	here, there Side
	block       int
	isNew       bool // neither side exists
	own         Object
	tables      []Table // of a new pair, nil for all of the block
	added, gone []Table
}

func (c *change) comparePairs() {
	for b := range c.Blocks {
		for _, peer := range c.Peers() {
			if peer != Master && !c.joined(peer) {
				continue
			}
			p := changedPair{here: c.here(peer), there: c.there(peer), block: b}
			want := c.wanted(peer, b)
			if p.isNew = !slices.Contains(c.blocks(p.here), b); p.isNew {
				p.added, p.tables = want, c.unlessAll(want, b)
			} else {
				p.own, _ = c.object(p.here, b)
				p.added, p.gone = p.own.Lacks(want), p.own.exceeds(want)
			}
			if !p.isNew || len(want) > 0 {
				c.pairs = append(c.pairs, p)
			}
		}
	}
}

// existing are the pairs whose objects are there, added those that get new tables.
func (c change) existing() []changedPair {
	return slices.DeleteFunc(slices.Clone(c.pairs), func(p changedPair) bool { return p.isNew })
}

func (c change) added() []changedPair {
	return slices.DeleteFunc(slices.Clone(c.pairs), func(p changedPair) bool { return len(p.added) == 0 })
}

// newIn are the tables of a block that some pair gets, each once. A new block is copied as
// a whole.
func (c change) newIn(block int) (tables []Table, whole bool) {
	for _, p := range c.pairs {
		if p.block != block {
			continue
		}
		if p.isNew && p.here.Peer == Master {
			return c.Blocks[block].Items(), true
		}
		tables = union(tables, p.added)
	}
	return tables, false
}

// partitioned is a table of which one SYNC TABLE would have to copy several partitions; the
// zero Table when there is none.
func (c change) partitioned() Table {
	for b := range c.Blocks {
		if tables, whole := c.newIn(b); !whole {
			if table := repeated(tables); table != (Table{}) {
				return table
			}
		}
	}
	return Table{}
}

// transactions waits for those that the pins would have to wait for, while nothing is changed
// yet. As soon as the master has a side of a new block, a plan that fails leads to a full join.
func (c change) transactions() Stage {
	stage := Stage{Title: "wait for long transactions"}
	for _, p := range c.added() {
		if p.isNew {
			stage.Steps = append(stage.Steps, p.there.do(Settle, p.block))
		}
	}
	return stage
}

func (c change) align() Stage {
	stage := Stage{Title: alignTitle}
	for _, p := range c.existing() {
		steps, _ := c.aligned(p.here.Peer, p.block)
		stage.Steps = append(stage.Steps, steps...)
	}
	return stage
}

func (c change) connect() Stage {
	stage := Stage{Title: "start or wake what holds unsent changes"}
	for _, p := range c.existing() {
		_, theirs := c.aligned(p.here.Peer, p.block)
		stage.Steps = append(stage.Steps, startOrWake(p.own, p.here.at(p.block))...)
		stage.Steps = append(stage.Steps, startOrWake(theirs, p.there.at(p.block))...)
	}
	return stage
}

func (c change) deliver() Stage {
	stage := Stage{Title: "deliver both ways"}.saying(Flush)
	for _, p := range c.existing() {
		stage.Steps = append(stage.Steps, p.here.do(Deliver, p.block), p.there.do(Deliver, p.block))
	}
	return stage
}

func (c change) stop() Stage {
	stage := Stage{Title: "stop both sides"}
	for _, p := range c.existing() {
		stage.Steps = append(stage.Steps, p.here.do(Stop, p.block), p.there.do(Stop, p.block))
	}
	return stage
}

func (c change) pins() Stage {
	stage := Stage{Title: "add the new tables to the peers' sides"}
	for _, p := range c.added() {
		if !p.isNew {
			stage.Steps = append(stage.Steps, p.there.do(AddTables, p.block).of(p.added))
			continue
		}
		stage.Steps = append(stage.Steps, p.there.do(Create, p.block).of(p.tables), p.there.do(StartRetry, p.block))
	}
	return stage
}

func (c change) deliveries() Stage {
	stage := Stage{Title: "deliver from the other slaves to the master"}
	for _, p := range c.added() {
		if p.isNew && p.here.Peer == Master {
			stage.Steps = append(stage.Steps, p.there.do(Settle, p.block))
		}
		if toMaster := (Side{p.here.Peer, Master}); p.here.Peer != Master {
			stage.Steps = append(stage.Steps, toMaster.do(Settle, p.block), toMaster.do(Deliver, p.block))
		}
	}
	return stage
}

func (c change) forget() Stage {
	stage := Stage{Title: "give up the mark of a complete copy"}
	for _, p := range c.existing() {
		if p.here.Peer == Master {
			stage.Steps = append(stage.Steps, p.here.at(p.block).As(Reset, IfHandedOver))
		}
	}
	return stage
}

// endSleep stops the master's pinned senders of new blocks, before the own sides are there.
func (c change) endSleep() Stage {
	stage := Stage{Title: "end the sleep of the master's new senders"}
	for _, p := range c.added() {
		if p.isNew && p.here.Peer == Master {
			stage.Steps = append(stage.Steps, p.there.do(Stop, p.block))
		}
	}
	return stage
}

func (c change) changeOwnSides() Stage {
	stage := Stage{Title: "change the own sides, and take tables out"}
	for _, p := range c.pairs {
		if p.here.Peer == Master && len(p.added) > 0 {
			stage.Steps = append(stage.Steps, p.addToOwn())
		}
		if len(p.gone) > 0 {
			stage.Steps = append(stage.Steps,
				p.here.at(p.block).As(DropTables, IfNotJoined).of(p.gone),
				p.there.at(p.block).As(DropTables, IfNotJoined).of(p.gone))
		}
	}
	return stage
}

// addToOwn gives the own side the new tables.
func (p changedPair) addToOwn() Step {
	if p.isNew {
		return p.here.do(Create, p.block).of(p.tables)
	}
	return p.here.at(p.block).As(AddTables, IfNotJoined).of(p.added)
}

// copied are the tables that are emptied and copied.
func (c change) copied() (tables []Table) {
	for b := range c.Blocks {
		added, _ := c.newIn(b)
		tables = union(tables, added)
	}
	return tables
}

func (c change) empty() Stage {
	stage := Stage{Title: "empty the new tables"}
	if tables := c.copied(); len(tables) > 0 {
		stage.Steps = []Step{on(c.Self, Truncate).As(Truncate, IfNotJoined).of(tables)}
	}
	return stage.saying(Truncate)
}

// copy copies the new tables of each block. When a block has none, the master's side is only
// started.
func (c change) copy() Stage {
	stage := Stage{Title: "copy the new tables from the master"}.saying(Sync)
	if len(c.copied()) == 0 {
		stage = Stage{Title: "start the master's side"}
	}
	for b := range c.Blocks {
		step := c.there(Master).at(b).As(Start, IfKept)
		switch added, whole := c.newIn(b); {
		case whole:
			step = c.copyPinned(c.there(Master), b)
		case len(added) > 0:
			step = step.As(SyncTables, IfKept).of(added)
		}
		stage.Steps = append(stage.Steps, step)
	}
	return stage
}

// follow adds the new tables to the own sides towards the other slaves. It also stops the new
// senders of those slaves, which retry only every 60 s.
func (c change) follow() Stage {
	stage := Stage{Title: "add the new tables to the own sides towards the other slaves"}
	for _, p := range c.added() {
		if p.here.Peer == Master {
			continue
		}
		if p.isNew {
			stage.Steps = append(stage.Steps, p.there.do(Stop, p.block))
		}
		stage.Steps = append(stage.Steps, p.addToOwn())
	}
	return stage
}

func (c change) start() Stage {
	stage := Stage{Title: "the copy is complete: start the pairs with the other slaves"}
	for _, p := range c.pairs {
		if p.here.Peer == Master {
			continue
		}
		own := p.here.at(p.block).As(Start, IfKept)
		if p.isNew {
			own.If = Unguarded
		}
		stage.Steps = append(stage.Steps, own, p.there.at(p.block).As(Start, IfKept))
	}
	return stage
}

func (c change) mark() Stage {
	return Stage{Title: "mark the copy as complete", Steps: c.forBlocks(c.here(Master).do(Start, 0))}
}

// repeated is a table of which the list has several partitions; the zero Table when there is
// none.
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

// union are the tables of both lists, each once.
func union(a, b []Table) []Table {
	for _, t := range b {
		if !slices.Contains(a, t) {
			a = append(a, t)
		}
	}
	return a
}
