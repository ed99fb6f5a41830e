package simulation

import (
	"slices"
	"time"

	"aku/internal/akucore"
)

const (
	retryWait = 60 * time.Second // between two tries of a sender to reach its peer: REPLICATION_SENDER_SLEEP_TIMEOUT
	ackWait   = 6 * time.Second  // from the last sent change to its acknowledgement
	lostAfter = 10 * time.Second // a link without an answer counts as broken
)

type senderState int

const (
	connecting senderState = iota
	runs
	retries
	syncs
)

// sender is the running half of a started object. It exists from START to STOP, and during a SYNC.
type sender struct {
	s        *server
	name     string
	o        *object
	state    senderState
	ended    bool
	read     int64 // everything up to here is sent and applied
	skips    int64 // nothing up to here is sent over this link
	sent     bool  // something was sent since the last acknowledgement
	acks     int64 // acknowledgements so far
	byItself bool  // the start of its server started it
	// flushed: a FLUSH has got the answer to the last sent change.
	flushed bool
	heard   chan struct{}
	peer    *receiver
	stalls  time.Time // since when the peer is silent

	pumping, keeping, acking bool
	tries                    int // the last planned try
	cut                      func()
	locking                  chan struct{} // closed: its SYNC does not wait for tables any more
}

func (s *server) newSender(name string, o *object) *sender {
	x := &sender{s: s, name: name, o: o, heard: make(chan struct{})}
	s.senders[name] = x
	return x
}

// end ends a sender. The peer notices at once, unless the server or node died: then the receiver may stay,
// like a link that nobody closed.
func (x *sender) end(died bool) {
	x.ended = true
	x.news()
	if x.cut != nil {
		x.cut()
	}
	r := x.peer
	x.peer = nil
	switch {
	case r == nil:
	case died && x.s.w.chance(30, dieLinger, x.s.pod, x.o.peer, x.o.block):
		r.abandoned()
	default:
		r.leave()
	}
}

// lose breaks the link of a sender, which tries again at once and then now and then.
func (x *sender) lose(soon time.Duration) {
	if x.ended || x.peer == nil {
		return
	}
	x.peer, x.pumping = nil, false
	x.state = retries
	x.tryIn(soon)
}

// tryIn plans the next try to reach the peer, in place of any other.
func (x *sender) tryIn(d time.Duration) {
	x.tries++
	n := x.tries
	x.s.w.after(d+x.s.w.between(dieLink, x.s.pod, x.o.peer, x.o.block, 0, time.Millisecond), func() {
		if x.ended || x.peer != nil || x.tries != n {
			return
		}
		if err := x.handshake(); err != nil || x.s.w.silent(x.s.pod, x.o.peer) {
			x.state = retries
			x.tryIn(x.s.retryWait)
			return
		}
		x.connect(true)
	})
}

// handshake tells whether the peer would accept a link now.
func (x *sender) handshake() error {
	p := x.s.w.running(x.o.peer)
	if p == nil {
		return errHandshake
	}
	theirs := p.volume.objects[x.name]
	if theirs == nil {
		return errNoObject
	}
	if theirs.peer != x.s.pod || theirs.block != x.o.block {
		return errMismatch
	}
	if !slices.Equal(list(theirs.spec.Tables), list(x.o.spec.Tables)) {
		return errMismatch
	}
	return nil
}

// connect makes the link from the restart point on, in place of an older one.
//
// For each object, a receiver's server keeps the highest restart number that any sender told it. A sender
// whose number was set before the handshake sends nothing below it (transcripts/receiver-memory). A sender
// without a number begins anew.
func (x *sender) connect(numbered bool) {
	p := x.s.w.running(x.o.peer)
	if old := p.receivers[x.name]; old != nil {
		old.leave()
		old.sender.lose(time.Second)
	}
	if x.skips = p.told[x.name]; !numbered {
		x.skips, p.told[x.name] = 0, 0
	}
	if x.byItself {
		x.s.w.sentAnew(x)
	}
	p.told[x.name] = max(p.told[x.name], x.o.xsn)
	x.state, x.read, x.sent, x.stalls, x.pumping = runs, x.o.xsn, true, time.Time{}, false
	x.peer = &receiver{s: p, sender: x, link: x.s.w.id(), from: x.o.xsn, applied: x.o.xsn}
	p.receivers[x.name] = x.peer
	for t := range x.o.items {
		if again, ok := x.s.volume.first(x.o, max(x.o.xsn, x.skips), t); ok {
			p.volume.forgets(x.s.volume.id, again.sn-1, t)
		}
	}
	x.kick()
	x.acknowledgeLater()
}

// kick makes the sender send what it has, in a moment. The end of the log without changes for the peer goes
// with the keep-alive.
func (x *sender) kick() {
	if x.ended || x.peer == nil || x.pumping {
		return
	}
	w := x.s.w
	changes, _ := x.s.volume.next(x.o, x.read, 1)
	a, b, block := x.s.pod, x.o.peer, x.o.block
	switch {
	case len(changes) > 0:
		x.pumping = true
		w.after(w.between(dieLink, a, b, block, 5*time.Millisecond, 40*time.Millisecond)+w.network.slow[a]/4+w.network.slow[b]/4, x.pump)
	case x.s.volume.last > x.read && !x.keeping:
		x.keeping = true
		w.after(w.between(dieKeepAlive, a, b, block, ackWait-100*time.Millisecond, ackWait), func() {
			if x.keeping = false; !x.pumping {
				x.pump()
			}
		})
	}
}

// pump sends once: some changes, or a keep-alive.
func (x *sender) pump() {
	x.pumping = false
	if x.ended || x.peer == nil {
		return
	}
	w, p := x.s.w, x.peer.s
	if w.silent(x.s.pod, x.o.peer) || w.network.hung[x.s.pod] {
		if x.stalls.IsZero() {
			x.stalls = time.Now()
		}
		if time.Since(x.stalls) > lostAfter {
			x.peer.abandoned() // it stays, because its end of the link does not know
			x.peer = nil
			x.state = retries
			x.tryIn(x.s.retryWait)
			return
		}
		x.pumping = true
		w.after(time.Second, x.pump)
		return
	}
	x.stalls = time.Time{}
	if p.receivers[x.name] != x.peer {
		x.lose(time.Second)
		return
	}
	most := 1 + int(w.roll(dieBatch, x.s.pod, x.o.peer, x.o.block)%30)
	changes, upTo := x.s.volume.next(x.o, x.read, most)
	for _, c := range changes {
		if !x.peer.take(c) {
			x.pumping = true
			break
		}
		x.read, x.sent, x.flushed = c.sn, true, false
	}
	if len(changes) == 0 {
		x.read = upTo // a keep-alive
	}
	x.peer.applied = max(x.peer.applied, x.read)
	for t := range x.o.items {
		p.volume.knows(x.s.volume.id, x.read, t)
	}
	x.news()
	x.kick()
	x.acknowledgeLater()
}

// news wakes those who wait for the sender.
func (x *sender) news() {
	close(x.heard)
	x.heard = make(chan struct{})
}

// acknowledgeLater makes the peer acknowledge later what it has applied by then.
func (x *sender) acknowledgeLater() {
	if x.acking || x.peer == nil || !x.sent {
		return
	}
	x.acking = true
	x.s.w.after(ackWait, func() {
		x.acking = false
		if x.ended || x.peer == nil || !x.stalls.IsZero() || x.s.w.silent(x.s.pod, x.o.peer) {
			return
		}
		x.acks++
		if x.sent = false; x.o.xsn != akucore.Unset {
			x.o.xsn = max(x.o.xsn, x.restart())
			x.peer.s.told[x.name] = max(x.peer.s.told[x.name], x.o.xsn)
		}
		x.news()
		x.kick()
	})
}

// restart is the number from which everything is sent again if the link breaks now. An open transaction is
// sent from its beginning.
func (x *sender) restart() int64 {
	at := x.read
	for _, a := range x.peer.open {
		at = min(at, a.began)
	}
	return at
}

// wrote makes the senders of a server read their log.
func (s *server) wrote() {
	for _, x := range s.senders {
		x.kick()
	}
}
