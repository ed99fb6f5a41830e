package altibase

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// change runs one statement within the time limit, 0 for none.
func (s *Server) change(ctx context.Context, limit time.Duration, statement string) error {
	return s.with(ctx, limit, func(ctx context.Context, c *session) error {
		return c.exec(ctx, statement)
	})
}

// Start starts the sender; the peer must answer. The server checks for the answer once
// a second.
func (s *Server) Start(ctx context.Context, object string) error {
	return s.change(ctx, changeTimeout, alterReplication(object, "START"))
}

// StartRetry starts the sender with or without the peer, and returns at once.
func (s *Server) StartRetry(ctx context.Context, object string) error {
	return s.change(ctx, changeTimeout, alterReplication(object, "START RETRY"))
}

// Stop stops the sender, or a running SYNC.
func (s *Server) Stop(ctx context.Context, object string) error {
	return s.change(ctx, changeTimeout, alterReplication(object, "STOP"))
}

// Reset discards what is not yet sent.
func (s *Server) Reset(ctx context.Context, object string) error {
	return s.change(ctx, changeTimeout, alterReplication(object, "RESET"))
}

// forEach runs a statement for each table. There may be any number of tables, so each
// statement has the limit.
func (c *session) forEach(ctx context.Context, tables []akucore.Table, limit time.Duration, statement func(akucore.Table) string) error {
	one := func(t akucore.Table) error {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return c.exec(ctx, statement(t))
	}
	for _, t := range tables {
		if err := one(t); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	return nil
}

// SetHost points a stopped object to this peer, and to no other. It adds the new host before
// it drops an old one: an object without a host would look like a broken one.
func (s *Server) SetHost(ctx context.Context, object, host string, port int) error {
	return s.with(ctx, changeTimeout, func(ctx context.Context, c *session) error {
		hosts, err := c.query(ctx, "SELECT HOST_IP, PORT_NO FROM SYSTEM_.SYS_REPL_HOSTS_ WHERE REPLICATION_NAME = "+literal(object))
		if err != nil {
			return err
		}
		goesThere := func(h row) bool { return h.text(0) == host && int(h.int(1)) == port }
		if !slices.ContainsFunc(hosts, goesThere) {
			if err := c.exec(ctx, alterReplication(object, hostAction("ADD", host, port))); err != nil {
				return err
			}
		}
		if err := c.exec(ctx, alterReplication(object, hostAction("SET", host, port))); err != nil {
			return err
		}
		for _, h := range hosts {
			if goesThere(h) {
				continue
			}
			if err := c.exec(ctx, alterReplication(object, hostAction("DROP", h.text(0), int(h.int(1))))); err != nil {
				return err
			}
		}
		return nil
	})
}

// Flush waits for the peer's acknowledgement.
func (s *Server) Flush(ctx context.Context, object string, wait time.Duration) error {
	return s.change(ctx, wait+quickTimeout, alterReplication(object, flushAction(wait)))
}

// SetAdminMode keeps users out, or lets them in.
func (s *Server) SetAdminMode(ctx context.Context, on bool) error {
	mode := int64(0)
	if on {
		mode = 1
	}
	err := s.change(ctx, quickTimeout, setSystem("ADMIN_MODE", mode))
	if !on {
		s.leaveDBA() // plain sessions get in from now on
	}
	return err
}

// AllowDuplicateHosts allows several replication objects to one host.
func (s *Server) AllowDuplicateHosts(ctx context.Context) error {
	return s.change(ctx, quickTimeout, setSystem("REPLICATION_ALLOW_DUPLICATE_HOSTS", 1))
}

// others are the sessions of ordinary users, without those of this process.
func (c *session) others(ctx context.Context) ([]lifecycle.Session, error) {
	rows, err := c.query(ctx, "SELECT ID, DB_USERNAME, COMM_NAME FROM V$SESSION WHERE SYSDBA_FLAG = 0")
	if err != nil {
		return nil, err
	}
	own := c.server.ownSessions()
	var others []lifecycle.Session
	for _, r := range rows {
		if id := r.int(0); !own[id] {
			others = append(others, lifecycle.Session{ID: id, User: r.text(1), From: r.text(2)})
		}
	}
	return others, nil
}

// UserSessions are the sessions of others.
func (s *Server) UserSessions(ctx context.Context) ([]lifecycle.Session, error) {
	return read(ctx, s, quickTimeout, (*session).others)
}

// CloseUserSessions ends the sessions of others. A session that ended by itself meanwhile is
// no failure. A session whose end hangs does not keep the others in.
func (s *Server) CloseUserSessions(ctx context.Context) error {
	database, err := read(ctx, s, quickTimeout, (*session).database)
	if err != nil {
		return err
	}
	users, err := s.UserSessions(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, user := range users {
		err := s.closeUserSession(ctx, database, user.ID)
		if err != nil && !hasCode(err, "410EB") {
			failed = append(failed, fmt.Errorf("close session %d: %w", user.ID, err))
		}
	}
	return errors.Join(failed...)
}

// closeUserSession tries once: while an end hangs, another try would only cost another
// session. A failure does not close the idle sessions, because they still work and cannot be
// replaced while users are shut out.
func (s *Server) closeUserSession(ctx context.Context, database string, id int64) error {
	if !s.setEnding(id) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, sessionCloseTimeout)
	defer cancel()
	c, err := s.acquire(ctx)
	if err != nil {
		s.isOver(id)
		return err
	}
	c.over = func() { s.isOver(id) }
	err = c.exec(ctx, fmt.Sprintf("ALTER DATABASE %s SESSION CLOSE %d", database, id))
	if !c.left {
		c.over()
		c.over = nil
	}
	s.release(c)
	return err
}

// setEnding notes that the session of a user is being closed; false when it is already.
func (s *Server) setEnding(id int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending[id] {
		return false
	}
	s.ending[id] = true
	return true
}

func (s *Server) isOver(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ending, id)
}

// database is the name of the database, usually mydb.
func (c *session) database(ctx context.Context) (string, error) {
	rows, err := c.query(ctx, "SELECT DB_NAME FROM SYSTEM_.SYS_DATABASE_")
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "", errors.New("SYSTEM_.SYS_DATABASE_ is empty")
	}
	return rows[0].text(0), nil
}

// Shutdown stops the server cleanly; only SYSDBA may. The statement returns when
// everything is written, and the server ends with it.
func (s *Server) Shutdown(ctx context.Context) error {
	c, err := s.acquireDBA(ctx)
	if err != nil {
		return err
	}
	defer s.release(c)
	database, err := c.database(ctx)
	if err != nil {
		return err
	}
	err = c.exec(ctx, "ALTER DATABASE "+database+" SHUTDOWN IMMEDIATE")
	c.broken = true
	if errors.Is(err, akucore.ErrUnreachable) {
		return nil // it took the connection with it
	}
	return err
}
