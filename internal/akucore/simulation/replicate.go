package simulation

import (
	"errors"
	"slices"
	"time"

	"aku/internal/akucore"
)

const (
	retryWait = 60 * time.Second // between two tries of a sender to reach its peer
	ackWait   = 6 * time.Second  // from the last change sent to its acknowledgement
	lostAfter = 10 * time.Second // a link without an answer counts as broken
)

type senderState int

const (
	connecting senderState = iota
	runs
	retries
	syncs
)

// sender is the running half of a started object. It exists from START to STOP, and
// while a SYNC runs.
type sender struct {
	s      *server
	name   string
	o      *object
	state  senderState
	ended  bool
	read   int64 // all up to here was sent and is applied
	acked  int64 // all up to here was acknowledged since the link was made
	sent   bool  // something was sent since the last acknowledgement
	heard  chan struct{}
	peer   *receiver
	stalls time.Time                             // since when the peer is silent
	from   struct{ link, read, rows, ddl int64 } // where the counts of the link began

	pumping, acking bool
	tries           int // the last try that was planned
	cut             func()
}

// receiver is the other end of a sender's link.
type receiver struct {
	s       *server
	sender  *sender
	applied int64
}

func (s *server) newSender(name string, o *object) *sender {
	x := &sender{s: s, name: name, o: o, heard: make(chan struct{}), acked: -1}
	s.senders[name] = x
	return x
}

// end ends a sender. The peer notices at once, unless its server or node died with
// it: then the receiver may stay, as a link that nobody closed does.
func (x *sender) end(died bool) {
	x.ended = true
	close(x.heard)
	x.heard = make(chan struct{})
	if x.cut != nil {
		x.cut()
	}
	r := x.peer
	x.peer = nil
	if r == nil || died && x.s.w.chance(30, dieLinger, x.s.pod, x.o.peer, x.o.group) {
		return
	}
	r.leave()
}

func (r *receiver) leave() {
	if r.s.receivers[r.sender.name] == r {
		delete(r.s.receivers, r.sender.name)
	}
}

// cut ends a link from the receiver's side; the sender tries again at once.
func (r *receiver) cut() {
	r.leave()
	r.sender.lose(10 * time.Millisecond)
}

// lose breaks the link of a sender, which tries again at once and then now and
// then.
func (x *sender) lose(soon time.Duration) {
	if x.ended || x.peer == nil {
		return
	}
	x.peer = nil
	x.state = retries
	x.tryIn(soon)
}

// tryIn plans the next try to reach the peer in place of any other.
func (x *sender) tryIn(d time.Duration) {
	x.tries++
	n := x.tries
	x.s.w.after(d+x.s.w.between(dieLink, x.s.pod, x.o.peer, x.o.group, 0, time.Millisecond), func() {
		if x.ended || x.peer != nil || x.tries != n {
			return
		}
		err := x.handshake()
		if errors.Is(err, errMismatch) {
			x.remove() // no other try could help; the object still counts as started
			return
		}
		if err != nil || x.s.w.silent(x.s.pod, x.o.peer) {
			x.state = retries
			x.tryIn(retryWait)
			return
		}
		x.connect()
	})
}

// handshake tells whether the peer would take a link now.
func (x *sender) handshake() error {
	p := x.s.w.running(x.o.peer)
	if p == nil {
		return errHandshake
	}
	theirs := p.volume.objects[x.name]
	if theirs == nil {
		return errNoObject
	}
	if theirs.peer != x.s.pod || theirs.group != x.o.group {
		return errMismatch
	}
	if !slices.Equal(list(theirs.spec.Tables), list(x.o.spec.Tables)) {
		return errMismatch
	}
	return nil
}

// connect makes the link, in place of an older one, from the restart point on. A
// sender of the peer that sleeps is woken.
func (x *sender) connect() {
	p := x.s.w.running(x.o.peer)
	if old := p.receivers[x.name]; old != nil {
		old.leave()
		old.sender.lose(time.Second)
	}
	x.state, x.read, x.acked, x.sent, x.stalls = runs, x.o.xsn, -1, true, time.Time{}
	x.peer = &receiver{s: p, sender: x, applied: x.o.xsn}
	x.countAnew()
	p.receivers[x.name] = x.peer
	for t := range x.o.items {
		if again, ok := x.s.volume.first(x.o, x.o.xsn, t); ok {
			p.volume.forgets(x.s.volume.id, again.sn-1, t)
		}
	}
	if theirs := p.senders[x.name]; theirs != nil && theirs.state == retries && !theirs.ended {
		theirs.tryIn(time.Millisecond)
	}
	x.kick()
	x.acknowledgeLater()
}

// countAnew begins the counts of a link: what is read from the restart point on.
func (x *sender) countAnew() {
	v := x.s.volume
	again, _ := v.next(x.o, x.o.xsn, len(v.log)+1)
	x.from.link, x.from.read = x.s.w.id(), x.o.xsn
	x.from.rows, x.from.ddl = v.writtenTo(x.o)-int64(len(again)), v.ddl
}

// kick has the sender send what is there to send, in a moment.
func (x *sender) kick() {
	if x.ended || x.peer == nil || x.pumping {
		return
	}
	w := x.s.w
	x.pumping = true
	changes, _ := x.s.volume.next(x.o, x.read, 1)
	a, b, g := x.s.pod, x.o.peer, x.o.group
	switch {
	case len(changes) > 0:
		w.after(w.between(dieLink, a, b, g, 5*time.Millisecond, 40*time.Millisecond)+w.network.slow[a]/4+w.network.slow[b]/4, x.pump)
	case x.s.volume.last > x.read:
		// Nothing of interest: only the keep-alive says how far the log is.
		w.after(w.between(dieKeepAlive, a, b, g, 5*time.Millisecond, ackWait), x.pump)
	default:
		x.pumping = false
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
			x.peer = nil // the receiver stays: its end of the link does not know
			x.state = retries
			x.tryIn(retryWait)
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
	most := 1 + int(w.roll(dieBatch, x.s.pod, x.o.peer, x.o.group)%30)
	changes, upTo := x.s.volume.next(x.o, x.read, most)
	for _, c := range changes {
		p.volume.apply(c)
	}
	if len(changes) > 0 {
		// A change of a transaction moves the number to its own, a keep-alive beyond.
		upTo = changes[len(changes)-1].sn
		x.sent = true
	}
	x.read = upTo
	x.peer.applied = max(x.peer.applied, upTo)
	for t := range x.o.items {
		p.volume.knows(x.s.volume.id, upTo, t)
	}
	x.kick()
	x.acknowledgeLater()
}

// acknowledgeLater has the peer acknowledge what it has applied by then.
func (x *sender) acknowledgeLater() {
	if x.acking || x.peer == nil || x.acked >= x.read && !x.sent {
		return
	}
	x.acking = true
	x.s.w.after(ackWait, func() {
		x.acking = false
		if x.ended || x.peer == nil || !x.stalls.IsZero() || x.s.w.silent(x.s.pod, x.o.peer) {
			return
		}
		x.acked = x.read
		if x.sent && x.o.xsn != akucore.Unset {
			x.o.xsn, x.sent = max(x.o.xsn, x.acked), false
		}
		close(x.heard)
		x.heard = make(chan struct{})
		if x.read < x.s.volume.last {
			x.kick()
			x.acknowledgeLater()
		}
	})
}

// wrote has the senders of a server look at their log.
func (s *server) wrote() {
	for _, x := range s.senders {
		x.kick()
	}
}
