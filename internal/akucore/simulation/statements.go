package simulation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"aku/internal/akucore"
)

var (
	errHandshake = errors.New("ERR-6100D handshake: Handshake Process Error")
	errNoObject  = errors.New("ERR-6100D handshake: Network error during receiving metadata ACK")
	errMismatch  = fmt.Errorf("%w: ERR-6100D handshake: Table is different", akucore.ErrFatal)
	errStarted   = fmt.Errorf("%w: ERR-6100A The sender has already been started", akucore.ErrDone)
	errStopped   = fmt.Errorf("%w: ERR-61027 Replication did not start", akucore.ErrDone)
	errUnknown   = fmt.Errorf("%w: ERR-6111B Undefined replication name", akucore.ErrDone)
	errDuplicate = fmt.Errorf("%w: ERR-61100 Duplicate replication names", akucore.ErrDone)
	errItem      = errors.New("ERR-61101 The replication item already exists")
	errNoItem    = errors.New("ERR-6111A No replication items found")
	errHosts     = fmt.Errorf("%w: ERR-6110C Replication hosts already exist", akucore.ErrFatal)
	errDropped   = errors.New("ERR-610FE Replication has already started")
	errSync      = errors.New("ERR-61153 Replication synchronization failed")
	errFlush     = fmt.Errorf("%w: ERR-61075 Timeout exceed", akucore.ErrTimeout)
	errGone      = fmt.Errorf("%w: the connection broke", akucore.ErrUnreachable)
)

const (
	startWait    = time.Second
	stopTick     = time.Second
	syncWait     = 2 * time.Second
	lockWait     = 30 * time.Second
	shutdownWait = 8 * time.Second
)

// The statements run in the goroutine of who sent them. Each takes the lock where
// it looks or changes something, and waits without it; ctx ends with the statement,
// the server's own with the process.

// change runs f under the lock, as an instant of a statement.
func (s *server) change(f func() error) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if s.ctx.Err() != nil {
		return errGone
	}
	return f()
}

// wait is the part of a statement that takes time.
func (s *server) wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.ctx.Done():
		return errGone
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (s *server) create(spec akucore.ObjectSpec) error {
	return s.change(func() error {
		if s.volume.objects[spec.Name] != nil {
			return errDuplicate
		}
		o := &object{spec: spec, group: group(spec), items: map[int]int64{}, peer: s.w.host(spec.Host), xsn: akucore.Unset}
		o.spec.Tables = slices.Clone(spec.Tables)
		for _, t := range spec.Tables {
			o.items[table(t)] = s.volume.last
		}
		for _, other := range s.volume.objects {
			if other.spec.Host == spec.Host && other.spec.Port == spec.Port && !s.sharing {
				return errHosts
			}
		}
		s.volume.objects[spec.Name] = o
		s.volume.ddl++
		s.logged()
		return nil
	})
}

// logged moves the log on by a record that no peer needs.
func (s *server) logged() {
	s.volume.last++
	s.wrote()
}

func (s *server) drop(name string, by *client) error {
	return s.change(func() error {
		switch {
		case s.volume.objects[name] == nil:
			return errUnknown
		case s.senders[name] != nil:
			return errDropped
		}
		if r := s.receivers[name]; r != nil {
			r.cut()
		}
		s.mayReset(s.volume.objects[name], by)
		// The source of a recovery keeps its copy: it is the master that lost its own.
		for t := range s.volume.objects[name].items {
			if by.pod == s.pod {
				s.volume.ceases(s.volume.objects[name], t)
			}
		}
		delete(s.volume.objects, name)
		s.volume.ddl++
		s.logged()
		return nil
	})
}

// alter changes an object that is stopped.
func (s *server) alter(name string, change func(*object) error) error {
	return s.change(func() error {
		o := s.volume.objects[name]
		switch {
		case o == nil:
			return errUnknown
		case s.senders[name] != nil:
			return errDropped
		}
		if err := change(o); err != nil {
			return err
		}
		if r := s.receivers[name]; r != nil {
			r.cut()
		}
		s.volume.ddl++
		s.logged()
		return nil
	})
}

func (s *server) addTable(name string, t akucore.Table) error {
	return s.alter(name, func(o *object) error {
		if _, ok := o.items[table(t)]; ok {
			return errItem
		}
		o.spec.Tables = append(o.spec.Tables, t)
		o.items[table(t)] = s.volume.last
		return nil
	})
}

func (s *server) dropTable(name string, t akucore.Table) error {
	return s.alter(name, func(o *object) error {
		if _, ok := o.items[table(t)]; !ok {
			return errNoItem
		}
		o.spec.Tables = slices.DeleteFunc(o.spec.Tables, func(other akucore.Table) bool { return other == t })
		delete(o.items, table(t))
		s.volume.ceases(o, table(t))
		return nil
	})
}

func (s *server) setHost(name, host string) error {
	return s.alter(name, func(o *object) error {
		o.spec.Host, o.peer = host, s.w.host(host)
		return nil
	})
}

// start is START.
func (s *server) start(ctx context.Context, name string) error {
	x, err := s.reserve(name)
	if err != nil {
		return err
	}
	if err := s.reach(ctx, x); err != nil || ctx.Err() != nil {
		return errors.Join(x.abandon(), err, ctx.Err())
	}
	err = s.change(func() error {
		if x.ended {
			return errStopped
		}
		err := x.handshake()
		if s.w.silent(s.pod, x.o.peer) {
			err = errHandshake
		}
		if err != nil {
			x.remove()
			return err
		}
		x.begin()
		x.connect()
		return nil
	})
	if err != nil {
		return err
	}
	return s.wait(ctx, startWait)
}

// startRetry is START RETRY: the sender looks for its peer by itself, a moment later.
func (s *server) startRetry(name string) error {
	x, err := s.reserve(name)
	if err != nil {
		return err
	}
	return s.change(func() error {
		if x.ended {
			return errStopped
		}
		x.begin()
		x.tryIn(s.w.between(dieStart, s.pod, x.o.peer, x.o.group, 10*time.Millisecond, 300*time.Millisecond))
		return nil
	})
}

// begin notes that the object is started: at now, unless it was before.
func (x *sender) begin() {
	if x.o.xsn == akucore.Unset {
		x.o.xsn, x.o.pinned = x.s.volume.last, x.s.volume.last
	}
	x.o.started = true
	x.s.logged()
}

// reserve makes the sender of an object that has none: from here on any other START
// or SYNC of it fails.
func (s *server) reserve(name string) (x *sender, err error) {
	err = s.change(func() error {
		o := s.volume.objects[name]
		switch {
		case o == nil:
			return errUnknown
		case s.senders[name] != nil:
			return errStarted
		}
		x = s.newSender(name, o)
		return nil
	})
	return x, err
}

// remove forgets a sender.
func (x *sender) remove() {
	if !x.ended {
		x.end(false)
	}
	if x.s.senders[x.name] == x {
		delete(x.s.senders, x.name)
	}
}

// abandon forgets a sender that did not come to start.
func (x *sender) abandon() error {
	return x.s.change(func() error { x.remove(); return nil })
}

// reach waits as long as a peer that says nothing is waited for.
func (s *server) reach(ctx context.Context, x *sender) error {
	s.w.mu.Lock()
	silent := s.w.silent(s.pod, x.o.peer)
	hung := s.w.network.hung[x.o.peer]
	s.w.mu.Unlock()
	switch {
	case hung:
		return errors.Join(s.wait(ctx, 60*time.Second), errHandshake)
	case silent:
		return errors.Join(s.wait(ctx, 10*time.Second), errHandshake)
	}
	return nil
}

// stop ends the sender at once and says so up to a tick later, whatever becomes of
// who asked. A SYNC is cut.
func (s *server) stop(ctx context.Context, name string) error {
	select {
	case s.stopping <- struct{}{}:
		defer func() { <-s.stopping }()
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ctx.Done():
		return errGone
	}
	var x *sender
	var rest time.Duration
	err := s.change(func() error {
		if s.volume.objects[name] == nil {
			return errUnknown
		}
		if x = s.senders[name]; x == nil || x.ended {
			if o := s.volume.objects[name]; x == nil && o.started {
				o.started = false
				s.logged()
				return nil
			}
			return errStopped
		}
		if x.state != retries {
			rest = s.w.between(dieStop, s.pod, x.o.peer, x.o.group, 10*time.Millisecond, stopTick)
		}
		x.end(false)
		return nil
	})
	if err != nil || x == nil {
		return err
	}
	if err := s.wait(context.Background(), rest); err != nil {
		return err
	}
	return s.change(func() error {
		if s.senders[name] == x {
			x.o.started = false
			x.remove()
			s.logged()
		}
		return nil
	})
}

func (s *server) reset(name string, by *client) error {
	return s.change(func() error {
		o := s.volume.objects[name]
		switch {
		case o == nil:
			return errUnknown
		case s.senders[name] != nil:
			return errStarted
		}
		s.mayReset(o, by)
		o.xsn, o.pinned, o.started = akucore.Unset, 0, false
		s.volume.ddl++
		s.logged()
		return nil
	})
}

// sync copies rows as they are at its start, then sends what came after. With a list of
// tables it copies only those, and sends from where the object stopped.
func (s *server) sync(ctx context.Context, name string, tables []akucore.Table) error {
	x, err := s.reserve(name)
	if err != nil {
		return err
	}
	ctx, cut := context.WithCancel(ctx)
	defer cut()
	if err := s.reach(ctx, x); err != nil {
		return errors.Join(x.abandon(), err)
	}
	if err := s.lockTables(ctx); err != nil {
		return errors.Join(x.abandon(), err)
	}
	var copies []tableCopy
	var at int64
	var target *server
	err = s.change(func() error {
		x.cut = cut
		err := x.handshake()
		if x.ended || s.w.silent(s.pod, x.o.peer) {
			err = errSync
		}
		for _, t := range tables {
			if _, ok := x.o.items[table(t)]; !ok {
				err = errNoItem
			}
		}
		if err != nil {
			x.remove()
			return err
		}
		x.state = syncs
		target = s.w.running(x.o.peer)
		at = s.volume.last
		for _, t := range slices.Sorted(maps.Keys(x.o.items)) {
			if len(tables) == 0 || slices.ContainsFunc(tables, func(wanted akucore.Table) bool { return table(wanted) == t }) {
				copies = append(copies, s.volume.copyOf(t, target.volume))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	const parts = 4
	for part := range parts {
		if err == nil {
			err = s.wait(ctx, max(syncWait, s.w.options.SyncTime)/parts)
		}
		err = errors.Join(err, s.change(func() error {
			switch {
			case err != nil:
			case x.ended || target.ctx.Err() != nil:
				err = errSync
			case s.w.silent(s.pod, x.o.peer):
				err = errSync
			default:
				for _, c := range copies {
					c.send(target.volume, part, parts)
				}
				return nil
			}
			if s.w.chance(40, dieCutSync, s.pod, x.o.peer, x.o.group) && part > 0 && len(tables) == 0 {
				x.o.xsn = at
			}
			x.remove()
			return err
		}))
		if err != nil {
			return err
		}
	}
	return s.change(func() error {
		if x.ended || ctx.Err() != nil || target.ctx.Err() != nil {
			x.remove()
			return errSync
		}
		x.cut = nil
		x.o.started = true
		if len(tables) == 0 || x.o.xsn == akucore.Unset {
			x.o.xsn, x.o.pinned = at, 0
		}
		for _, c := range copies {
			x.o.items[c.table] = at
			c.end(target.volume, at)
		}
		if len(tables) == 0 {
			s.w.figures.Syncs++
		} else {
			s.w.figures.Changes++
		}
		s.logged()
		x.connect()
		return nil
	})
}

// lockTables waits, as a SYNC does before it reads, until those have ended that have
// changed rows and not committed.
func (s *server) lockTables(ctx context.Context) error {
	for deadline := time.Now().Add(lockWait); ; {
		open := false
		err := s.change(func() error {
			for _, c := range s.sessions {
				open = open || c.began > 0
			}
			return nil
		})
		if err != nil || !open {
			return err
		}
		if time.Now().After(deadline) {
			return errSync
		}
		if err := s.wait(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

// tableCopy is a table on its way to another volume.
type tableCopy struct {
	table        int
	from         int64 // volume
	keys         []int
	rows         map[int]int64
	has          map[known]int64
	whole, empty bool
}

func (v *volume) copyOf(table int, target *volume) tableCopy {
	return tableCopy{
		table: table, from: v.id, keys: slices.Sorted(maps.Keys(v.rows[table])), rows: maps.Clone(v.rows[table]), has: maps.Clone(v.has),
		whole: v.complete[table], empty: target.empty[table],
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
	to.knows(c.from, at, c.table)
}

// flush waits until the peer has acknowledged all there is now.
func (s *server) flush(ctx context.Context, name string, limit time.Duration) error {
	t := time.NewTimer(limit)
	defer t.Stop()
	var x *sender
	upTo := int64(-1)
	for {
		var heard <-chan struct{}
		done := false
		err := s.change(func() error {
			if s.volume.objects[name] == nil {
				return errUnknown
			}
			if upTo < 0 {
				x, upTo = s.senders[name], s.volume.last
			}
			if x == nil || x.ended {
				return errStopped
			}
			heard, done = x.heard, x.acked >= upTo
			x.kick()
			x.acknowledgeLater()
			return nil
		})
		if err != nil || done {
			return err
		}
		select {
		case <-heard:
		case <-t.C:
			return errFlush
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return errGone
		}
	}
}

// truncate empties tables on this server only, and breaks the links that peers
// send into them by.
func (s *server) truncate(ctx context.Context, tables []akucore.Table, by *client) error {
	for _, name := range tables {
		t := table(name)
		s.w.mu.Lock()
		d := s.w.between(dieTruncate, s.pod, t, 0, 10*time.Millisecond, 700*time.Millisecond)
		s.w.mu.Unlock()
		if err := s.wait(ctx, d); err != nil {
			return err
		}
		err := s.change(func() error {
			s.mayTruncate(t, by)
			s.volume.rows[t] = map[int]int64{}
			s.volume.complete[t], s.volume.empty[t] = false, true
			for k := range s.volume.has {
				if k.table == t {
					delete(s.volume.has, k)
				}
			}
			for name, r := range s.receivers {
				if o := s.volume.objects[name]; o != nil {
					if _, ok := o.items[t]; ok {
						r.cut()
					}
				}
			}
			s.logged()
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// shutdown ends the process cleanly.
func (s *server) shutdown(ctx context.Context) error {
	if err := s.wait(ctx, shutdownWait); err != nil {
		return err
	}
	return s.change(func() error {
		s.w.tell("altibase-%d: server is shut down", s.pod)
		s.end()
		return nil
	})
}
