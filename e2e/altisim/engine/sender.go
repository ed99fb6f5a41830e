package engine

import (
	"context"
	"errors"
	"sync"
	"time"
)

// SenderStatus is V$REPSENDER.STATUS.
type SenderStatus int

// The states of a sender.
const (
	SenderStopped SenderStatus = 0
	SenderRuns    SenderStatus = 1
	SenderRetries SenderStatus = 2
	SenderSyncs   SenderStatus = 6
)

// logBatch is how many log records a sender reads at a time.
const logBatch = 500

// pinSlack is how much log an idle replication may pin before its restart
// point moves although it had nothing to send.
const pinSlack SN = 1 << 20

// sender is the running half of a started replication object.
type sender struct {
	s       *Server
	name    string
	ctx     context.Context
	stop    context.CancelFunc
	wake    chan struct{} // the peer is there: try again at once
	done    chan struct{}
	started time.Time

	mu      sync.Mutex
	state   SenderState
	acked   SN            // by the answer to a keep-alive
	ackedAt chan struct{} // closed and replaced at every such answer
	flushes map[*flush]bool
	link    Link
	changes int // of the object, since the sender was made
	agreed  int // the changes that the link knows of
	pin     SN  // what a SYNC will start from

	ddlBefore int64 // statements of DDL before the link was made
}

// flush is a FLUSH that waits.
type flush struct {
	since time.Time
	upTo  SN
	asked bool // a keep-alive has been sent for it
}

// SenderState is what the views show of a sender.
type SenderState struct {
	Name            string
	StartFlag       int // 2 while a SYNC runs
	NetError        bool
	Status          SenderStatus
	ReadSN          SN // -1 before the first connection
	CommitXSN       SN
	Local, Remote   Addr
	ReadLog, SentTo int64
	Rows            map[int]map[Op]int64 // sent over the link, by table id
	Open            bool                 // a transaction is sent in part
	Sync            []SyncState
	Parallel        int
}

// SyncState is the progress of one table of a SYNC.
type SyncState struct {
	Table, Partition string
	Records          int64 // -1 when done
	SN               SN
}

func (s *Server) newSender(name string) *sender {
	ctx, stop := context.WithCancel(s.ctx)
	return &sender{
		s: s, name: name, ctx: ctx, stop: stop, wake: make(chan struct{}, 1), done: make(chan struct{}), started: time.Now(),
		ackedAt: make(chan struct{}), acked: NoSN, flushes: map[*flush]bool{}, pin: NoSN, state: SenderState{Name: name, ReadSN: NoSN},
	}
}

// run keeps the sender going until it is stopped: connect, send, and when the
// peer is gone try again now, then every retryWait or when the peer turns up. Unfound
// is the status between the first try, should it fail, and the next. Where the peer's
// object differs the sender ends, and the object still counts as started.
func (x *sender) run(link Link, unfound SenderStatus) {
	defer close(x.done)
	for x.ctx.Err() == nil {
		if link == nil {
			var err error
			if link, err = x.connect(x.ctx, false); differs(err) {
				x.s.log.Info("sender has ended", "replication", x.name, "error", err)
				x.s.remove(x)
				return
			} else if err != nil {
				x.update(func(st *SenderState) { st.Status, st.NetError = unfound, true })
				unfound = SenderRetries
				x.rest()
				continue
			}
		}
		unfound = SenderRetries
		if err := x.stream(link); err != nil && x.ctx.Err() == nil {
			x.s.log.Info("peer lost", "replication", x.name, "error", err)
			x.update(func(st *SenderState) { st.Status, st.NetError = SenderRetries, true })
		}
		_ = link.Close()
		link = nil
	}
}

// rest waits until the next try is due.
func (x *sender) rest() {
	t := time.NewTimer(x.s.Clock.Real(retryWait))
	defer t.Stop()
	select {
	case <-t.C:
	case <-x.wake:
	case <-x.ctx.Done():
	}
}

// wakeUp ends a rest.
func (x *sender) wakeUp() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

func (x *sender) update(f func(*SenderState)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f(&x.state)
}

func (x *sender) pinned() SN {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.pin
}

// stream sends the log until the link breaks or the sender is stopped.
func (x *sender) stream(link Link) error {
	r := x.s.Catalog().Replication(x.name)
	if r == nil {
		return ErrReplicationUnknown
	}
	ctx, lost := context.WithCancelCause(x.ctx)
	defer lost(nil)
	// Closing the link ends a blocked send; but a stop in good order says goodbye first.
	unblock := context.AfterFunc(ctx, func() {
		if x.ctx.Err() == nil {
			_ = link.Close()
			return
		}
		time.AfterFunc(max(x.s.Clock.Real(stopTick), 200*time.Millisecond), func() { _ = link.Close() })
	})
	defer unblock()

	at := r.XSN
	items, ddl := x.s.itemsByTable(r), x.s.countDDL(0)
	x.mu.Lock()
	if x.agreed != x.changes {
		x.mu.Unlock()
		return errors.New("the object was changed while the link was made")
	}
	x.acked = NoSN
	x.link = link
	st := &x.state
	st.StartFlag, st.Status, st.NetError, st.ReadSN, st.CommitXSN = 0, SenderRuns, false, at, r.XSN
	st.Local, st.Remote = link.LocalAddr(), link.RemoteAddr()
	st.ReadLog, st.SentTo, st.Rows, st.Open = 0, 0, map[int]map[Op]int64{}, false
	for id := range items {
		st.Rows[id] = map[Op]int64{}
	}
	x.ddlBefore = ddl
	x.mu.Unlock()

	acks := make(chan struct{})
	p := progress{sender: x, xsn: r.XSN}
	go func() {
		defer close(acks)
		for {
			f, err := link.Receive()
			if err != nil {
				lost(err)
				return
			}
			p.hear()
			p.acknowledge(f.SN, f.Ask || f.Kind == FrameBye)
			if f.Kind == FrameBye {
				lost(nil)
				return
			}
		}
	}()
	watch := time.NewTicker(x.s.Clock.Silence() / 4)
	defer watch.Stop()
	x.s.spawn(func() {
		for {
			select {
			case <-watch.C:
				if p.silent() {
					lost(errors.New("the peer does not answer"))
				}
			case <-ctx.Done():
				return
			}
		}
	})
	err := x.send(ctx, link, r, at, &p)
	if x.ctx.Err() != nil && x.s.ctx.Err() == nil && errors.Is(context.Cause(ctx), context.Canceled) {
		if link.Send(Frame{Kind: FrameBye}) == nil {
			<-acks // the last acknowledgement; the link is closed when it does not come
		}
	}
	_ = link.Close()
	<-acks
	return errors.Join(err, context.Cause(ctx))
}

func (x *sender) send(ctx context.Context, link Link, r *Replication, at SN, p *progress) error {
	items := x.s.itemsByTable(r)
	lastSend, greeted, open := time.Now(), false, false
	halfway := false // inside a transaction that wrote before the object began at "now"
	for ctx.Err() == nil {
		changed := x.s.store.Changed()
		records, upTo, err := x.s.store.ReadLog(ctx, at, logBatch)
		if err != nil {
			return err
		}
		var out []SentChange
		var tables []int // of out, 0 for a commit
		for _, rec := range records {
			if rec.Op == Began {
				halfway = rec.Began <= r.Pinned
				continue
			}
			if rec.Op == Commit {
				halfway = false
				if open {
					out, tables = append(out, SentChange{Op: Commit, SN: rec.SN}), append(tables, 0)
					open = false
				}
				continue
			}
			if item, ok := items[rec.TableID]; ok && !halfway && rec.SN > r.Items[item].InvalidMaxSN {
				out, tables = append(out, SentChange{Op: rec.Op, Item: item, SN: rec.SN, Before: rec.Before, After: rec.After}), append(tables, rec.TableID)
				open = true
			}
		}
		if len(out) > 0 {
			if err := p.send(link, Frame{Kind: FrameChanges, Changes: out}); err != nil {
				return err
			}
			lastSend = time.Now()
		}
		moved := upTo > at
		at = upTo
		x.update(func(st *SenderState) {
			st.ReadSN = at
			st.ReadLog += int64(len(records))
			st.SentTo += int64(len(out))
			for i, ch := range out {
				if ch.Op != Commit {
					st.Rows[tables[i]][ch.Op]++
				}
			}
			st.Open = open
		})
		due := time.Until(x.keepAliveAfter(lastSend).Add(x.s.Clock.Real(ackWait)))
		if due <= 0 {
			// Nothing is open here: a batch ends inside a transaction only when more is there to read.
			if !open {
				x.asks(at)
				if err := p.send(link, Frame{Kind: FrameKeepAlive, SN: at, Ask: true}); err != nil {
					return err
				}
				lastSend = time.Now()
			}
			continue
		}
		if moved {
			continue
		}
		if !greeted {
			greeted = true
			if err := p.send(link, Frame{Kind: FrameKeepAlive, SN: at}); err != nil {
				return err
			}
		}
		wait(ctx, changed, due)
	}
	return nil
}

// keepAliveAfter is when the wait for the next keep-alive began: when something was sent last or, on a link that is never
// idle, when the FLUSH came that waits longest.
func (x *sender) keepAliveAfter(lastSend time.Time) time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	for f := range x.flushes {
		if !f.asked && f.since.Before(lastSend) {
			lastSend = f.since
		}
	}
	return lastSend
}

// asks notes that the peer is asked to acknowledge all up to sn.
func (x *sender) asks(sn SN) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for f := range x.flushes {
		f.asked = f.asked || f.upTo <= sn
	}
}

func wait(ctx context.Context, event <-chan struct{}, limit time.Duration) {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-event:
	case <-t.C:
	}
}

// progress is what one link's sending and acknowledging halves share.
type progress struct {
	sender  *sender
	mu      sync.Mutex
	xsn     SN   // durable restart point
	sent    bool // changes, since the restart point was moved
	waiting time.Time
}

// send sends a frame. As long as the peer does not take it, or owes an answer
// to it, the sender is waiting.
func (p *progress) send(link Link, f Frame) error {
	p.mu.Lock()
	p.sent = p.sent || f.Kind == FrameChanges
	idle := p.waiting.IsZero()
	if idle {
		p.waiting = time.Now()
	}
	p.mu.Unlock()
	err := link.Send(f)
	if err == nil && idle && !f.Ask {
		p.mu.Lock()
		p.waiting = time.Time{}
		p.mu.Unlock()
	}
	return err
}

// hear notes that the peer is alive.
func (p *progress) hear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = time.Time{}
}

func (p *progress) silent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.waiting.IsZero() && time.Since(p.waiting) > p.sender.s.Clock.Silence()
}

// acknowledge notes that the peer has applied all up to sn, and moves the
// durable restart point when something was sent since it was last moved. A FLUSH
// waits for the answer to a keep-alive.
func (p *progress) acknowledge(sn SN, answer bool) {
	x := p.sender
	p.mu.Lock()
	move := sn > p.xsn && (p.sent || sn-p.xsn > pinSlack)
	if move {
		p.xsn, p.sent = sn, false
	}
	p.mu.Unlock()
	if move {
		err := x.s.changeReplication(context.WithoutCancel(x.ctx), x.name, false, func(_ *Catalog, r *Replication) error {
			r.XSN = max(r.XSN, sn)
			return nil
		})
		if err != nil {
			x.s.log.Warn("save the restart point", "replication", x.name, "error", err)
		}
		x.s.prune(context.WithoutCancel(x.ctx))
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if move {
		x.state.CommitXSN = sn
	}
	if !answer {
		return
	}
	x.acked = max(x.acked, sn)
	close(x.ackedAt)
	x.ackedAt = make(chan struct{})
}

// itemsByTable maps the ids of the replication's tables to its first item of
// that table. Partitions of a table travel as the table's first item.
func (s *Server) itemsByTable(r *Replication) map[int]int {
	c := s.Catalog()
	m := map[int]int{}
	for i, item := range r.Items {
		if t := c.Table(item.LocalUser, item.LocalTable); t != nil {
			if _, ok := m[t.ID]; !ok {
				m[t.ID] = i
			}
		}
	}
	return m
}
