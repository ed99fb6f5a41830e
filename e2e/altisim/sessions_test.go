package main_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alexbrainman/odbc"

	at "aku/e2e/altisim/altisimtest"
)

func TestLogin_WithTheWrongNameOrPassword_IsRefused(t *testing.T) {
	t.Parallel()
	const password = `a;b}c={d} "é'`
	s := at.Start(t, 1, at.Options{Password: password})[0]
	c := s.Open(at.Dial{})
	c.Do("CREATE USER U1 IDENTIFIED BY U1")
	for _, l := range []struct {
		who  at.Dial
		code int
		text string
	}{
		{at.Dial{}, 0, ""},
		{at.Dial{Sysdba: true}, 0, ""},
		{at.Dial{User: "u1", Password: "u1"}, 0, ""},
		{at.Dial{Password: "wrong"}, 0x4102E, "Invalid password"},
		{at.Dial{User: "NOUSER"}, 0x31010, "User not found"},
		{at.Dial{User: "U1", Password: "U1", Sysdba: true}, 0x41043, "Invalid access privileges"},
	} {
		x, err := s.Connect(l.who)
		if at.Code(err) != l.code || err != nil && !strings.Contains(err.Error(), fmt.Sprintf("[ERR-%05X : %s]", l.code, l.text)) {
			t.Errorf("%+v: %v, want ERR-%05X %s", l.who, err, l.code, l.text)
		}
		if x != nil {
			x.Close()
		}
	}
	c.Do("ALTER USER SYS IDENTIFIED BY Other")
	if _, err := s.Connect(at.Dial{}); at.Code(err) != 0x4102E {
		t.Errorf("the old password: %v", err)
	}
	s.Open(at.Dial{Password: "OTHER"})
	s.Kill9()
	s.Restart() // the password in the environment counts only for a new database
	s.Open(at.Dial{Password: "Other"})
}

func TestPassword_OfAFile_IsThatOfANewDatabase(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("from;file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := at.Start(t, 1, at.Options{Env: []string{"ALTISIM_SYS_PASSWORD_FILE=" + file}})[0]
	s.Open(at.Dial{Password: "from;file"})
}

func TestSYSDBA_IsOneSession(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 1, at.Options{})[0]
	first := s.Open(at.Dial{Sysdba: true})
	if _, err := s.Connect(at.Dial{Sysdba: true}); at.Code(err) != 0x41041 {
		t.Errorf("second SYSDBA: %v", err)
	}
	plain := s.Open(at.Dial{})
	want(t, plain, "SELECT DB_USERNAME, SYSDBA_FLAG FROM V$SESSION ORDER BY ID", "SYS|1", "SYS|0")
	first.Close()
	plain.Until(soon, "SELECT COUNT(*) FROM V$SESSION", "1")
	s.Open(at.Dial{Sysdba: true})
}

func TestAdminMode_LetsNobodyInButSYSDBA(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 1, at.Options{AdminMode: true})[0]
	refused := func() {
		t.Helper()
		for _, who := range []at.Dial{{}, {User: "U1", Password: "U1"}} {
			if _, err := s.Connect(who); at.Code(err) != 0x4106E {
				t.Errorf("%+v under ADMIN_MODE: %v", who, err)
			}
		}
	}
	dba := s.Open(at.Dial{Sysdba: true})
	dba.Do("CREATE USER U1 IDENTIFIED BY U1")
	refused()
	dba.Do("ALTER SYSTEM SET ADMIN_MODE = 0")
	plain := s.Open(at.Dial{})
	plain.Do("ALTER SYSTEM SET ADMIN_MODE = 1")
	refused()
	// Open sessions go on, and a plain one can let the others in again.
	plain.Do("CREATE TABLE STILLWORKS (C1 INTEGER)", "ALTER SYSTEM SET ADMIN_MODE = 0")
	s.Open(at.Dial{User: "U1", Password: "U1"})
	// Not persistent: every start takes it from the environment again.
	s.Kill9()
	s.Restart()
	refused()
	want(t, s.Open(at.Dial{Sysdba: true}), "SELECT VALUE1 FROM V$PROPERTY WHERE NAME = 'ADMIN_MODE'", "1")
}

func TestSessionClose_RollsBackAndCutsTheConnection(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 1, at.Options{})[0]
	c, user := s.Open(at.Dial{}), s.Open(at.Dial{})
	c.Do(table)
	try(t, c, "ALTER DATABASE mydb SESSION CLOSE 999", 0x410EB)
	id := user.Int("SELECT SESSION_ID() FROM DUAL")
	tx, err := user.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("INSERT INTO T1 VALUES (1, 'open', 0)"); err != nil {
		t.Fatal(err)
	}
	c.Do(fmt.Sprintf("ALTER DATABASE mydb SESSION CLOSE %d", id))
	want(t, c, "SELECT COUNT(*) FROM V$SESSION", "1")
	want(t, c, "SELECT COUNT(*) FROM T1", "0")
	if err := tx.Commit(); err == nil {
		t.Error("COMMIT on a closed session succeeded")
	}
	if _, err := tx.Exec("SELECT 1 FROM DUAL"); err == nil {
		t.Error("a closed session still answers")
	}
	want(t, c, "SELECT COUNT(*) FROM T1", "0")
	// Other users may not.
	c.Do("CREATE USER U1 IDENTIFIED BY U1")
	try(t, s.Open(at.Dial{User: "U1", Password: "U1"}), "ALTER DATABASE mydb SESSION CLOSE 1", 0x311B1)
}

func TestCancel_LeavesASessionThatWorks(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{TimeScale: 1})
	p.s2.Kill9()
	p.n1.Do(alter("START RETRY"))
	const long = "SELECT COUNT(*) FROM (SELECT LEVEL FROM DUAL CONNECT BY LEVEL <= 1000000000)"
	for _, st := range []string{alter("FLUSH ALL"), alter("FLUSH"), long} {
		c := p.s1.Open(at.Dial{})
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		begin := time.Now()
		err := c.Try(ctx, st)
		cancel()
		if d := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || d > soon {
			t.Errorf("%s: %v after %s, want a deadline at 200 ms", st, err, d)
		}
		want(t, c, "SELECT 1 FROM DUAL", "1") // the session is as good as before
		c.Do("ALTER SESSION SET QUERY_TIMEOUT = 1")
		begin = time.Now()
		try(t, c, st, 0x01044)
		if d := time.Since(begin); d > soon {
			t.Errorf("%s with QUERY_TIMEOUT = 1 took %s", st, d)
		}
		want(t, c, "SELECT 1 FROM DUAL", "1")
	}
	// A writing statement that is cancelled leaves nothing.
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if err := p.n1.Try(ctx, many(1000000000)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a cancelled INSERT: %v", err)
	}
	want(t, p.n1, "SELECT COUNT(*) FROM T1", "0")
	p.n1.Do("INSERT INTO T1 VALUES (1, 'x', 1)")
}

// A client that dies takes its running statement and its session with it.
func TestClientThatDies_TakesItsStatementAndSessionWithIt(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.s2.Kill9()
	p.n1.Do(alter("START RETRY"))
	other := at.ClientProcess(t, p.s1, alter("FLUSH ALL"))
	p.n1.Until(soon, "SELECT COUNT(*) FROM V$SESSION", "2")
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait()
	p.n1.Until(soon, "SELECT COUNT(*) FROM V$SESSION", "1")
}

func TestQueryTimeout_SetForTheServer_ReachesNewSessions(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 1, at.Options{})[0]
	c := s.Open(at.Dial{})
	try(t, c, "ALTER SYSTEM SET QUERY_TIMEOUT = -1", 0x01066)
	try(t, c, "ALTER SESSION SET AUTOCOMMIT = FALSE", 0x4109C)
	c.Do("ALTER SYSTEM SET QUERY_TIMEOUT = 77")
	const mine = "SELECT QUERY_TIME_LIMIT FROM V$SESSION WHERE ID = SESSION_ID()"
	want(t, c, mine, "600") // open sessions keep theirs
	want(t, s.Open(at.Dial{}), mine, "77")
}

func TestServerThatWasKilled_CutsSessionsAndRefusesLogins(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 1, at.Options{})[0]
	c := s.Open(at.Dial{})
	s.Kill9()
	if err := c.Try(context.Background(), "SELECT 1 FROM DUAL"); err == nil || err.Error() != "driver: bad connection" {
		t.Errorf("a statement after the server was killed: %v", err)
	}
	_, err := s.Connect(at.Dial{})
	var e *odbc.Error
	if !errors.As(err, &e) || e.Diag[0].State != "08001" {
		t.Errorf("a login after the server was killed: %v", err)
	}
}

func TestSettings_ThatAreWrong_AreAllNamedAtOnce(t *testing.T) {
	t.Parallel()
	out := at.Run(t, "ALTISIM_TIME_SCALE=x", "ALTISIM_HOSTS=a", "ALTIBASE_PORT_NO=70000", "ALTISIM_LOG=loud")
	for _, part := range []string{"ALTISIM_DATA_DIR", "ALTISIM_TIME_SCALE", "ALTISIM_HOSTS", "ALTIBASE_PORT_NO", "ALTISIM_LOG"} {
		if !strings.Contains(out, part) {
			t.Errorf("%s is not in %q", part, out)
		}
	}
	s := at.Start(t, 1, at.Options{})[0]
	if out := at.Run(t, "ALTISIM_DATA_DIR="+s.DataDir); !strings.Contains(out, "in use by another server") {
		t.Errorf("a second server on the same data: %q", out)
	}
}

func TestReplicationPort0_SwitchesReplicationOff(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.s1.SetEnv("ALTIBASE_REPLICATION_PORT_NO", "0")
	p.s1.Kill9()
	p.s1.Restart()
	try(t, p.s1.Open(at.Dial{}), alter("START"), 0x61023)
	if err := p.n2.Try(context.Background(), alter("START")); at.Code(err) != 0x6100D {
		t.Errorf("START to a peer without replication: %v", err)
	}
}
