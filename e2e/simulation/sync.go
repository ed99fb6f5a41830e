package simulation

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"aku/internal/akucore"
)

// sync copies rows as of its start, and then sends later changes. With a list of tables it copies only those,
// and sends from where the object stopped.
func (s *server) sync(ctx context.Context, name string, tables []akucore.Table, wait time.Duration) error {
	x, err := s.reserve(name)
	if errors.Is(err, errUnknown) {
		err = errNoSync
	}
	if err != nil {
		return err
	}
	ctx, cut := context.WithCancel(ctx)
	defer cut()
	if err := s.reach(ctx, x); err != nil {
		return errors.Join(x.abandon(), err)
	}
	unlock, err := s.lockTables(ctx, x, tables, wait)
	if err != nil {
		return errors.Join(x.abandon(), err)
	}
	c := &syncCall{s: s, x: x, tables: tables}
	err = s.change(func() error {
		defer unlock() // the copy itself needs no lock
		x.cut = cut
		return c.begin()
	})
	if err != nil {
		return err
	}
	for part := range syncParts {
		if err := c.send(ctx, part); err != nil {
			return err
		}
	}
	return s.change(func() error { return c.end(ctx) })
}

// syncParts is the number of moments at which rows of a SYNC arrive.
const syncParts = 4

// syncCall is a SYNC that runs.
type syncCall struct {
	s      *server
	x      *sender
	tables []akucore.Table // none: all of the object
	at     int64           // the end of the log when the SYNC began
	target *server
	copies []tableCopy
}

// begin connects to the peer and reads the rows. Callers hold the lock.
func (c *syncCall) begin() error {
	s, x := c.s, c.x
	err := x.handshake()
	if x.ended || s.w.silent(s.pod, x.o.peer) {
		err = errSync
	}
	for _, t := range c.tables {
		if _, ok := x.o.items[table(t)]; !ok {
			err = errNoItem
		}
	}
	if err != nil {
		x.remove()
		return err
	}
	x.state = syncs
	c.target = s.w.running(x.o.peer)
	c.at = s.volume.last
	s.copied[x.name] = c.at
	wanted := numbers(c.tables)
	for _, t := range slices.Sorted(maps.Keys(x.o.items)) {
		if len(wanted) == 0 || slices.Contains(wanted, t) {
			c.copies = append(c.copies, s.volume.copyOf(t, c.target.volume))
		}
	}
	return nil
}

// send sends a part of the rows.
func (c *syncCall) send(ctx context.Context, part int) error {
	s, x := c.s, c.x
	waited := s.wait(ctx, max(syncWait, s.w.options.SyncTime)/syncParts)
	return errors.Join(waited, s.change(func() error {
		var err error
		switch {
		case x.ended:
			err = errSync
		case waited != nil:
		case c.target.ctx.Err() != nil, s.w.silent(s.pod, x.o.peer):
			err = errSync
		default:
			for _, t := range c.copies {
				t.send(c.target.volume, part, syncParts)
			}
			return nil
		}
		if s.w.chance(40, dieCutSync, s.pod, x.o.peer, x.o.block) && part > 0 && len(c.tables) == 0 {
			x.o.xsn = c.at
		}
		x.remove()
		return err
	}))
}

// end begins to send the changes since. Callers hold the lock.
func (c *syncCall) end(ctx context.Context) error {
	s, x := c.s, c.x
	if x.ended || ctx.Err() != nil || c.target.ctx.Err() != nil {
		x.remove()
		return errSync
	}
	x.cut = nil
	x.o.started = true
	numbered := len(c.tables) > 0 && x.o.xsn != akucore.Unset
	if !numbered {
		x.o.xsn, x.o.pinned = c.at, c.at
	}
	for _, t := range c.copies {
		x.o.items[t.table] = c.at
		t.end(c.target.volume, c.at)
	}
	if len(c.copies) == len(x.o.items) {
		s.w.figures.Syncs++
	} else {
		s.w.figures.Changes++
	}
	s.logged()
	x.connect(numbered)
	return nil
}

// lockTables locks the tables as a SYNC does before it reads them: all tables of the object, or the given
// ones.
func (s *server) lockTables(ctx context.Context, x *sender, tables []akucore.Table, wait time.Duration) (unlock func(), err error) {
	s.w.mu.Lock()
	if len(tables) == 0 {
		tables = x.o.spec.Tables
	}
	x.locking, x.state = make(chan struct{}), syncs
	s.w.mu.Unlock()
	if wait > 0 {
		wait = max(wait, syncLockLeast)
	}
	unlock, err = s.alone(ctx, numbers(tables), wait)
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	close(x.locking)
	x.locking = nil
	if errors.Is(err, errLocked) {
		err = errSync
	}
	return unlock, err
}

// tableCopy is a table on its way to another volume.
type tableCopy struct {
	table        int
	from         int64 // volume
	keys         []int
	rows         map[int]int64
	has          map[known]int64
	missing      map[known]map[int64]string
	excused      map[place]bool
	whole, empty bool
}

func (v *volume) copyOf(table int, target *volume) tableCopy {
	return tableCopy{
		table: table, from: v.id, keys: slices.Sorted(maps.Keys(v.rows[table])), rows: maps.Clone(v.rows[table]), has: maps.Clone(v.has),
		missing: maps.Clone(v.missing), excused: maps.Clone(v.excused), whole: v.complete[table], empty: target.empty[table],
	}
}

func (c tableCopy) send(to *volume, part, parts int) {
	for _, k := range c.keys[len(c.keys)*part/parts : len(c.keys)*(part+1)/parts] {
		to.apply(change{table: c.table, key: k, after: c.rows[k]})
	}
}

func (c tableCopy) end(to *volume, at int64) {
	to.complete[c.table] = c.whole && c.empty
	for k, sn := range c.has {
		if k.table == c.table {
			to.knows(k.log, sn, c.table)
		}
	}
	for k, gone := range c.missing {
		if k.table == c.table {
			to.missing[k] = maps.Clone(gone)
		}
	}
	for at := range c.excused {
		if at.table == c.table {
			to.excused[at] = true
		}
	}
	to.knows(c.from, at, c.table)
}
