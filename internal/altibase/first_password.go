package altibase

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"aku/internal/akucore"
	"aku/internal/password"
)

// firstPassword gives the pod's own server its password. An image creates a new database
// with a password that everybody knows. The first session changes it to the password of the
// settings.
type firstPassword struct {
	initial string // "": change nothing
	log     *slog.Logger

	// turn is held by the session that changes the password. The others wait, each within
	// its own limit.
	turn chan struct{}

	// settled: there is nothing to change, or the change was tried. So a wrong password is
	// sent once in the life of a server, and not at every observation, which could lock the
	// account. While a person changes the password by hand, none is tried.
	settled, changed atomic.Bool
}

// SetFirstPassword sets the password that the image gave the pod's own server. When the
// server refuses the password of the settings, aku logs in with this one, and gives a new
// database the password of the settings. Commands that change nothing do not call this.
func (c *Cluster) SetFirstPassword(initial string, log *slog.Logger) {
	own := c.Server(c.config.Self).(*Server)
	own.first.initial, own.first.log = initial, log
}

// logIn is dial, and tries the first password when the server refuses the other one.
func (s *Server) logIn(ctx context.Context, sysdba bool) (*session, error) {
	password, err := s.config.Password()
	if err != nil {
		return nil, fmt.Errorf("%w: read the SYS password: %w", akucore.ErrPassword, err)
	}
	opened, err := s.dial(ctx, password, sysdba)
	if s.first.initial == "" {
		return opened, err
	}
	switch {
	case err == nil:
		s.first.settled.Store(true)
	case errors.Is(err, akucore.ErrUnreachable): // it may come back with a new database
		s.first.settled.Store(false)
		s.first.changed.Store(false)
	case PasswordRefused(err):
		changed, other := s.changeFirst(ctx, password)
		if other != nil {
			return nil, errors.Join(err, other)
		}
		if changed {
			return s.dial(ctx, password, sysdba)
		}
	}
	return opened, err
}

// PasswordRefused reports whether the server answered, knows the user and refused the
// password.
func PasswordRefused(err error) bool { return hasCode(err, "4102E") }

// changeFirst gives SYS of a new database the password, and reports whether SYS has it.
func (s *Server) changeFirst(ctx context.Context, password string) (changed bool, err error) {
	f := &s.first
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return false, nil // next time
	}
	if f.settled.Load() || password == f.initial {
		return f.changed.Load(), nil
	}
	wanted, err := quotedPassword(password)
	before, other := quotedPassword(f.initial)
	if err := errors.Join(err, other); err != nil {
		f.settled.Store(true)
		return false, err
	}
	// A closed server lets only SYSDBA in, and takes SYSDBA from the pod's loopback.
	c, err := s.dial(ctx, f.initial, true)
	if errors.Is(err, akucore.ErrBusy) || errors.Is(err, akucore.ErrUnreachable) {
		return false, nil // next time
	}
	f.settled.Store(true)
	switch {
	case PasswordRefused(err):
		return false, nil // it has neither: that of the settings is wrong
	case err != nil:
		return false, fmt.Errorf("with the first password: %w", err)
	}
	defer c.close()
	// Once begun, the change must not be interrupted.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*quickTimeout)
	defer cancel()
	if err := c.mustBeNew(ctx); err != nil {
		return false, err
	}
	if err := c.setPassword(ctx, wanted); err != nil {
		return false, err
	}
	// As long as this session is open, aku cannot lock itself out.
	proof, err := s.dial(ctx, password, false)
	if err == nil {
		proof.close()
	}
	if PasswordRefused(err) {
		return false, errors.Join(errors.New("the server took the password of the settings and refuses it now, so it has its first one again"),
			c.setPassword(ctx, before))
	}
	f.changed.Store(true)
	f.log.Info("the database is new: SYS has the password of the settings now, instead of its first one")
	return true, nil
}

// mustBeNew refuses a database that aku has used before. There SYS once had the password of
// the settings. A person changed one of them, and must decide which one is right.
func (c *session) mustBeNew(ctx context.Context) error {
	done, err := c.initialized(ctx)
	if err != nil {
		return err
	}
	replications, err := c.query(ctx, "SELECT REPLICATION_NAME FROM SYSTEM_.SYS_REPLICATIONS_")
	if err != nil {
		return err
	}
	if done || len(replications) > 0 {
		return fmt.Errorf("%w: SYS has its first password still, but the database is not new: change it there (ALTER USER SYS IDENTIFIED BY …), "+
			"or put the first one into the Secret", akucore.ErrPassword)
	}
	return nil
}

// setPassword changes the password of SYS. The server's error text can contain the statement,
// so only the number of an error is passed on.
func (c *session) setPassword(ctx context.Context, quoted string) error {
	err := c.exec(ctx, "ALTER USER "+user+" IDENTIFIED BY "+quoted)
	if err == nil {
		return nil
	}
	number := ""
	if e := new(Error); errors.As(err, &e) && e.Code != "" {
		number = ": ERR-" + e.Code
	}
	return fmt.Errorf("%w: the server does not take the password of the settings for SYS%s", akucore.ErrPassword, number)
}

// quotedPassword quotes a password for ALTER USER, so that small letters and signs are kept.
func quotedPassword(text string) (string, error) {
	if err := password.Check(text); err != nil {
		return "", fmt.Errorf("%w: a password cannot be given to SYS: %w", akucore.ErrPassword, err)
	}
	return `"` + text + `"`, nil
}
