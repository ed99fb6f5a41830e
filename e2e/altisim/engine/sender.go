package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
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

// pinSlack is how much log an idle replication may pin before its restart point moves without anything to
// send.
const pinSlack SN = 1 << 20

// sender is the running half of a started replication object.
type sender struct {
	s      *Server
	name   string
	ctx    context.Context
	stop   context.CancelFunc
	wake   chan struct{} // check at once: for the peer, or for a FLUSH
	done   chan struct{}
	runs   chan struct{} // closed when it begins to send
	begins sync.Once
	gone   chan struct{} // closed when the object may have another sender

	mu      sync.Mutex
	state   SenderState
	ackedAt chan struct{} // closed and replaced at every answer to a keep-alive
	acked   SN            // the number of the last such answer
	flushes map[*flush]bool
	sentAt  time.Time // time of the last changes
	link    Link
	changes int // of the object, since the sender was made
	agreed  int // the changes of the object that the link knows
	pin     SN  // the number from which a SYNC will start

	announced []HelloItem // in the handshake
	fresh     bool        // a SYNC has set its restart point after the handshake
	again     bool        // it has just lost its link
	wakes     bool        // its server has just started, so its first handshake wakes the peer's sender
	skip      SN          // nothing up to here is sent over the link, because the peer's receiver remembers it

	stopping  bool  // guarded by Server.mu
	ddlBefore int64 // DDL statements before the link was made
}

// flush is a FLUSH that waits.
type flush struct {
	since  time.Time
	upTo   SN
	prompt bool // the sender was sending when the FLUSH came, so it asks at once
	asked  bool // a keep-alive was sent for it
	done   bool
}

// SenderState is a sender in the views.
type SenderState struct {
	Name            string
	StartFlag       int // 2 while a SYNC runs
	NetError        bool
	Status          SenderStatus
	ReadSN          SN // -1 before the first connection
	CommitXSN       SN // of the last sent commit
	Local, Remote   Addr
	ReadLog, SentTo int64
	Rows            map[int]map[Op]int64 // sent over the link, by table id
	Open            []SentOpen           // transactions that have written and not ended
	Sync            []SyncState
	Parallel        int
}

// SentOpen is an open transaction as its sender knows it.
type SentOpen struct {
	ID    int64
	Began SN
	Sent  bool // the peer knows of it
}

// SyncState is the progress of one table of a SYNC.
type SyncState struct {
	Table, Partition string
	Records          int64 // -1 before the copy begins and after it
	SN               SN
}

func (s *Server) newSender(name string) *sender {
	ctx, stop := context.WithCancel(s.ctx)
	return &sender{
		s: s, name: name, ctx: ctx, stop: stop, wake: make(chan struct{}, 1), done: make(chan struct{}), runs: make(chan struct{}),
		gone: make(chan struct{}), ackedAt: make(chan struct{}), acked: NoSN, flushes: map[*flush]bool{}, pin: NoSN, skip: NoSN,
		state: SenderState{Name: name, ReadSN: NoSN},
	}
}

// run keeps the sender going until it is stopped. It connects and sends. When the peer is away, or its object
// differs, it tries again now and then, after every rest. unfound is the status between a failed first try
// and the next.
func (x *sender) run(link Link, unfound SenderStatus) {
	defer close(x.done)
	for x.ctx.Err() == nil {
		if link == nil {
			select {
			case <-x.wake: // from before this try
			default:
			}
			var err error
			if link, err = x.connect(x.ctx, false); err != nil {
				x.s.log.Debug("sender rests", "replication", x.name, "error", err)
				x.update(func(st *SenderState) { st.Status, st.NetError = unfound, true })
				unfound = SenderRetries
				x.rest()
				continue
			}
		}
		unfound = SenderRetries
		if err := x.stream(link); err != nil && x.ctx.Err() == nil {
			x.s.log.Info("peer lost", "replication", x.name, "error", err)
			x.update(func(st *SenderState) { st.Status, st.NetError, st.Open = SenderRetries, true, nil })
			x.mu.Lock()
			x.again = true
			x.mu.Unlock()
			if e := new(Error); errors.As(err, &e) { // the peer reports that it cannot go on
				_ = link.Close()
				x.rest()
			}
		}
		_ = link.Close()
		link = nil
	}
}

// rest waits until the next try is due.
func (x *sender) rest() {
	t := time.NewTimer(x.s.Clock.Real(x.s.seconds("REPLICATION_SENDER_SLEEP_TIMEOUT")))
	defer t.Stop()
	select {
	case <-t.C:
	case <-x.wake:
	case <-x.ctx.Done():
	}
}

// wakeUp ends a rest. A sender that waits for the log then checks its FLUSHes.
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

// stream sends the log until the link breaks or the sender is stopped. A stop says goodbye and waits for the
// answer. The answer comes when the peer's receiver has handled everything before, so the stop hangs while
// that receiver waits for a lock.
func (x *sender) stream(link Link) error {
	r := x.s.Catalog().Replication(x.name)
	if r == nil {
		return ErrReplicationUnknown
	}
	ctx, lost := context.WithCancelCause(x.s.ctx)
	defer lost(nil)
	unblock := context.AfterFunc(ctx, func() { _ = link.Close() })
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
	st.ReadLog, st.SentTo, st.Rows, st.Open = 0, 0, map[int]map[Op]int64{}, nil
	for id := range items {
		st.Rows[id] = map[Op]int64{}
	}
	x.ddlBefore = ddl
	skip, announced := x.skip, x.announced
	x.mu.Unlock()
	x.begins.Do(func() { close(x.runs) })

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
			if f.Kind == FrameWelcome { // not any more
				lost(errHandshake(f.Text))
				return
			}
			answer := f.Ask || f.Kind == FrameBye
			p.hear(answer)
			p.acknowledge(f.SN, answer)
			if f.Kind == FrameBye {
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
	o := outgoing{progress: &p, link: link, object: r, items: items, announced: announced, at: at, skip: skip, told: map[int64]*told{}, over: map[int64]bool{}}
	err := o.send(ctx)
	if x.ctx.Err() != nil && ctx.Err() == nil {
		err = p.send(link, Frame{Kind: FrameBye, Ask: true})
		if err == nil {
			<-acks // the last acknowledgement, or the end of the link
		}
	}
	_ = link.Close()
	<-acks
	return errors.Join(err, context.Cause(ctx))
}

// outgoing is the state of a link's sending half.
type outgoing struct {
	*progress
	link      Link
	object    *Replication
	items     map[int]int // by table id
	announced []HelloItem
	at        SN // everything up to here is read and sent
	skip      SN

	halfway bool            // inside a transaction that wrote before the object began at "now"
	open    bool            // inside a transaction that is sent
	passed  bool            // inside a transaction with something skipped
	told    map[int64]*told // of open transactions
	over    map[int64]bool  // their commit was read before they were seen to end
}

// told is what the peer knows of a transaction from before its end.
type told struct {
	read int // changes of it that were considered
	sent int64
	rows map[int]map[Op]int64
}

func (o *outgoing) send(ctx context.Context) error {
	x := o.sender
	lastSend, greeted := time.Now(), false // a greeting tells the log's end of a link that has nothing to send
	for ctx.Err() == nil && x.ctx.Err() == nil {
		changed := x.s.store.Changed()
		open, news := x.s.openTransactions() // read before the log's end: a transaction that is missing has ended by then
		end := x.s.store.LastSN()
		records, upTo, err := x.s.store.ReadLog(ctx, o.at, logBatch)
		if err != nil {
			return err
		}
		if o.endedSince(open) {
			continue // with a COMMIT that is not among the records, or without one
		}
		rolledBack, err := false, error(nil)
		if upTo >= end { // else its COMMIT may come with the next records
			rolledBack, err = o.sendRollbacks(open, records)
		}
		if err != nil {
			return err
		}
		sent, err := o.sendRecords(records)
		if err != nil {
			return err
		}
		sent = sent || rolledBack
		moved := upTo > o.at
		o.at = upTo
		x.update(func(st *SenderState) {
			st.ReadSN = upTo
			st.ReadLog += int64(len(records))
		})
		if o.at >= end && !o.inside() {
			told, err := o.sendOpen(open)
			if err != nil {
				return err
			}
			sent = sent || told
		}
		if sent {
			lastSend, greeted = time.Now(), true
			x.mu.Lock()
			x.sentAt = lastSend
			x.mu.Unlock()
		}
		if sn, ok := x.promptFlush(o.at); ok && !o.inside() {
			if err := o.progress.send(o.link, Frame{Kind: FrameKeepAlive, SN: sn, Ask: true}); err != nil {
				return err
			}
		}
		due := time.Until(x.keepAliveAfter(lastSend).Add(x.s.Clock.Real(ackWait)))
		if due <= 0 {
			// No transaction is half read here: a batch ends inside one only when there is more to read.
			if !o.inside() {
				x.asks(o.at)
				if err := o.progress.send(o.link, Frame{Kind: FrameKeepAlive, SN: o.at, Ask: true}); err != nil {
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
			if err := o.progress.send(o.link, Frame{Kind: FrameKeepAlive, SN: o.at}); err != nil {
				return err
			}
		}
		x.waitForNews(ctx, changed, news, due)
	}
	return nil
}

// sendRecords sends the peer's part of some log records. Of a transaction whose changes the peer seems to
// have, it sends the begin and the commit.
func (o *outgoing) sendRecords(records []Record) (sent bool, err error) {
	var out []SentChange
	rows := map[int]map[Op]int64{}
	var frames int64
	commits := NoSN
	catalog := o.sender.s.Catalog() // after the log was read, so that it knows the columns of the rows
	for _, rec := range records {
		switch {
		case rec.Op == Began:
			o.halfway = rec.Began <= o.object.Pinned
		case rec.Op == Commit:
			o.halfway = false
			heard := o.told[rec.Tx]
			if o.open || o.passed || heard != nil {
				out = append(out, SentChange{Op: Commit, SN: rec.SN, Tx: rec.Tx})
				frames, commits = frames+1, rec.SN
				if o.passed && !o.open {
					frames++ // the begin
				}
			}
			o.open, o.passed = false, false
			if heard != nil { // it was counted then
				frames -= heard.sent
				add(rows, heard.rows, -1)
			}
			if rec.Tx != 0 {
				delete(o.told, rec.Tx)
				o.over[rec.Tx] = true
			}
		case o.sends(rec):
			if rec.SN <= o.skip {
				o.passed = true
				continue
			}
			o.open = true
			out = append(out, o.change(catalog, rec, rec.SN))
			count(rows, rec)
			frames++
		}
	}
	if len(out) == 0 {
		return false, nil
	}
	if err := o.progress.send(o.link, Frame{Kind: FrameChanges, Changes: out}); err != nil {
		return false, err
	}
	o.sender.update(func(st *SenderState) {
		st.SentTo += frames
		st.CommitXSN = max(st.CommitXSN, commits)
		add(st.Rows, rows, 1)
	})
	return true, nil
}

// change is a record as it is sent. It contains its columns when they differ from those of the handshake.
func (o *outgoing) change(c *Catalog, rec Record, at SN) SentChange {
	item := o.items[rec.TableID]
	ch := SentChange{Op: rec.Op, Item: item, SN: at, Before: rec.Before, After: rec.After}
	i := o.object.Items[item]
	if t := c.Table(i.LocalUser, i.LocalTable); t != nil {
		if columns := t.ColumnsAt(at); !sameRows(columns, o.announced[item].Columns) {
			ch.Columns = columns
		}
	}
	return ch
}

// inside tells whether the last record that was read is not the last of its transaction.
func (o *outgoing) inside() bool { return o.open || o.passed }

// sends tells whether a change belongs to the object.
func (o *outgoing) sends(rec Record) bool {
	item, ok := o.items[rec.TableID]
	return ok && !o.halfway && rec.SN > o.object.Items[item].InvalidMaxSN
}

// sendOpen reports the changes of open transactions to the peer, so that it locks what they have locked here.
// The views here show them before the peer knows.
func (o *outgoing) sendOpen(open []openTransaction) (sent bool, err error) {
	state, news := o.readOpen(open)
	o.sender.update(func(st *SenderState) { st.Open = state })
	for _, n := range news {
		if err := o.progress.send(o.link, n.frame); err != nil {
			return sent, err
		}
		sent = true
		o.sender.update(func(st *SenderState) {
			st.SentTo += int64(len(n.frame.Changes))
			add(st.Rows, n.rows, 1)
		})
	}
	for id := range o.over {
		if !isOpen(open, id) {
			delete(o.over, id)
		}
	}
	return sent, nil
}

// sendRollbacks tells the peer which of the transactions that it has heard of have ended without
// a COMMIT. It hears that before the records: somebody else may have written the same rows since,
// and they are still locked there.
func (o *outgoing) sendRollbacks(open []openTransaction, records []Record) (sent bool, err error) {
	for _, id := range slices.Sorted(maps.Keys(o.told)) {
		if isOpen(open, id) || slices.ContainsFunc(records, func(r Record) bool { return r.Op == Commit && r.Tx == id }) {
			continue
		}
		if err := o.progress.send(o.link, Frame{Kind: FrameRollback, Tx: id}); err != nil {
			return sent, err
		}
		delete(o.told, id)
		sent = true
		o.sender.update(func(st *SenderState) { st.SentTo++ })
	}
	return sent, nil
}

// endedSince tells whether one of the transactions that the peer has heard of was open, and is
// not any more.
func (o *outgoing) endedSince(open []openTransaction) bool {
	now, _ := o.sender.s.openTransactions()
	for id := range o.told {
		if isOpen(open, id) && !isOpen(now, id) {
			return true
		}
	}
	return false
}

func isOpen(open []openTransaction, id int64) bool {
	return slices.ContainsFunc(open, func(t openTransaction) bool { return t.id == id })
}

// news is the part of an open transaction that the peer does not know yet.
type news struct {
	frame Frame
	rows  map[int]map[Op]int64
}

// readOpen reads what open transactions have changed since the last time.
func (o *outgoing) readOpen(open []openTransaction) (state []SentOpen, all []news) {
	catalog := o.sender.s.Catalog()
	for _, t := range open {
		if o.over[t.id] {
			continue // its commit was already read
		}
		heard := o.told[t.id]
		if heard == nil {
			heard = &told{rows: map[int]map[Op]int64{}}
		}
		if t.began > o.object.Pinned {
			n := news{Frame{Kind: FrameOpen, Tx: t.id, SN: t.began}, map[int]map[Op]int64{}}
			for _, rec := range t.changes[heard.read:] {
				if o.sends(rec) && rec.SN > o.skip {
					ch := o.change(catalog, rec, rec.SN)
					ch.SN = t.began
					n.frame.Changes = append(n.frame.Changes, ch)
					count(n.rows, rec)
				}
			}
			if len(n.frame.Changes) > 0 {
				o.told[t.id] = heard
				heard.sent += int64(len(n.frame.Changes))
				add(heard.rows, n.rows, 1)
				all = append(all, n)
			}
			heard.read = len(t.changes)
		}
		state = append(state, SentOpen{t.id, t.began, heard.sent > 0})
	}
	return state, all
}

func count(rows map[int]map[Op]int64, rec Record) {
	if rows[rec.TableID] == nil {
		rows[rec.TableID] = map[Op]int64{}
	}
	rows[rec.TableID][rec.Op]++
}

// add adds counts of changes by table, times n.
func add(to, rows map[int]map[Op]int64, n int64) {
	for id, ops := range rows {
		if to[id] == nil {
			to[id] = map[Op]int64{}
		}
		for op, more := range ops {
			to[id][op] += n * more
		}
	}
}

// waitForNews waits until there may be something to send, at most until the next keep-alive.
func (x *sender) waitForNews(ctx context.Context, changed, open <-chan struct{}, due time.Duration) {
	t := time.NewTimer(due)
	defer t.Stop()
	select {
	case <-changed:
	case <-open:
	case <-x.wake:
	case <-t.C:
	case <-ctx.Done():
	case <-x.ctx.Done():
	}
}

// promptFlush reports whether to ask at once for a FLUSH that came while the sender was sending, and for
// which commit.
func (x *sender) promptFlush(at SN) (SN, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	found := false
	for f := range x.flushes {
		if f.prompt && !f.asked && f.upTo <= at {
			f.asked, found = true, true
		}
	}
	return x.state.CommitXSN, found
}

// keepAliveAfter is the beginning of the wait for the next keep-alive: the last send or, on a link that is
// never idle, the oldest FLUSH.
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

// asks records that the peer was asked to acknowledge everything up to sn.
func (x *sender) asks(sn SN) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for f := range x.flushes {
		f.asked = f.asked || f.upTo <= sn
	}
}

// progress is shared by the sending and the acknowledging half of a link.
type progress struct {
	sender  *sender
	mu      sync.Mutex
	xsn     SN // durable restart point
	sentTo  SN // the last change
	waiting time.Time
	owed    int // answers that are still to come from the peer
}

// send sends a frame with the restart point, if that has moved. While the peer does not take the frame, or
// owes an answer to it, the sender is waiting.
func (p *progress) send(link Link, f Frame) error {
	p.mu.Lock()
	f.Restart = p.xsn
	if n := len(f.Changes); f.Kind == FrameChanges && n > 0 {
		p.sentTo = f.Changes[n-1].SN
	}
	idle := p.waiting.IsZero()
	if idle {
		p.waiting = time.Now()
	}
	if f.Ask {
		p.owed++
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

// hear records a sign of life of the peer, and whether it is an owed answer.
func (p *progress) hear(answer bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if answer {
		p.owed--
	}
	p.waiting = time.Time{}
	if p.owed > 0 {
		p.waiting = time.Now()
	}
}

func (p *progress) silent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.waiting.IsZero() && time.Since(p.waiting) > p.sender.s.Clock.Silence()
}

// acknowledge records that the peer has applied everything up to sn. It moves the durable restart point when
// something was sent since the last move. A FLUSH waits for the answer to a keep-alive.
func (p *progress) acknowledge(sn SN, answer bool) {
	x := p.sender
	p.mu.Lock()
	move := sn > p.xsn && (p.sentTo > p.xsn || sn-p.xsn > pinSlack)
	if move {
		p.xsn = sn
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
	if !answer {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.acked = max(x.acked, sn)
	for f := range x.flushes {
		f.done = f.done || f.asked && (f.prompt || sn >= f.upTo)
	}
	close(x.ackedAt)
	x.ackedAt = make(chan struct{})
}

// itemsByTable maps the ids of the replication's tables to their first item. Partitions of a table travel as
// this item.
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
