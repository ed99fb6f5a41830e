package simulation

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// kind is the program that a client runs.
type kind int

const (
	sidecar kind = iota
	hook
	human     // a person who types statements
	recoverer // aku-init recover
)

func (k kind) String() string { return [...]string{"sidecar", "hook", "human", "recovery"}[k] }

// client is one run of one of our programs. It gives the rules the servers as the real program does. A
// statement takes an idle session or opens one. While the own server is closed, its one SYSDBA session is
// used.
type client struct {
	w    *world
	pod  int
	kind kind
	ctx  context.Context
	stop context.CancelFunc
	dead bool // killed: nothing that it still does has an effect

	pools [maxPods]*pool
}

// pool are the sessions to one server.
type pool struct {
	idle    []*session
	dba     *session
	dbaFree chan struct{}
}

var _ lifecycle.Servers = (*client)(nil)

func (c *client) String() string { return fmt.Sprintf("the %s of altibase-%d", c.kind, c.pod) }

// newClient starts a program. Callers hold the lock.
func (w *world) newClient(pod int, k kind) *client {
	c := &client{w: w, pod: pod, kind: k}
	c.ctx, c.stop = context.WithCancel(w.ctx)
	for i := range c.pools {
		c.pools[i] = &pool{dbaFree: make(chan struct{}, 1)}
	}
	return c
}

// kill is SIGKILL. Nothing is tidied up, and the servers notice in a moment.
func (c *client) kill() {
	if c.dead {
		return
	}
	c.dead = true
	c.stop()
	c.w.after(c.w.between(dieClose, c.pod, int(c.kind), 0, time.Millisecond, 100*time.Millisecond), func() { c.disconnect() })
}

// disconnect ends all sessions.
func (c *client) disconnect() {
	for _, p := range c.w.pods {
		if p == nil || p.server == nil {
			continue
		}
		for _, s := range p.server.sessions {
			if s.client == c {
				s.logout()
			}
		}
	}
}

// CloseIdle ends the idle sessions.
func (c *client) CloseIdle() {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	for _, p := range c.pools {
		for _, s := range p.idle {
			s.logout()
		}
		p.idle = nil
		p.leave()
	}
}

// leave releases the SYSDBA session.
func (p *pool) leave() {
	if p.dba != nil {
		p.dba.logout()
		p.dba = nil
	}
}

// Server is the server of a pod.
func (c *client) Server(pod int) lifecycle.Server { return &conn{c, pod, c.pools[pod]} }

// conn is a server as one program reaches it.
type conn struct {
	*client
	to   int
	pool *pool
}

const (
	quickTimeout  = 10 * time.Second
	changeTimeout = 90 * time.Second
	syncTimeout   = time.Hour
	dbaIdle       = 300 * time.Millisecond
	dbaPatience   = 8 * time.Second
	dialTimeout   = 2 * time.Second
	loginTimeout  = 6 * time.Second
	cancelGrace   = 2 * time.Second
)

// latency is the time of one message, never the same twice.
func (c *conn) latency(what string) time.Duration {
	w := c.w
	h := fnv.New32()
	_, _ = h.Write([]byte(what))
	id := int(h.Sum32() % 4093)
	who := c.pod*3 + int(c.kind)
	if c.kind == recoverer {
		who = 3*maxPods + c.pod
	}
	return w.between(dieLatency, who, c.to, id, time.Millisecond, 6*time.Millisecond) + w.network.slow[c.to]
}

// dial opens a session.
func (c *conn) dial(ctx context.Context, sysdba bool, what string) (*session, error) {
	c.w.mu.Lock()
	wait := c.latency("dial " + what)
	hung := c.w.network.hung[c.to]
	silent := c.w.silent(c.pod, c.to)
	s := c.w.running(c.to)
	c.w.mu.Unlock()
	if silent || s != nil && hung {
		wait += dialTimeout
		if hung {
			wait += loginTimeout - dialTimeout
		}
		_ = pause(ctx, wait)
		return nil, fmt.Errorf("%w: no answer", akucore.ErrUnreachable)
	}
	if err := pause(ctx, wait); err != nil {
		return nil, fmt.Errorf("%w: %w", akucore.ErrTimeout, err)
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	s = c.w.running(c.to)
	switch {
	case c.dead:
		return nil, errGone
	case s == nil:
		return nil, fmt.Errorf("%w: connection refused", akucore.ErrUnreachable)
	case sysdba && s.sysdba() != nil:
		return nil, akucore.ErrBusy
	case !sysdba && s.adminMode:
		return nil, akucore.ErrClosed
	}
	return s.login(c.client, sysdba), nil
}

// acquire takes an idle session, or opens one.
func (c *conn) acquire(ctx context.Context, what string) (*session, error) {
	c.w.mu.Lock()
	if n := len(c.pool.idle); n > 0 {
		s := c.pool.idle[n-1]
		c.pool.idle = c.pool.idle[:n-1]
		c.w.mu.Unlock()
		return s, nil
	}
	entered := c.pool.dba != nil
	c.w.mu.Unlock()
	if !entered {
		s, err := c.dial(ctx, false, what)
		if err == nil || c.to != c.pod || !errors.Is(err, akucore.ErrClosed) {
			return s, err
		}
	}
	select {
	case c.pool.dbaFree <- struct{}{}:
	case <-ctx.Done():
		return nil, akucore.ErrBusy
	}
	c.w.mu.Lock()
	s := c.pool.dba
	c.pool.dba = nil
	c.w.mu.Unlock()
	if s != nil {
		return s, nil
	}
	patience, cancel := context.WithTimeout(ctx, dbaPatience)
	defer cancel()
	for {
		s, err := c.dial(ctx, true, what)
		if err == nil {
			return s, nil
		}
		if !errors.Is(err, akucore.ErrBusy) || pause(patience, 100*time.Millisecond) != nil {
			<-c.pool.dbaFree
			return nil, err
		}
	}
}

// release makes a session idle again.
func (c *conn) release(s *session, broken bool) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if broken || s.closed {
		s.logout()
		if s.sysdba {
			<-c.pool.dbaFree
		}
		return
	}
	if !s.sysdba {
		c.pool.idle = append(c.pool.idle, s)
		return
	}
	c.pool.dba = s
	<-c.pool.dbaFree
	c.w.after(dbaIdle, func() {
		if c.pool.dba == s && len(c.pool.dbaFree) == 0 {
			c.pool.leave()
		}
	})
}

// read is run for statements that change nothing. It tries twice, because an idle session may be dead.
func (c *conn) read(ctx context.Context, what string, observe func(*server)) error {
	task := func(_ context.Context, s *server) error {
		return s.change(func() error { observe(s); return nil })
	}
	err := c.run(ctx, quickTimeout, "", what, task)
	if errors.Is(err, errGone) {
		err = c.run(ctx, quickTimeout, "", what, task)
	}
	return err
}

func (c *conn) Instance(ctx context.Context) (i akucore.Instance, err error) {
	err = c.read(ctx, "instance", func(s *server) { i = s.instance() })
	return i, err
}

func (s *server) instance() akucore.Instance {
	return akucore.Instance{StartTime: s.startTime, AdminMode: s.adminMode}
}

func (c *conn) State(ctx context.Context, want lifecycle.Want) (state akucore.State, err error) {
	err = c.read(ctx, "state", func(s *server) {
		state = akucore.State{Instance: s.instance(), Objects: map[string]akucore.Object{}, Tables: map[akucore.Table]akucore.TableState{}}
		for name, o := range s.volume.objects {
			seen := akucore.Object{Name: name, Started: o.started, XSN: o.xsn, Host: o.spec.Host, Port: o.spec.Port, Items: len(o.spec.Tables), Tables: o.spec.Tables}
			if len(want.Listed) > 0 && !slices.Contains(want.Listed, name) {
				seen.Tables = nil
			}
			seen.Sender = s.sender(name, o)
			state.Objects[name] = seen
		}
		state.Beats = map[akucore.Table]map[int]akucore.Beats{}
		for _, t := range want.Beats {
			if s.hasBeats(table(t)) {
				state.Beats[t] = s.beats(table(t))
			}
		}
	})
	return state, err
}

func (c *conn) Brief(ctx context.Context) (akucore.State, error) {
	state, err := c.State(ctx, lifecycle.Want{})
	for name, o := range state.Objects {
		o.Tables = nil
		state.Objects[name] = o
	}
	return state, err
}

func (c *conn) Traffic(ctx context.Context) (traffic map[string]akucore.Traffic, err error) {
	err = c.read(ctx, "traffic", func(s *server) {
		traffic = map[string]akucore.Traffic{}
		for name, o := range s.volume.objects {
			seen := akucore.Traffic{Started: o.started, XSN: o.xsn, Items: len(o.spec.Tables), Sender: s.sender(name, o)}
			if seen.Sender == akucore.SenderRunning {
				seen.Gap = &akucore.Gap{LastSN: s.volume.last}
			}
			if r := s.receivers[name]; r != nil {
				seen.Receiver = &akucore.Received{Link: fmt.Sprint(r.link), AppliedSN: r.applied, Failed: r.failed}
				if c.w.options.Uncounted {
					seen.Receiver.Failed = akucore.Changes{}
				}
			}
			traffic[name] = seen
		}
	})
	return traffic, err
}

func (c *conn) Create(ctx context.Context, spec akucore.ObjectSpec, wait time.Duration) error {
	return c.run(ctx, changeTimeout, "CREATE", spec.Name, func(ctx context.Context, s *server) error { return s.create(ctx, spec, wait) })
}

func (c *conn) Drop(ctx context.Context, object string, wait time.Duration) error {
	return c.run(ctx, changeTimeout, "DROP", object, func(ctx context.Context, s *server) error { return s.drop(ctx, object, c.client, wait) })
}

func (c *conn) Start(ctx context.Context, object string) error {
	return c.run(ctx, changeTimeout, "START", object, func(ctx context.Context, s *server) error { return s.start(ctx, object) })
}

func (c *conn) StartRetry(ctx context.Context, object string) error {
	return c.run(ctx, changeTimeout, "START RETRY", object, func(_ context.Context, s *server) error { return s.startRetry(object) })
}

func (c *conn) Stop(ctx context.Context, object string) error {
	return c.run(ctx, changeTimeout, "STOP", object, func(ctx context.Context, s *server) error {
		if c.w.options.HoldNobody && c.kind == sidecar && s.pod != c.pod {
			if o := s.volume.objects[object]; o != nil && o.peer != c.pod {
				return nil // this holds back the changes of others
			}
		}
		return s.stop(ctx, object)
	})
}

func (c *conn) Reset(ctx context.Context, object string) error {
	return c.run(ctx, changeTimeout, "RESET", object, func(_ context.Context, s *server) error { return s.reset(object, c.client) })
}

func (c *conn) AddTables(ctx context.Context, object string, tables []akucore.Table, wait time.Duration) error {
	return c.each(ctx, "ADD TABLE", object, tables, wait, (*server).addTable)
}

func (c *conn) DropTables(ctx context.Context, object string, tables []akucore.Table, wait time.Duration) error {
	return c.each(ctx, "DROP TABLE", object, tables, wait, (*server).dropTable)
}

// each runs a statement for every table.
func (c *conn) each(ctx context.Context, statement, object string, tables []akucore.Table, wait time.Duration,
	do func(*server, context.Context, string, akucore.Table, time.Duration) error) error {
	for _, t := range tables {
		err := c.run(ctx, changeTimeout, statement, object+" "+t.String(), func(ctx context.Context, s *server) error { return do(s, ctx, object, t, wait) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) SetHost(ctx context.Context, object, host string, _ int) error {
	return c.run(ctx, changeTimeout, "SET HOST", object, func(_ context.Context, s *server) error { return s.setHost(object, host) })
}

func (c *conn) Sync(ctx context.Context, object string, _ int, tables []akucore.Table, wait time.Duration) (err error) {
	tries := 1
	if c.w.options.RepeatSync {
		tries = 5
	}
	for range tries {
		if err = c.sync(ctx, object, tables, wait); err == nil || pause(ctx, time.Second) != nil {
			break
		}
	}
	return err
}

func (c *conn) sync(ctx context.Context, object string, tables []akucore.Table, wait time.Duration) error {
	err := c.run(ctx, syncTimeout, "SYNC", object, func(ctx context.Context, s *server) error { return s.sync(ctx, object, tables, wait) })
	if err != nil {
		c.w.mu.Lock()
		c.w.figures.Broken++
		c.w.mu.Unlock()
	}
	return err
}

func (c *conn) Flush(ctx context.Context, object string, wait time.Duration) error {
	return c.run(ctx, wait+quickTimeout, "FLUSH", object, func(ctx context.Context, s *server) error { return s.flush(ctx, object, wait) })
}

func (c *conn) SyncProgress(ctx context.Context, object string) (progress []lifecycle.SyncProgress, err error) {
	err = c.read(ctx, "sync progress "+object, func(s *server) {
		if at, copied := s.copied[object]; copied {
			progress = []lifecycle.SyncProgress{{Records: -1, SN: at}}
		}
	})
	return progress, err
}

func (c *conn) Sender(ctx context.Context, object string) (state akucore.SenderState, err error) {
	err = c.read(ctx, "sender "+object, func(s *server) {
		if o := s.volume.objects[object]; o != nil {
			state = s.sender(object, o)
		}
	})
	return state, err
}

// sender is an object in V$REPSENDER.
func (s *server) sender(name string, o *object) akucore.SenderState {
	x := s.senders[name]
	if x == nil || x.state == connecting && !o.started {
		return akucore.SenderNone
	}
	return [...]akucore.SenderState{
		connecting: akucore.SenderConnecting, runs: akucore.SenderRunning, retries: akucore.SenderRetry, syncs: akucore.SenderSync,
	}[x.state]
}

func (c *conn) OpenTransactions(ctx context.Context) (open []lifecycle.Transaction, ok bool, err error) {
	err = c.read(ctx, "transactions", func(s *server) {
		open = nil
		unseen := c.w.options.Unseen && s.pod == akucore.Master
		for _, o := range s.inTurn() {
			if o.transaction != nil && !(unseen && o.transaction.lock != nil) {
				open = append(open, o.transaction.seen(o.id))
			}
		}
		for _, t := range s.applying() {
			if !unseen {
				open = append(open, t.seen(0))
			}
		}
	})
	return open, err == nil, err
}

// AllTransactions are those that have written: the model's users say no LOCK TABLE.
func (c *conn) AllTransactions(ctx context.Context) ([]lifecycle.Transaction, bool, error) {
	return c.OpenTransactions(ctx)
}

func (c *conn) Truncate(ctx context.Context, tables []akucore.Table) error {
	return c.run(ctx, changeTimeout, "TRUNCATE", fmt.Sprint(tables), func(ctx context.Context, s *server) error {
		return s.truncate(ctx, tables, c.client, 0)
	})
}

func (c *conn) SetAdminMode(ctx context.Context, on bool) error {
	err := c.run(ctx, quickTimeout, "ADMIN_MODE", fmt.Sprint(on), func(_ context.Context, s *server) error {
		return s.change(func() error {
			if !on && s.adminMode {
				s.mayOpen()
			}
			if on && c.kind == hook && c.w.options.NeverClose {
				return nil
			}
			s.adminMode, s.opened = on, time.Now()
			return nil
		})
	})
	if !on {
		c.w.mu.Lock()
		c.pool.leave()
		c.w.mu.Unlock()
	}
	return err
}

func (c *conn) AllowDuplicateHosts(ctx context.Context) error {
	return c.run(ctx, quickTimeout, "ALLOW_DUPLICATE_HOSTS", "1", func(_ context.Context, s *server) error {
		return s.change(func() error { s.sharing = true; return nil })
	})
}

func (c *conn) Reserve(ctx context.Context, sessions int) error {
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	for n := 0; ; n++ {
		c.w.mu.Lock()
		enough := len(c.pool.idle) >= sessions
		c.w.mu.Unlock()
		if enough {
			return nil
		}
		s, err := c.dial(ctx, false, fmt.Sprint("reserve ", n))
		if err != nil {
			return err
		}
		c.w.mu.Lock()
		c.pool.idle = append(c.pool.idle, s)
		c.w.mu.Unlock()
	}
}

// others are the sessions of other clients, without SYSDBA.
func (s *server) others(c *client) []*session {
	var others []*session
	for _, o := range s.inTurn() {
		if !o.sysdba && o.client != c {
			others = append(others, o)
		}
	}
	return others
}

func (c *conn) UserSessions(ctx context.Context) (users []lifecycle.Session, err error) {
	err = c.read(ctx, "sessions", func(s *server) {
		users = nil
		for _, o := range s.others(c.client) {
			if !c.w.options.NeverClose {
				users = append(users, lifecycle.Session{ID: o.id})
			}
		}
	})
	return users, err
}

func (c *conn) CloseUserSessions(ctx context.Context) error {
	return c.run(ctx, quickTimeout, "SESSION CLOSE", "", func(_ context.Context, s *server) error {
		return s.change(func() error {
			for _, o := range s.others(c.client) {
				o.logout()
			}
			return nil
		})
	})
}

func (c *conn) Shutdown(ctx context.Context) error {
	err := c.run(ctx, changeTimeout, "SHUTDOWN", "", func(ctx context.Context, s *server) error { return s.shutdown(ctx) })
	if errors.Is(err, akucore.ErrUnreachable) {
		return nil
	}
	return err
}

func (c *conn) Initialize(context.Context, []lifecycle.Script) error { return nil }
