package simulation

import (
	"context"
	"maps"
	"slices"
	"time"
)

// server is one run of a server process.
type server struct {
	w         *world
	pod       int
	volume    *volume
	startTime int64
	ctx       context.Context // ends with the process
	kill      context.CancelFunc

	up        bool      // accepts connections
	since     time.Time // the time since when it is up
	adminMode bool
	opened    time.Time // when users were last let in
	byHand    bool      // by a person, before aku did: what is written then may be lost
	sharing   bool      // several objects may go to one host; lost with the process
	sessions  map[int64]*session
	senders   map[string]*sender
	receivers map[string]*receiver
	stopping  chan struct{} // STOPs run one after the other

	copied      map[string]int64   // the log's number at which the last SYNC of an object read the rows
	told        map[string]int64   // the highest restart number of the peer's log, by object; lost with the process
	locks       [maxTables][]*lock // held and requested locks, in the order of coming
	touched     [maxTables]time.Time
	lockTimeout time.Duration // after it, a receiver gives a row up
	retryWait   time.Duration // between two tries of a sender
}

// session is a connection, of a user or of one of our programs.
type session struct {
	id     int64
	server *server
	client *client // nil for a user
	sysdba bool
	closed bool

	transaction *transaction // the open one
}

// boot starts a server process, which takes its time before it answers. Callers hold the lock.
func (w *world) boot(pod int, v *volume) *server {
	ctx, kill := context.WithCancel(w.ctx)
	s := &server{
		w: w, pod: pod, volume: v, startTime: w.id(), ctx: ctx, kill: kill, adminMode: true,
		sessions: map[int64]*session{}, senders: map[string]*sender{}, receivers: map[string]*receiver{}, stopping: make(chan struct{}, 1),
		copied: map[string]int64{}, told: map[string]int64{}, lockTimeout: lockTimeout, retryWait: retryWait,
	}
	w.after(w.between(dieBoot, pod, 0, 0, 6*time.Second, 7*time.Second), func() {
		if s.ctx.Err() == nil {
			s.serve()
		}
	})
	return s
}

// serve accepts connections. Objects that were started when the process ended go on.
func (s *server) serve() {
	s.up, s.since = true, time.Now()
	s.w.tell("altibase-%d: server is up, closed to users", s.pod)
	for name, o := range s.volume.objects {
		if o.started {
			x := s.newSender(name, o)
			x.byItself = true
			x.tryIn(time.Millisecond * time.Duration(1+o.peer))
			s.wake(name, o)
		}
	}
}

// wake makes a peer's sleeping sender connect to this server. Only a start of the server does that, no START
// (transcripts/who-wakes-a-sleeping-sender).
func (s *server) wake(name string, o *object) {
	if p := s.w.running(o.peer); p != nil && !s.w.silent(s.pod, o.peer) {
		if x := p.senders[name]; x != nil && x.state == retries && !x.ended {
			x.tryIn(time.Millisecond * time.Duration(10+s.pod))
		}
	}
}

// end ends the process: sessions and links break, and rows, log and objects stay. Callers hold the lock.
func (s *server) end() {
	if s.ctx.Err() != nil {
		return
	}
	s.kill()
	s.up = false
	for _, c := range s.inTurn() {
		c.closed = true
		c.rollback()
	}
	for _, x := range s.senders {
		x.end(true)
	}
	for _, r := range s.receivers {
		r.sender.lose(10 * time.Millisecond)
	}
}

// login opens a session. Callers hold the lock.
func (s *server) login(c *client, sysdba bool) *session {
	n := &session{id: s.w.id(), server: s, client: c, sysdba: sysdba}
	s.sessions[n.id] = n
	return n
}

// logout ends a session, from either side. Callers hold the lock.
func (c *session) logout() {
	c.closed = true
	c.rollback()
	delete(c.server.sessions, c.id)
}

// inTurn are the sessions in the order in which they came.
func (s *server) inTurn() []*session {
	return slices.SortedFunc(maps.Values(s.sessions), func(a, b *session) int { return int(a.id - b.id) })
}

// sysdba is the one SYSDBA session, or nil.
func (s *server) sysdba() *session {
	for _, c := range s.sessions {
		if c.sysdba {
			return c
		}
	}
	return nil
}
