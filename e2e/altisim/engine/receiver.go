package engine

import (
	"context"
	"sync"
	"time"
)

// receiver is the other end of a peer's sender.
type receiver struct {
	s       *Server
	name    string
	link    Link
	targets []target
	done    chan struct{}

	mu    sync.Mutex
	state ReceiverState
}

// ReceiverState is what the views show of a receiver.
type ReceiverState struct {
	Name          string
	Local, Remote Addr
	Applied       SN
	Success, Fail map[Op]int64
}

// Serve answers a peer's sender until the link ends.
func (s *Server) Serve(link Link) {
	defer link.Close()
	if !s.task() {
		return
	}
	defer s.tasks.Done()
	defer context.AfterFunc(s.ctx, func() { _ = link.Close() })()
	f, err := link.Receive()
	if err != nil || f.Kind != FrameHello {
		return
	}
	targets, err := s.Catalog().match(f.Hello)
	if err != nil {
		_ = link.Send(Frame{Kind: FrameWelcome, Text: err.Error()})
		return
	}
	r := &receiver{s: s, name: f.Hello.Replication, link: link, targets: targets, done: make(chan struct{})}
	defer close(r.done)
	if f.Hello.Sync {
		if link.Send(Frame{Kind: FrameWelcome}) == nil {
			r.loop()
		}
		return
	}
	r.state = ReceiverState{
		Name: r.name, Local: link.LocalAddr(), Remote: link.RemoteAddr(), Applied: f.Hello.XSN,
		Success: map[Op]int64{}, Fail: map[Op]int64{},
	}
	if !s.enter(r, f.Hello) {
		return
	}
	defer s.leave(r)
	if link.Send(Frame{Kind: FrameWelcome}) == nil {
		r.loop()
	}
}

// enter makes r the receiver of its replication, in the place of an older
// link, and wakes the own sender: the peer is there. It compares the tables once
// more: from here on a change of them ends the link, but not before.
func (s *Server) enter(r *receiver, h *Hello) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		old := s.receivers[r.name]
		if old == nil {
			break
		}
		_ = old.link.Close()
		s.mu.Unlock()
		<-old.done
		s.mu.Lock()
		if s.receivers[r.name] == old {
			delete(s.receivers, r.name)
		}
	}
	var err error
	if r.targets, err = s.catalog.match(h); err != nil || s.shutting || s.ctx.Err() != nil {
		return false
	}
	s.receivers[r.name] = r
	if x := s.senders[r.name]; x != nil {
		x.wakeUp()
	}
	return true
}

func (s *Server) leave(r *receiver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.receivers[r.name] == r {
		delete(s.receivers, r.name)
	}
}

// closeReceiver cuts the link of a peer's sender and waits until it is gone.
func (s *Server) closeReceiver(name string) {
	s.mu.Lock()
	r := s.receivers[name]
	s.mu.Unlock()
	if r != nil {
		_ = r.link.Close()
		<-r.done
	}
}

// loop takes frames until the link ends. A transaction is applied when its
// commit has arrived, and only then does the applied number move.
func (r *receiver) loop() {
	var transaction, ready []SentChange
	unacknowledged := 0
	silence := time.AfterFunc(r.s.Clock.Silence(), func() { _ = r.link.Close() })
	defer silence.Stop()
	for {
		f, err := r.link.Receive()
		if err != nil {
			return
		}
		silence.Stop() // what takes long now is this side's own work
		switch f.Kind {
		case FrameChanges:
			for _, ch := range f.Changes {
				transaction = append(transaction, ch)
				if ch.Op == Commit {
					ready = append(ready, transaction...)
					transaction = transaction[:0]
				}
			}
			if len(ready) > 0 {
				if err := r.apply(ready); err != nil {
					r.s.log.Warn("apply", "replication", r.name, "error", err)
					return
				}
			}
			unacknowledged += len(ready)
			ready = ready[:0]
			if unacknowledged >= ackRecords {
				unacknowledged = 0
				err = r.link.Send(Frame{Kind: FrameAck, SN: r.applied(NoSN)})
			}
		case FrameKeepAlive:
			sn := r.applied(f.SN)
			if f.Ask {
				err = r.link.Send(Frame{Kind: FrameAck, SN: sn, Ask: true})
			}
		case FrameBye:
			_ = r.link.Send(Frame{Kind: FrameBye, SN: r.applied(NoSN)})
			return
		case FrameRows:
			err = r.insert(f.Item, f.Rows)
		case FrameRowsDone:
			err = r.link.Send(f)
		}
		if err != nil {
			return
		}
		silence.Reset(r.s.Clock.Silence())
	}
}

// alive tells the sender, while something long is applied, that this side has
// not died. The returned function ends that.
func (r *receiver) alive() func() {
	t := time.NewTicker(r.s.Clock.Silence() / 4)
	done := make(chan struct{})
	r.s.spawn(func() {
		defer t.Stop()
		for {
			select {
			case <-t.C:
				_ = r.link.Send(Frame{Kind: FrameAck, SN: r.applied(NoSN)})
			case <-done:
				return
			case <-r.s.ctx.Done():
				return
			}
		}
	})
	return func() { close(done) }
}

// applied moves the applied number to sn, never back.
func (r *receiver) applied(sn SN) SN {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Applied = max(r.state.Applied, sn)
	return r.state.Applied
}

func (r *receiver) apply(sent []SentChange) error {
	var changes []Change
	last := NoSN
	for _, ch := range sent {
		if ch.Op == Commit {
			last = ch.SN
			continue
		}
		t := r.targets[ch.Item]
		changes = append(changes, Change{Op: ch.Op, Table: t.table, Columns: t.columns, Before: ch.Before, After: ch.After})
	}
	defer r.alive()()
	made, err := r.s.store.Apply(r.s.ctx, changes)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, ok := range made {
		if ok {
			r.state.Success[changes[i].Op]++
		} else {
			r.state.Fail[changes[i].Op]++
		}
	}
	r.state.Applied = max(r.state.Applied, last)
	return nil
}

// insert takes in rows of a SYNC; rows whose key exists are skipped.
func (r *receiver) insert(item int, rows []string) error {
	t := r.targets[item]
	changes := make([]Change, len(rows))
	for i, row := range rows {
		changes[i] = Change{Op: Insert, Table: t.table, Columns: t.columns, After: row}
	}
	_, err := r.s.store.Apply(r.s.ctx, changes)
	return err
}
