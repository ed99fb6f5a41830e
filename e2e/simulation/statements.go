package simulation

import (
	"context"
	"errors"
	"fmt"
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
	errTable     = fmt.Errorf("%w: ERR-61111 Table not found", akucore.ErrFatal)
	errNoSync    = errors.New("ERR-61126 Replication not found")
	errItem      = errors.New("ERR-11058 The row already exists in a unique index")
	errNoItem    = errors.New("ERR-6111A No replication items found")
	errHosts     = fmt.Errorf("%w: ERR-6110C Replication hosts already exist", akucore.ErrFatal)
	errDropped   = errors.New("ERR-610FE Replication has already started")
	errSync      = errors.New("ERR-61153 Replication synchronization failed")
	errFlush     = fmt.Errorf("%w: ERR-61075 Timeout exceed", akucore.ErrTimeout)
	errGone      = fmt.Errorf("%w: the connection broke", akucore.ErrUnreachable)
)

const (
	startWait     = time.Second
	stopTick      = time.Second
	syncWait      = 2 * time.Second
	syncLockLeast = 2 * time.Second // a SYNC waits for a lock that long also with REPLICATION_SYNC_LOCK_TIMEOUT 1
	flushWait     = 20 * time.Millisecond
	lockTimeout   = 5 * time.Second // REPLICATION_LOCK_TIMEOUT
	shutdownFrom  = 10 * time.Second
	shutdownTo    = 17 * time.Second
)

// A statement runs in the goroutine of its sender. It takes the lock where it reads or changes something, and
// waits without it. ctx ends with the statement, the server's own context with the process.

// change runs f under the lock, as one moment of a statement.
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

func (s *server) create(ctx context.Context, spec akucore.ObjectSpec, wait time.Duration) error {
	return s.ddl(ctx, wait, func() ([]akucore.Table, error) {
		for _, other := range s.volume.objects {
			switch {
			case other.spec.Name == spec.Name:
				return nil, errDuplicate
			case other.spec.Host == spec.Host && other.spec.Port == spec.Port && !s.sharing:
				return nil, errHosts
			}
		}
		for _, t := range spec.Tables {
			if isBeat(table(t)) && !s.hasBeats(table(t)) {
				return nil, errTable
			}
		}
		return spec.Tables, nil
	}, func() {
		o := &object{spec: spec, block: block(spec), items: map[int]int64{}, peer: s.w.host(spec.Host), xsn: akucore.Unset}
		o.spec.Tables = slices.Clone(spec.Tables)
		for _, t := range spec.Tables {
			o.items[table(t)] = s.volume.last
		}
		s.volume.objects[spec.Name] = o
		s.logged()
	})
}

// logged adds a log record that no peer needs.
func (s *server) logged() {
	s.volume.last++
	s.wrote()
}

// stopped is an object that can be dropped or changed.
func (s *server) stopped(name string) (*object, error) {
	o := s.volume.objects[name]
	switch {
	case o == nil:
		return nil, errUnknown
	case s.senders[name] != nil:
		return nil, errDropped
	}
	return o, nil
}

func (s *server) drop(ctx context.Context, name string, by *client, wait time.Duration) error {
	return s.ddl(ctx, wait, func() ([]akucore.Table, error) {
		o, err := s.stopped(name)
		if err != nil {
			return nil, err
		}
		return o.spec.Tables, nil
	}, func() {
		if r := s.receivers[name]; r != nil {
			r.cut()
		}
		o := s.volume.objects[name]
		s.mayReset(o, by)
		// The source of a recovery keeps its copy: the master lost its own.
		for t := range o.items {
			if by.pod == s.pod {
				s.volume.ceases(o, t)
			}
		}
		delete(s.volume.objects, name)
		delete(s.told, name)
		s.logged()
	})
}

// altered is a stopped object whose tables are changed. It has another error for a missing object.
func (s *server) altered(name string) (*object, error) {
	o, err := s.stopped(name)
	if errors.Is(err, errUnknown) {
		err = errNoSync
	}
	return o, err
}

// changed is the consequence of a changed object.
func (s *server) changed(name string) {
	if r := s.receivers[name]; r != nil {
		r.cut()
	}
	s.logged()
}

func (s *server) addTable(ctx context.Context, name string, t akucore.Table, wait time.Duration) error {
	return s.ddl(ctx, wait, func() ([]akucore.Table, error) {
		o, err := s.altered(name)
		if err != nil {
			return nil, err
		}
		if _, ok := o.items[table(t)]; ok {
			return nil, errItem
		}
		if isBeat(table(t)) && !s.hasBeats(table(t)) {
			return nil, errTable
		}
		return []akucore.Table{t}, nil
	}, func() {
		o := s.volume.objects[name]
		o.spec.Tables = append(o.spec.Tables, t)
		o.items[table(t)] = s.volume.last
		s.changed(name)
	})
}

func (s *server) dropTable(ctx context.Context, name string, t akucore.Table, wait time.Duration) error {
	return s.ddl(ctx, wait, func() ([]akucore.Table, error) {
		o, err := s.altered(name)
		if err != nil {
			return nil, err
		}
		if _, ok := o.items[table(t)]; !ok {
			return nil, errNoItem
		}
		return []akucore.Table{t}, nil
	}, func() {
		o := s.volume.objects[name]
		o.spec.Tables = slices.DeleteFunc(o.spec.Tables, func(other akucore.Table) bool { return other == t })
		delete(o.items, table(t))
		s.volume.ceases(o, table(t))
		s.changed(name)
	})
}

func (s *server) setHost(name, host string) error {
	return s.change(func() error {
		o, err := s.stopped(name)
		if err != nil {
			return err
		}
		o.spec.Host, o.peer = host, s.w.host(host)
		s.changed(name)
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
		numbered := x.o.xsn != akucore.Unset
		x.begin()
		x.connect(numbered)
		return nil
	})
	if err != nil || s.quick(x) {
		return err
	}
	return s.wait(ctx, startWait)
}

// quick tells whether a START returns at once: it checks for the peer's answer, and again after a second.
func (s *server) quick(x *sender) bool {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.w.chance(30, dieStart, s.pod, x.o.peer, 10+x.o.block)
}

// startRetry is START RETRY: the sender connects by itself, a moment later.
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
		x.tryIn(s.w.between(dieStart, s.pod, x.o.peer, x.o.block, 3*time.Millisecond, 40*time.Millisecond))
		return nil
	})
}

// begin marks the object as started: at now, unless it was started before.
func (x *sender) begin() {
	if x.o.xsn == akucore.Unset {
		x.o.xsn, x.o.pinned = x.s.volume.last, x.s.volume.last
	}
	x.o.started = true
	x.s.logged()
}

// reserve makes the sender of an object that has none. From then on any other START or SYNC of it fails.
func (s *server) reserve(name string) (x *sender, err error) {
	err = s.change(func() error {
		o, err := s.resting(name)
		if err != nil {
			return err
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

// abandon forgets a sender that did not start.
func (x *sender) abandon() error {
	return x.s.change(func() error { x.remove(); return nil })
}

// reach waits as long as the server waits for a silent peer.
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

// resting is an object without a sender.
func (s *server) resting(name string) (*object, error) {
	o := s.volume.objects[name]
	switch {
	case o == nil:
		return nil, errUnknown
	case s.senders[name] != nil:
		return nil, errStarted
	}
	return o, nil
}

func (s *server) reset(name string, by *client) error {
	return s.change(func() error {
		o, err := s.resting(name)
		if err != nil {
			return err
		}
		s.mayReset(o, by)
		o.xsn, o.pinned, o.started = akucore.Unset, 0, false
		s.logged()
		return nil
	})
}

// truncate empties tables on this server only, and breaks the links through which peers send into them.
func (s *server) truncate(ctx context.Context, tables []akucore.Table, by *client, wait time.Duration) error {
	for _, name := range tables {
		t := table(name)
		s.w.mu.Lock()
		d := s.w.between(dieTruncate, s.pod, t, 0, 10*time.Millisecond, 700*time.Millisecond)
		s.w.mu.Unlock()
		if err := s.wait(ctx, d); err != nil {
			return err
		}
		err := s.ddl(ctx, wait, func() ([]akucore.Table, error) { return []akucore.Table{name}, nil }, func() {
			s.mayTruncate(t, by)
			s.volume.rows[t] = map[int]int64{}
			s.volume.complete[t], s.volume.empty[t] = false, true
			s.volume.forget(t)
			for name, r := range s.receivers {
				if o := s.volume.objects[name]; o != nil {
					if _, ok := o.items[t]; ok {
						r.emptied()
					}
				}
			}
			s.logged()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// shutdown ends the process cleanly.
func (s *server) shutdown(ctx context.Context) error {
	s.w.mu.Lock()
	takes := s.w.between(dieStop, s.pod, 0, 99, shutdownFrom, shutdownTo)
	s.w.mu.Unlock()
	if err := s.wait(ctx, takes); err != nil {
		return err
	}
	return s.change(func() error {
		s.w.tell("altibase-%d: server is shut down", s.pod)
		s.end()
		return nil
	})
}
