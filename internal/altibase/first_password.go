package altibase

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"aku/internal/akucore"
)

// firstPassword is how the own server gets its password. An image makes a new
// database with a password of its own that everybody knows; the first session
// changes it to the one of the settings.
type firstPassword struct {
	initial string // "" leaves the server alone
	log     *slog.Logger

	// turn is taken by whoever changes the password; the others wait no longer than their
	// own limits.
	turn chan struct{}

	mu sync.Mutex
	// settled: nothing is to be changed, or it was tried. So a password that is wrong
	// is sent once in the life of a server and not at every look, which could lock the
	// account; and while a password is being changed by hand none is tried.
	settled bool
	changed bool
}

// SetFirstPassword has the own server, when it refuses the password of the settings,
// asked with the one that its image gave it; a new database gets that of the settings
// then. Commands that only look do not ask for this.
func (c *Cluster) SetFirstPassword(initial string, log *slog.Logger) {
	own := c.Server(c.config.Self).(*Server)
	own.first.initial, own.first.log = initial, log
}

// logIn is dial, with the first password in mind.
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
		s.first.settle()
	case errors.Is(err, akucore.ErrUnreachable):
		s.first.forget() // it may come back with a new database
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

// PasswordRefused tells whether the server was asked and knows the user but not the
// password.
func PasswordRefused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == "4102E"
}

func (f *firstPassword) settle() { f.set(true, false) }

func (f *firstPassword) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settled, f.changed = false, false
}

// set says that nothing is to be done any more; that the password was changed stays true.
func (f *firstPassword) set(settled, changed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settled, f.changed = settled, f.changed || changed
}

func (f *firstPassword) get() (settled, changed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.settled, f.changed
}

// changeFirst gives SYS of a new database the password, and tells whether it has it.
func (s *Server) changeFirst(ctx context.Context, password string) (changed bool, err error) {
	f := &s.first
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return false, nil // next time
	}
	if settled, changed := f.get(); settled || password == f.initial {
		return changed, nil
	}
	wanted, err := quotedPassword(password)
	if err != nil {
		f.settle()
		return false, err
	}
	before, err := quotedPassword(f.initial)
	if err != nil {
		f.settle()
		return false, err
	}
	// The server is closed to others than SYSDBA, and the pod's own loopback may be that.
	c, err := s.dial(ctx, f.initial, true)
	switch {
	case errors.Is(err, akucore.ErrBusy) || errors.Is(err, akucore.ErrUnreachable):
		return false, nil // next time
	case PasswordRefused(err):
		f.settle()
		return false, nil // it has neither: that of the settings is wrong
	case err != nil:
		f.settle()
		return false, fmt.Errorf("with the first password: %w", err)
	}
	defer c.close()
	f.settle()
	// To be done to the end, once it is begun.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*quickTimeout)
	defer cancel()
	if err := c.mustBeNew(ctx); err != nil {
		return false, err
	}
	if err := c.setPassword(ctx, wanted); err != nil {
		return false, err
	}
	// As long as this session is open, nobody is locked out.
	proof, err := s.dial(ctx, password, false)
	if err == nil {
		proof.close()
	}
	if PasswordRefused(err) {
		return false, errors.Join(errors.New("the server took the password of the settings and refuses it now, so it has its first one again"),
			c.setPassword(ctx, before))
	}
	f.set(true, true)
	f.log.Info("the database is new: SYS has the password of the settings now, in the place of its first one")
	return true, nil
}

// mustBeNew refuses a database that aku has been at work in. There SYS had the
// password of the settings once; whoever changed the one or the other is to say which
// one it shall be.
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

// setPassword changes the password of SYS. What the server says about a statement can
// hold the statement, so only the number of an error is passed on.
func (c *session) setPassword(ctx context.Context, quoted string) error {
	err := c.exec(ctx, "ALTER USER "+user+" IDENTIFIED BY "+quoted)
	var e *Error
	if errors.As(err, &e) && e.Code != "" {
		return fmt.Errorf("%w: the server does not take the password of the settings for SYS: ERR-%s", akucore.ErrPassword, e.Code)
	}
	if err != nil {
		return fmt.Errorf("%w: the server does not take the password of the settings for SYS", akucore.ErrPassword)
	}
	return nil
}
