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
		o := &object{spec: spec, group: group(spec.Tables[0]), peer: s.w.host(spec.Host), xsn: akucore.Unset}
		for _, other := range s.volume.objects {
			if other.peer == o.peer && !s.sharing {
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

func (s *server) drop(name string) error {
	return s.change(func() error {
		switch {
		case s.volume.objects[name] == nil:
			return errUnknown
		case s.senders[name] != nil:
			return errDropped
		}
		if r := s.receivers[name]; r != nil {
			r.leave()
			r.sender.lose(10 * time.Millisecond)
		}
		delete(s.volume.objects, name)
		s.volume.ddl++
		s.logged()
		return nil
	})
}

// start is START, or START RETRY that does without the peer.
func (s *server) start(ctx context.Context, name string, retry bool) error {
	x, err := s.reserve(name)
	if err != nil {
		return err
	}
	err = s.reach(ctx, x)
	if err != nil && !retry || ctx.Err() != nil {
		return errors.Join(s.change(func() error { x.remove(); return nil }), err, ctx.Err())
	}
	connected := false
	err = s.change(func() error {
		if x.ended {
			return errStopped
		}
		problem := x.handshake()
		if s.w.silent(s.pod, x.o.peer) {
			problem = errHandshake
		}
		if problem != nil && !retry {
			x.remove()
			return problem
		}
		if x.o.xsn == akucore.Unset {
			x.o.xsn = s.volume.last
		}
		x.o.started = true
		s.logged()
		if connected = problem == nil; connected {
			x.connect()
			return nil
		}
		x.state = retries
		x.tryIn(retryWait)
		return nil
	})
	if err != nil || !connected {
		return err
	}
	return s.wait(ctx, startWait)
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
			return errStopped
		}
		if x.state != retries {
			rest = s.w.between(dieStop, s.pod, x.o.peer, x.o.group, 10*time.Millisecond, stopTick)
		}
		x.end(false)
		return nil
	})
	if err != nil {
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
		o.xsn = akucore.Unset
		s.volume.ddl++
		s.logged()
		return nil
	})
}

// sync copies the rows as they are at its start, then sends what came after.
func (s *server) sync(ctx context.Context, name string) error {
	x, err := s.reserve(name)
	if err != nil {
		return err
	}
	ctx, cut := context.WithCancel(ctx)
	defer cut()
	if err := s.reach(ctx, x); err != nil {
		return errors.Join(s.change(func() error { x.remove(); return nil }), err)
	}
	var rows map[int]int64
	var has map[int64]int64
	var whole, empty bool
	var at int64
	var target *server
	err = s.change(func() error {
		x.cut = cut
		err := x.handshake()
		if x.ended || s.w.silent(s.pod, x.o.peer) {
			err = errSync
		}
		if err != nil {
			x.remove()
			return err
		}
		x.state = syncs
		target = s.w.running(x.o.peer)
		empty = target.volume.empty[x.o.group]
		rows, has, at = maps.Clone(s.volume.rows[x.o.group]), maps.Clone(s.volume.has), s.volume.last
		whole = s.volume.complete[x.o.group]
		return nil
	})
	if err != nil {
		return err
	}
	keys := slices.Sorted(maps.Keys(rows))
	const parts = 4
	for part := range parts {
		if err == nil {
			err = s.wait(ctx, syncWait/parts)
		}
		err = errors.Join(err, s.change(func() error {
			switch {
			case err != nil:
			case x.ended || target.ctx.Err() != nil:
				err = errSync
			case s.w.silent(s.pod, x.o.peer):
				err = errSync
			default:
				for _, k := range keys[len(keys)*part/parts : len(keys)*(part+1)/parts] {
					target.volume.apply(change{group: x.o.group, key: k, after: rows[k]})
				}
				return nil
			}
			if s.w.chance(40, dieCutSync, s.pod, x.o.peer, x.o.group) && part > 0 {
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
		x.o.xsn, x.o.started = at, true
		v := target.volume
		v.complete[x.o.group] = whole && empty
		for log, sn := range has {
			if int(log%8) == x.o.group {
				v.knows(log/8, sn, x.o.group)
			}
		}
		v.knows(s.volume.id, at, x.o.group)
		s.w.figures.Syncs++
		s.logged()
		x.connect()
		return nil
	})
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
	for _, t := range tables {
		if t.Name[0] != 'T' {
			continue
		}
		g := group(t)
		s.w.mu.Lock()
		d := s.w.between(dieTruncate, s.pod, g, 0, 10*time.Millisecond, 700*time.Millisecond)
		s.w.mu.Unlock()
		if err := s.wait(ctx, d); err != nil {
			return err
		}
		err := s.change(func() error {
			s.mayTruncate(g, by)
			s.volume.rows[g] = map[int]int64{}
			s.volume.complete[g], s.volume.empty[g] = false, true
			for k := range s.volume.has {
				if int(k%8) == g {
					delete(s.volume.has, k)
				}
			}
			for name, r := range s.receivers {
				if o := s.volume.objects[name]; o != nil && o.group == g {
					r.leave()
					r.sender.lose(10 * time.Millisecond)
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
