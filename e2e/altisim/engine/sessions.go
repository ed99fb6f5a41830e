package engine

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"
)

type sessions struct {
	mu   sync.Mutex
	last int64
	open map[int64]*Session
}

// Login is what a client says about itself.
type Login struct {
	User, Password string
	Sysdba         bool
	Remote         bool   // from an address that is not loopback
	From           string // V$SESSION.COMM_NAME
	App            string // V$SESSION.CLIENT_APP_INFO
}

// Session is an open session. Its context ends when anybody closes it.
type Session struct {
	ID     int64
	User   string
	UserID int
	Login  Login
	Since  time.Time

	s    *Server
	ctx  context.Context
	cut  context.CancelCauseFunc
	gone chan struct{}

	mu           sync.Mutex
	queryTimeout int  // seconds, 0 = none
	unreplicated bool // ALTER SESSION SET REPLICATION = FALSE or NONE
	ddlSync      bool // ALTER SESSION SET REPLICATION_DDL_SYNC = 1
	ddlLockWait  int  // seconds; 0: none, -1: for ever
	statement    string
}

// Runs sets the statement that the session runs, or "".
func (c *Session) Runs(statement string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statement = statement
}

// Statement is the statement that the session runs, or "".
func (c *Session) Statement() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.statement
}

// Login opens a session or returns the reason of the refusal.
func (s *Server) Login(l Login) (*Session, error) {
	if len(l.Password) > maxPassword {
		return nil, ErrLoginTooLong
	}
	u := s.Catalog().User(l.User)
	switch {
	case u == nil:
		return nil, ErrUserNotFound
	case !s.samePassword(u.Password, l.Password):
		return nil, ErrInvalidPassword
	case l.Sysdba && u.Name != SysUser:
		return nil, ErrInvalidPrivileges
	case l.Sysdba && l.Remote && s.Property("REMOTE_SYSDBA_ENABLE") == "0":
		return nil, ErrRemoteSysdba
	case !l.Sysdba && s.Property("ADMIN_MODE") != "0":
		return nil, ErrAdminMode
	case s.ends():
		return nil, ErrCommunication
	}
	timeout, _ := strconv.Atoi(s.Property("QUERY_TIMEOUT"))
	lockWait, _ := strconv.Atoi(s.Property("DDL_LOCK_TIMEOUT"))
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	if l.Sysdba {
		for _, o := range s.sessions.open {
			if o.Login.Sysdba {
				return nil, ErrSysdbaTaken
			}
		}
	}
	s.sessions.last++
	c := &Session{
		ID: s.sessions.last, User: u.Name, UserID: u.ID, Login: l, Since: time.Now(), s: s,
		queryTimeout: timeout, ddlLockWait: lockWait, gone: make(chan struct{}),
	}
	c.ctx, c.cut = context.WithCancelCause(s.ctx)
	s.sessions.open[c.ID] = c
	return c, nil
}

// Context ends with the session.
func (c *Session) Context() context.Context { return c.ctx }

// Close ends the session. Its owner calls it after the rollback, so a session that is no longer listed holds
// nothing.
func (c *Session) Close() {
	c.cut(ErrCommunication)
	c.s.sessions.mu.Lock()
	defer c.s.sessions.mu.Unlock()
	if c.s.sessions.open[c.ID] == c {
		delete(c.s.sessions.open, c.ID)
		close(c.gone)
	}
}

// Sessions are the open sessions in the order of their ids.
func (s *Server) Sessions() []*Session {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	var out []*Session
	for _, c := range s.sessions.open {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *Session) int { return int(a.ID - b.ID) })
	return out
}

// CloseSession is ALTER DATABASE … SESSION CLOSE. It cuts the session's statement, rolls back its transaction
// and closes its connection. A session that closes itself does not wait for that.
func (s *Server) CloseSession(ctx context.Context, id int64, by *Session) error {
	s.sessions.mu.Lock()
	c := s.sessions.open[id]
	s.sessions.mu.Unlock()
	if c == nil {
		return ErrSessionNotFound
	}
	c.cut(ErrSessionClosed)
	if c == by {
		return nil
	}
	select {
	case <-c.gone:
	case <-ctx.Done():
	}
	return nil
}

// Shutdown is ALTER DATABASE … SHUTDOWN IMMEDIATE. It refuses new sessions, cuts the others, and stops
// senders and receivers where they are. It takes as long as on the real server, which waits for threads that
// wake every 10 s. Then End ends the caller's session, too.
func (s *Server) Shutdown(c *Session) error {
	if !c.Login.Sysdba {
		return errNoPrivilege("ALTER_DATABASE")
	}
	s.mu.Lock()
	s.shutting = true
	s.mu.Unlock()
	for _, o := range s.Sessions() {
		if o != c {
			o.cut(ErrCommunication)
		}
	}
	s.mu.Lock()
	for _, x := range s.senders {
		x.stop()
	}
	for _, r := range s.receivers {
		r.end()
	}
	s.mu.Unlock()
	_ = s.Clock.Sleep(s.ctx, shutdownLeast+rand.N(shutdownMost-shutdownLeast))
	return nil
}

func (s *Server) ends() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shutting || s.ctx.Err() != nil
}

// End ends the server after Shutdown was answered.
func (s *Server) End() { s.end(ErrCommunication) }

// MustBeSys is the rule for statements on replications.
func (c *Session) MustBeSys() error {
	if c.User != SysUser {
		return ErrNoPermission
	}
	return nil
}

// MayAlterSystem is the rule for ALTER SYSTEM and ALTER DATABASE.
func (c *Session) MayAlterSystem(privilege string) error {
	if c.User != SysUser {
		return errNoPrivilege(privilege)
	}
	return nil
}

// Replicates reports whether this session's changes are sent to peers.
func (c *Session) Replicates() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.unreplicated
}

// SyncsDDL reports whether this session's DDL should also run on the peers.
func (c *Session) SyncsDDL() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ddlSync
}

// QueryTimeout is the session's limit for one statement in seconds.
func (c *Session) QueryTimeout() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queryTimeout
}

// DDLLockTimeout is how long the session's DDL waits for a table, in seconds; -1 means for ever.
func (c *Session) DDLLockTimeout() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ddlLockWait
}

// Set is ALTER SESSION SET.
func (c *Session) Set(name, value string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch name {
	case "REPLICATION":
		switch value {
		case "TRUE", "DEFAULT", "LAZY":
			c.unreplicated = false
		case "FALSE", "NONE":
			c.unreplicated = true
		default:
			return ErrSessionProperty
		}
	case "QUERY_TIMEOUT":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return Errorf(0x01066, "The property [%s] value [%s] cannot be converted.", name, value)
		}
		c.queryTimeout = n
	case "REPLICATION_DDL_SYNC":
		c.ddlSync = value == "1"
	case "DDL_LOCK_TIMEOUT":
		n, err := strconv.Atoi(value)
		if err != nil || !limitsOf(name).take(int64(n)) {
			return Errorf(0x01066, "The property [%s] value [%s] cannot be converted.", name, value)
		}
		c.ddlLockWait = n
	case "DDL_TIMEOUT", "UTRANS_TIMEOUT", "IDLE_TIMEOUT", "FETCH_TIMEOUT", "EXPLAIN", "TIME_ZONE",
		"DEFAULT_DATE_FORMAT":
	default:
		return ErrSessionProperty
	}
	return nil
}

// StatementContext is the context of one statement. It ends with the session, when the client cancels, or at
// the session's limit.
func (c *Session) StatementContext() (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(c.ctx)
	limit := c.QueryTimeout()
	if limit == 0 {
		return ctx, cancel
	}
	ctx, stop := context.WithTimeoutCause(ctx, c.s.Clock.Real(time.Duration(limit)*time.Second), ErrQueryTimeout)
	return ctx, func(err error) { cancel(err); stop() }
}
