package altibase

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// after gives what lasts that long at its first call, and nothing at the others.
func after(d time.Duration) func() {
	var called atomic.Bool // also by a call that was left behind, beside the next one
	return func() {
		if !called.Swap(true) {
			time.Sleep(d)
		}
	}
}

// inTime fails unless something ends within its limit.
func inTime(t *testing.T, limit time.Duration, do func()) {
	t.Helper()
	began := time.Now()
	do()
	if took := time.Since(began); took > limit {
		t.Errorf("it took %s, want at most %s", took, limit)
	}
}

func TestLogin_ThatSucceedsTooLate_IsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := after(7 * time.Second)
		f := &fake{login: func(dsn string) error {
			if strings.Contains(dsn, "SYSDBA") {
				slow()
			}
			return closedToUsers(dsn)
		}}
		servers := f.servers(t)
		inTime(t, LoginTimeout+cancelGrace, func() {
			_, err := own(servers).Instance(t.Context())
			if !errors.Is(err, errAbandoned) || !errors.Is(err, akucore.ErrUnreachable) {
				t.Errorf("a login that takes 7 s: %v", err)
			}
		})
		time.Sleep(2 * time.Second)
		if n := f.sessions(); n != 0 {
			t.Fatalf("%d sessions are open that nobody knows of", n)
		}
		c, err := own(servers).acquire(t.Context())
		if err != nil {
			t.Fatalf("the SYSDBA session is not free: %v", err)
		}
		own(servers).release(c)
		servers.CloseIdle()
		if n := f.sessions(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}

func TestStatement_ThatComesBackTooLate_EndsItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := after(time.Minute)
		f := &fake{answer: func(statement string) ([][]driver.Value, error) {
			if strings.Contains(statement, "STOP") {
				slow()
			}
			return nil, nil
		}}
		servers := f.servers(t)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		inTime(t, 3*time.Second+cancelGrace, func() {
			if err := own(servers).Stop(ctx, "AKU_REP_01"); !errors.Is(err, errAbandoned) {
				t.Errorf("a STOP that hangs: %v", err)
			}
		})
		if err := own(servers).Stop(t.Context(), "AKU_REP_02"); err != nil {
			t.Errorf("the next one, meanwhile: %v", err)
		}
		servers.CloseIdle()
		time.Sleep(time.Minute)
		if n := f.sessions(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		if n := own(servers).abandoned.Load(); n != 0 {
			t.Errorf("%d calls still count as left behind", n)
		}
	})
}

func TestLook_AtAServerThatHangs_IsGivenUp(t *testing.T) {
	for name, call := range map[string]struct {
		limit time.Duration
		do    func(context.Context, *Server) error
	}{
		"whether it is well":  {quickTimeout, func(ctx context.Context, s *Server) error { _, err := s.Instance(ctx); return err }},
		"all that plans need": {quickTimeout, func(ctx context.Context, s *Server) error { _, err := s.State(ctx, lifecycle.Want{}); return err }},
		"the rows of a table": {contentTimeout, func(ctx context.Context, s *Server) error {
			_, err := s.CountRows(ctx, akucore.Table{User: "SYS", Name: "T1"})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: func(statement string) ([][]driver.Value, error) {
					if strings.HasPrefix(statement, "SELECT") && !strings.Contains(statement, "AKU_") {
						time.Sleep(time.Hour)
					}
					return nil, nil
				}}
				servers := f.servers(t)
				inTime(t, call.limit+cancelGrace, func() {
					if err := call.do(t.Context(), own(servers)); !errors.Is(err, akucore.ErrUnreachable) {
						t.Errorf("a server that hangs: %v", err)
					}
				})
				servers.CloseIdle()
				time.Sleep(time.Hour)
			})
		})
	}
	if quickTimeout > 10*time.Second || contentTimeout > 90*time.Second {
		t.Errorf("a view may take %s, and rows %s", quickTimeout, contentTimeout)
	}
}

func TestServer_InWhichSeveralCallsHang_IsNotAskedBeforeOneComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var quick atomic.Bool // logins that were left behind may still read it
		f := &fake{login: func(string) error {
			if !quick.Load() {
				time.Sleep(time.Minute)
			}
			return nil
		}}
		servers := f.servers(t)
		for range 3 {
			if _, err := own(servers).acquire(t.Context()); !errors.Is(err, errAbandoned) {
				t.Fatalf("a login that hangs: %v", err)
			}
		}
		inTime(t, time.Second, func() {
			if _, err := own(servers).acquire(t.Context()); !errors.Is(err, akucore.ErrUnreachable) {
				t.Errorf("with %d that hang: %v", mostAbandoned, err)
			}
		})
		quick.Store(true)
		time.Sleep(time.Minute)
		c, err := own(servers).acquire(t.Context())
		if err != nil {
			t.Fatalf("once they came back: %v", err)
		}
		own(servers).release(c)
		servers.CloseIdle()
		if n := f.sessions(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}

func TestSYSDBA_IsWaitedForAWhile_AndGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{login: closedToUsers, sysdba: true} // somebody else has it
		servers := f.servers(t)
		inTime(t, 10*time.Second, func() {
			if err := own(servers).Stop(t.Context(), "R"); !errors.Is(err, akucore.ErrBusy) {
				t.Errorf("%v, want busy", err)
			}
		})
		time.AfterFunc(2*time.Second, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.sysdba = false
		})
		inTime(t, 3*time.Second, func() {
			if err := own(servers).Stop(t.Context(), "R"); err != nil {
				t.Errorf("once it is free: %v", err)
			}
		})
		time.Sleep(time.Second)
		if f.sessions() != 0 {
			t.Error("the one SYSDBA session is kept although nobody needs it")
		}
	})
}

func TestSYSDBA_LoginThatFails_LeavesTheTurnToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int32
		f := &fake{login: func(dsn string) error {
			if strings.Contains(dsn, "SYSDBA") && tries.Add(1) == 1 {
				return said("HY000", 0x410C9, "Remote access as SYSDBA not allowed")
			}
			return closedToUsers(dsn)
		}}
		servers := f.servers(t)
		if err := own(servers).Stop(t.Context(), "R"); !errors.Is(err, akucore.ErrFatal) {
			t.Errorf("a login that is refused: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := own(servers).Stop(ctx, "R"); err != nil {
			t.Errorf("the next one: %v", err)
		}
		servers.CloseIdle()
	})
}
