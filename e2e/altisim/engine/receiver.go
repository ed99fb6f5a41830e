package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// receiver is the other end of a peer's sender.
type receiver struct {
	s       *Server
	name    string
	link    Link
	targets []target
	ctx     context.Context
	cut     context.CancelFunc
	done    chan struct{}

	mu    sync.Mutex
	rowAt time.Time // of the last row
	state ReceiverState
	open  map[int64]*applied // by the peer's id
}

// ReceiverState is a receiver in the views.
type ReceiverState struct {
	Name          string
	Local, Remote Addr
	Applied       SN
	Success, Fail map[Op]int64
	Open          []ReceivedOpen
}

// ReceivedOpen is an open transaction of the peer.
type ReceivedOpen struct {
	Local, Remote int64
	Began         SN
}

// applied is the local transaction for one of the peer.
type applied struct {
	*Transaction
	began   SN
	givenUp []SentChange // while it was open
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
	if f.Hello.Wake {
		s.wakeSender(f.Hello.Replication)
	}
	targets, err := s.Catalog().match(f.Hello)
	if err != nil {
		_ = link.Send(Frame{Kind: FrameWelcome, Text: err.Error()})
		return
	}
	r := &receiver{s: s, name: f.Hello.Replication, link: link, targets: targets, done: make(chan struct{}), open: map[int64]*applied{}}
	r.ctx, r.cut = context.WithCancel(s.ctx)
	defer r.cut()
	defer close(r.done)
	defer r.rollback()
	r.state = ReceiverState{
		Name: r.name, Local: link.LocalAddr(), Remote: link.RemoteAddr(), Applied: f.Hello.XSN,
		Success: map[Op]int64{}, Fail: map[Op]int64{},
	}
	if f.Hello.Sync {
		if link.Send(Frame{Kind: FrameWelcome}) == nil {
			r.loop()
		}
		return
	}
	remembered, ok := s.enter(r, f.Hello)
	if !ok {
		return
	}
	defer s.leave(r)
	if link.Send(Frame{Kind: FrameWelcome, SN: remembered}) == nil {
		r.loop()
	}
}

// enter makes r the receiver of its replication in place of an older link, and returns the number that
// earlier receivers remember of the peer's log. It compares the tables again: from now on a change of them
// ends the link.
func (s *Server) enter(r *receiver, h *Hello) (remembered SN, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		old := s.receivers[r.name]
		if old == nil {
			break
		}
		s.mu.Unlock()
		old.end()
		<-old.done
		s.mu.Lock()
		if s.receivers[r.name] == old {
			delete(s.receivers, r.name)
		}
	}
	var err error
	if r.targets, err = s.catalog.match(h); err != nil || s.shutting || s.ctx.Err() != nil {
		return NoSN, false
	}
	if slices.ContainsFunc(r.targets, func(t target) bool { return s.inDDL[t.table.ID] }) {
		return NoSN, false
	}
	if cut := s.cutByDDL[r.name]; cut {
		delete(s.cutByDDL, r.name)
		if h.Again { // on the real server, a sender that writes is back before the DDL is over
			return NoSN, false
		}
	}
	s.receivers[r.name] = r
	remembered, ok = s.memory[r.name]
	if !ok {
		remembered = NoSN
	}
	if h.XSN == NoSN {
		delete(s.memory, r.name) // it begins anew, and will tell its number
	} else {
		s.memory[r.name] = max(remembered, h.XSN)
	}
	return remembered, true
}

// remember stores the highest restart point of the peer's sender, until this server ends or the object is
// dropped. It also counts each commit that was applied. A sender that begins there must not skip changes of
// an open transaction.
func (r *receiver) remember(restart SN) {
	r.mu.Lock()
	for _, a := range r.open {
		restart = min(restart, a.began-1)
	}
	r.mu.Unlock()
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.s.receivers[r.name] != r || restart <= 0 {
		return
	}
	r.s.memory[r.name] = max(r.s.memory[r.name], restart)
}

// wakeSender makes a sender that rests try again.
func (s *Server) wakeSender(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.senders[name]; x != nil {
		x.wakeUp()
	}
}

func (s *Server) leave(r *receiver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.receivers[r.name] == r {
		delete(s.receivers, r.name)
	}
}

// end ends the receiver, wherever it waits.
func (r *receiver) end() {
	r.cut()
	_ = r.link.Close()
}

// closeReceiver cuts the link of a peer's sender and waits until it has ended.
func (s *Server) closeReceiver(name string) {
	s.mu.Lock()
	r := s.receivers[name]
	s.mu.Unlock()
	if r != nil {
		r.end()
		<-r.done
	}
}

// loop reads frames until the link ends. The changes of a transaction become visible with its commit, and
// only then the applied number moves. Its locks are taken here as soon as the peer reports them.
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
		silence.Stop() // a long pause from here on is this side's own work
		r.remember(f.Restart)
		switch f.Kind {
		case FrameOpen:
			err = r.lockOpen(f)
		case FrameRollback:
			r.over(f.Tx)
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
					if r.ctx.Err() == nil {
						r.s.log.Warn("apply", "replication", r.name, "error", err)
					}
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

// alive tells the sender during long work that this side is alive. The returned function stops it.
func (r *receiver) alive() func() {
	return r.s.sayAlive(r.link, func() Frame { return Frame{Kind: FrameAck, SN: r.applied(NoSN)} })
}

// sayAlive sends a frame from time to time. The returned function stops it.
func (s *Server) sayAlive(link Link, frame func() Frame) func() {
	t := time.NewTicker(s.Clock.Silence() / 4)
	done := make(chan struct{})
	s.spawn(func() {
		defer t.Stop()
		for {
			select {
			case <-t.C:
				_ = link.Send(frame())
			case <-done:
				return
			case <-s.ctx.Done():
				return
			}
		}
	})
	return func() { close(done) }
}

// applied moves the applied number to sn, and never back.
func (r *receiver) applied(sn SN) SN {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Applied = max(r.state.Applied, sn)
	return r.state.Applied
}

// transaction is the local transaction for one of the peer. The id is 0 when the peer reports it only with
// its commit.
func (r *receiver) transaction(id int64, began SN) *applied {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.open[id]
	if a == nil {
		a = &applied{Transaction: r.s.beginReceived(id == 0), began: began}
		if id != 0 {
			r.open[id] = a
		}
	}
	return a
}

// over ends the local transaction for one of the peer.
func (r *receiver) over(id int64) {
	r.mu.Lock()
	a := r.open[id]
	delete(r.open, id)
	r.mu.Unlock()
	if a != nil {
		a.End()
	}
}

// rollback ends all transactions that are open when the link ends. The peer sends them again over the next
// link.
func (r *receiver) rollback() {
	r.mu.Lock()
	open := r.open
	r.open = map[int64]*applied{}
	r.mu.Unlock()
	for _, a := range open {
		a.End()
	}
}

// lock locks the table and row of a change, or gives the change up after REPLICATION_LOCK_TIMEOUT. It calls
// wait before it waits.
func (r *receiver) lock(a *applied, ch SentChange, wait func() error) (ok bool, err error) {
	to := r.targets[ch.Item]
	if ch.Columns != nil {
		to.columns = ch.Columns
	}
	table := to.table
	err = a.change(r.ctx, to, ch, 0)
	if errors.Is(err, ErrLockTimeout) {
		if err := wait(); err != nil {
			return false, err
		}
		err = a.change(r.ctx, to, ch, r.s.seconds("REPLICATION_LOCK_TIMEOUT"))
	}
	if !errors.Is(err, ErrLockTimeout) {
		return err == nil, err
	}
	r.s.log.Warn("given up", "replication", r.name, "table", table.FullName(), "op", string(ch.Op), "after", ch.After, "before", ch.Before, "error", err)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Fail[ch.Op]++
	return false, nil
}

// change locks what a change needs: its table and its rows. Only then is the transaction seen to
// write, so whoever waits for that finds all locked.
func (a *applied) change(ctx context.Context, to target, ch SentChange, limit time.Duration) error {
	if err := a.lockToWrite(ctx, to.table, limit); err != nil {
		return err
	}
	for _, row := range to.rows(ch) {
		if err := a.s.locks.take(ctx, a.Transaction, lockKey{to.table.ID, row}, lockExclusive, limit); err != nil {
			return err
		}
	}
	a.writes()
	return nil
}

// lockOpen takes the locks of the peer's open transaction.
func (r *receiver) lockOpen(f Frame) error {
	defer r.alive()()
	a := r.transaction(f.Tx, f.SN)
	for _, ch := range f.Changes {
		ok, err := r.lock(a, ch, func() error { return nil })
		if err != nil {
			return err
		}
		if !ok {
			a.givenUp = append(a.givenUp, ch)
		}
	}
	return nil
}

// hasGivenUp tells whether a change was given up while its transaction was open.
func (a *applied) hasGivenUp(ch SentChange) bool {
	i := slices.IndexFunc(a.givenUp, func(o SentChange) bool {
		return o.Op == ch.Op && o.Item == ch.Item && o.Before == ch.Before && o.After == ch.After
	})
	if i < 0 {
		return false
	}
	a.givenUp = slices.Delete(a.givenUp, i, i+1)
	return true
}

// batch is a group of changes of complete transactions.
type batch struct {
	changes []Change
	over    []func()
	last    SN
}

// apply makes the changes of complete transactions. A transaction that waits for a lock does not hold up
// those before it.
func (r *receiver) apply(sent []SentChange) error {
	defer r.alive()()
	b := batch{last: NoSN}
	defer func() { b.end() }()
	for from := 0; from < len(sent); {
		to := from + slices.IndexFunc(sent[from:], func(ch SentChange) bool { return ch.Op == Commit })
		commit := sent[to]
		a := r.transaction(commit.Tx, commit.SN)
		over := a.End
		if commit.Tx != 0 {
			over = func() { r.over(commit.Tx) }
		}
		var changes []Change
		for _, ch := range sent[from:to] {
			if a.hasGivenUp(ch) {
				continue
			}
			t := r.targets[ch.Item]
			if ch.Columns != nil {
				if err := t.takes(ch.Columns); err != nil {
					over()
					_ = r.link.Send(Frame{Kind: FrameWelcome, Text: err.Error()})
					return err
				}
				t.columns = ch.Columns
			}
			ok, err := r.lock(a, ch, func() error { return r.make(&b) })
			if err != nil {
				over()
				return err
			}
			if ok {
				changes = append(changes, Change{Op: ch.Op, Table: t.table, Columns: t.columns, Before: ch.Before, After: ch.After})
			}
		}
		b.changes, b.over, b.last = append(b.changes, changes...), append(b.over, over), commit.SN
		from = to + 1
	}
	return r.make(&b)
}

// make makes the changes of a batch, ends its transactions and empties it.
func (r *receiver) make(b *batch) error {
	if b.last == NoSN {
		return nil
	}
	defer b.end()
	if len(b.changes) > 0 {
		made, err := r.s.store.Apply(r.s.ctx, b.changes)
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.rowAt = time.Now()
		for i, ok := range made {
			if ok {
				r.state.Success[b.changes[i].Op]++
			} else {
				r.state.Fail[b.changes[i].Op]++
			}
		}
		r.mu.Unlock()
	}
	r.applied(b.last)
	r.remember(b.last)
	return nil
}

// receives tells whether rows arrive.
func (r *receiver) receives() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.rowAt) < r.s.Clock.Real(receivingFor)
}

func (b *batch) end() {
	for _, over := range b.over {
		over()
	}
	*b = batch{last: NoSN}
}

// insert inserts rows of a SYNC. Rows whose key exists are skipped.
func (r *receiver) insert(item int, rows []string) error {
	t := r.targets[item]
	changes := make([]Change, len(rows))
	for i, row := range rows {
		changes[i] = Change{Op: Insert, Table: t.table, Columns: t.columns, After: row}
	}
	defer r.alive()()
	a := r.s.beginReceived(true)
	defer a.End()
	if err := a.Write(r.ctx, t.table); err != nil {
		return err
	}
	_, err := r.s.store.Apply(r.s.ctx, changes)
	return err
}
