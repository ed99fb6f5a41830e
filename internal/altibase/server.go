package altibase

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
	"aku/internal/pulse"
)

const (
	// quickTimeout bounds statements that read or switch something.
	quickTimeout = 10 * time.Second
	// changeTimeout bounds CREATE, DROP, START, STOP, RESET and TRUNCATE. The
	// server's own limits for a handshake are 10 s for the connect and 60 s for the
	// answer; versions before 7.1.0.10.6 wait 7200 s for a peer that hangs.
	changeTimeout = 90 * time.Second
	// dbaIdle is how long the SYSDBA session is kept between two statements. It is
	// the only one of its server, and others need it too.
	dbaIdle = 300 * time.Millisecond
	// dbaPatience is how long the SYSDBA session is waited for.
	dbaPatience = 8 * time.Second
	// closeTimeout is how long the end of a session is waited for.
	closeTimeout = time.Second
	// sessionCloseTimeout bounds the end of one session of a user.
	sessionCloseTimeout = 2 * time.Second
)

// LongestCall is the longest time in a call of a Server until the next statement returns,
// including everything that it may need to get a session. Each statement beats the pulse of
// its context, so the number of statements does not matter. Only SYNC and the scripts of a
// new database may take longer.
const LongestCall = dbaPatience + lookupTimeout + dialTimeout + LoginTimeout + changeTimeout + cancelGrace

// Cluster gives the server of each pod.
type Cluster struct {
	config  Config
	member  atomic.Pointer[membership]
	mu      sync.Mutex
	servers map[int]*Server
}

var _ lifecycle.Servers = (*Cluster)(nil)

// NewCluster makes no connection yet.
func NewCluster(c Config) *Cluster {
	return &Cluster{config: c, servers: map[int]*Server{}}
}

// Server is the server of a pod.
func (c *Cluster) Server(pod int) lifecycle.Server {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.server(pod)
}

// server is Server; the caller holds the lock.
func (c *Cluster) server(pod int) *Server {
	s, ok := c.servers[pod]
	if !ok {
		s = &Server{
			pod: pod, config: c.config, member: &c.member, first: firstPassword{turn: make(chan struct{}, 1)},
			inUse: map[*session]bool{}, probes: map[int64]bool{}, ending: map[int64]bool{}, cut: map[string]int{}, dbaFree: make(chan struct{}, 1),
		}
		s.dbaFree <- struct{}{}
		if c.config.Self != akucore.Outside && c.config.Self != pod {
			s.own = c.server(c.config.Self)
		}
		c.servers[pod] = s
	}
	return s
}

// Upkeep repairs what aku keeps in the pod's own database: properties that were borrowed and
// not restored, and its identity, when the master had none to give.
func (c *Cluster) Upkeep(ctx context.Context) error {
	err := c.Server(c.config.Self).(*Server).PutBack(ctx)
	if c.unsettled() {
		_, other := c.Settle(ctx)
		err = errors.Join(err, other)
	}
	return err
}

// CloseIdle ends all unused sessions. A server that hangs does not delay the others.
func (c *Cluster) CloseIdle() {
	c.mu.Lock()
	servers := slices.Collect(maps.Values(c.servers))
	c.mu.Unlock()
	var closing sync.WaitGroup
	for _, s := range servers {
		closing.Go(s.closeIdle)
	}
	closing.Wait()
}

// Server is one Altibase server. A statement takes an idle session or opens one.
// Sessions are plain ones, except on the pod's own server while it is closed: there the
// one SYSDBA session is used.
type Server struct {
	pod    int
	config Config
	member *atomic.Pointer[membership] // of all servers of a Cluster
	own    *Server                     // of this process's pod; nil where this is it, or there is none

	abandoned atomic.Int32 // calls that never came back
	first     firstPassword

	mu      sync.Mutex
	idle    []*session
	inUse   map[*session]bool
	probes  map[int64]bool // sessions in a probe
	ending  map[int64]bool // sessions of users that are being closed, or whose end hangs
	dba     *session       // kept open; used by the holder of dbaFree
	dbaStop *time.Timer
	dbaFree chan struct{}
	cut     map[string]int // how often the limit cut the copy of an object
}

var _ lifecycle.Server = (*Server)(nil)

// with runs a task on a session of its own, within the time limit, 0 for none.
func (s *Server) with(ctx context.Context, limit time.Duration, task func(context.Context, *session) error) error {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	c, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	err = task(ctx, c)
	s.release(c)
	if errors.Is(err, akucore.ErrUnreachable) {
		// The cause that broke one session has also broken the idle ones.
		s.dropIdle()
	}
	return err
}

// read is with for tasks that change nothing, such as methods of a session. An idle session
// may have died meanwhile, so a failed task runs again on a new one.
func read[T any](ctx context.Context, s *Server, limit time.Duration, task func(*session, context.Context) (T, error)) (answer T, err error) {
	once := func(ctx context.Context, c *session) (err error) {
		answer, err = task(c, ctx)
		return err
	}
	err = s.with(ctx, limit, once)
	if errors.Is(err, akucore.ErrUnreachable) && !isAbandoned(err) {
		err = s.with(ctx, limit, once)
	}
	return answer, err
}

// query reads the rows of a statement that changes nothing.
func (s *Server) query(ctx context.Context, limit time.Duration, statement string) ([]row, error) {
	return read(ctx, s, limit, func(c *session, ctx context.Context) ([]row, error) { return c.query(ctx, statement) })
}

// count is the number that a statement gives.
func (s *Server) count(ctx context.Context, limit time.Duration, statement string) (int64, error) {
	rows, err := s.query(ctx, limit, statement)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].int(0), nil
}

// acquire takes an idle session, or opens one; the SYSDBA session when the server lets nobody
// else in.
func (s *Server) acquire(ctx context.Context) (*session, error) {
	c, err := s.acquirePlain(ctx)
	if err == nil || s.pod != s.config.Self || !errors.Is(err, akucore.ErrClosed) {
		return c, err
	}
	return s.acquireDBA(ctx)
}

// acquirePlain takes an idle plain session, or opens one. While this process uses the SYSDBA
// session, its error matches ErrClosed, without asking the server.
func (s *Server) acquirePlain(ctx context.Context) (*session, error) {
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		c := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.inUse[c] = true
		s.mu.Unlock()
		if err := c.judge(); err != nil {
			c.broken = true
			s.release(c)
			return nil, err
		}
		return c, nil
	}
	entered := s.dba != nil
	s.mu.Unlock()
	if entered {
		return nil, akucore.ErrClosed
	}
	c, err := s.logIn(ctx, false)
	if err != nil {
		return nil, err
	}
	return s.hold(c), nil
}

// acquireDBA takes the SYSDBA session, or opens it, waiting for others to let go.
func (s *Server) acquireDBA(ctx context.Context) (*session, error) {
	select {
	case <-s.dbaFree:
	case <-ctx.Done():
		return nil, akucore.ErrBusy
	}
	s.mu.Lock()
	if s.dbaStop != nil {
		s.dbaStop.Stop()
	}
	c := s.dba
	s.dba = nil
	s.mu.Unlock()
	if c != nil {
		return s.hold(c), nil
	}
	patience, cancel := context.WithTimeout(ctx, dbaPatience)
	defer cancel()
	for {
		c, err := s.logIn(ctx, true)
		if err == nil {
			return s.hold(c), nil
		}
		if !errors.Is(err, akucore.ErrBusy) || pulse.Sleep(patience, 100*time.Millisecond) != nil {
			s.dbaFree <- struct{}{}
			return nil, err
		}
	}
}

func (s *Server) hold(c *session) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inUse[c] = true
	return c
}

// release returns a session. It closes a broken one. It closes the SYSDBA session when it
// is not used again soon.
func (s *Server) release(c *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.inUse, c)
	switch {
	case c.broken:
		c.close()
	case c.sysdba:
		s.dba = c
		s.dbaStop = time.AfterFunc(dbaIdle, s.leaveDBA)
	default:
		s.idle = append(s.idle, c)
	}
	if c.sysdba {
		s.dbaFree <- struct{}{}
	}
}

// leaveDBA closes the SYSDBA session if nobody uses it.
func (s *Server) leaveDBA() {
	select {
	case <-s.dbaFree:
	default:
		return
	}
	s.mu.Lock()
	c := s.dba
	s.dba = nil
	s.mu.Unlock()
	if c != nil {
		c.close()
	}
	s.dbaFree <- struct{}{}
}

// dropIdle closes the idle sessions.
func (s *Server) dropIdle() {
	s.mu.Lock()
	idle := s.idle
	s.idle = nil
	s.mu.Unlock()
	var closing sync.WaitGroup
	for _, c := range idle {
		closing.Go(c.close)
	}
	closing.Wait()
}

func (s *Server) closeIdle() {
	s.dropIdle()
	s.leaveDBA()
}

// spare is how many sessions Reserve opens beyond those asked for: a call that hangs takes
// its session with it.
const spare = 3

// Reserve opens plain sessions ahead.
func (s *Server) Reserve(ctx context.Context, sessions int) error {
	sessions += spare
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	for {
		s.mu.Lock()
		enough := len(s.idle) >= sessions
		s.mu.Unlock()
		if enough {
			return nil
		}
		c, err := s.logIn(ctx, false)
		if err != nil {
			return err
		}
		s.release(c)
	}
}

// ownSessions are the ids of all sessions of this process on the server.
func (s *Server) ownSessions() map[int64]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := map[int64]bool{}
	for _, c := range s.idle {
		ids[c.id] = true
	}
	for c := range s.inUse {
		ids[c.id] = true
	}
	if s.dba != nil {
		ids[s.dba.id] = true
	}
	return ids
}
