package main_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to look into a server's files

	at "aku/e2e/altisim/altisimtest"
)

// kill -9 at any moment loses no acknowledged row, here or on the peer.
func TestKill_WhileWriting_LosesNoAcknowledgedRow(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.n1.Do(alter("START"))
	next, acknowledged := 0, 0
	for round := range 4 {
		c := p.s1.Open(at.Dial{})
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for ; c.Try(context.Background(), "INSERT INTO T1 VALUES (?, 'x', 1)", next) == nil; next++ {
				acknowledged++
			}
		}()
		p.n2.Until(soon, fmt.Sprintf("SELECT COUNT(*) FROM T1 WHERE C1 = %d", round*100+50), "1")
		if round == 2 {
			p.s2.Kill9()
			p.s2.Restart()
			p.n2 = p.s2.Open(at.Dial{})
		}
		p.s1.Kill9()
		<-stopped
		p.s1.Restart()
		n1 := p.s1.Open(at.Dial{})
		if got := n1.Int("SELECT COUNT(*) FROM T1"); got < int64(acknowledged) {
			t.Fatalf("round %d: %d rows after the kill, %d were acknowledged", round, got, acknowledged)
		}
		next = max(int(n1.Int("SELECT MAX(C1) + 1 FROM T1")), round*100+100)
		p.n2.Until(soon, "SELECT COUNT(*), SUM(C1) FROM T1", n1.Rows("SELECT COUNT(*), SUM(C1) FROM T1")...)
	}
}

// What was started starts again by itself, what was stopped or reset does not.
func TestRestart_StartsWhatWasStartedAndNothingElse(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{}, "CREATE TABLE T2 (C1 INTEGER PRIMARY KEY)", "CREATE TABLE T3 (C1 INTEGER PRIMARY KEY)")
	for _, c := range []*at.Conn{p.n1, p.n2} {
		c.Do("ALTER SYSTEM SET REPLICATION_ALLOW_DUPLICATE_HOSTS = 1")
	}
	p.n1.Do(create(p.s1, "R2", 1, "T2"), create(p.s1, "R3", 1, "T3"))
	p.n2.Do(create(p.s2, "R2", 0, "T2"), create(p.s2, "R3", 0, "T3"))
	p.n1.Do(alter("START"), "ALTER REPLICATION R2 START", "ALTER REPLICATION R2 STOP", "ALTER REPLICATION R3 START",
		"ALTER REPLICATION R3 STOP", "ALTER REPLICATION R3 RESET", "INSERT INTO T2 VALUES (1)", "INSERT INTO T3 VALUES (1)",
		"ALTER SYSTEM SET QUERY_TIMEOUT = 77")
	kept := p.n1.Rows("SELECT REPLICATION_NAME, IS_STARTED, XSN FROM SYSTEM_.SYS_REPLICATIONS_ WHERE REPLICATION_NAME <> 'AKU_REP_01' ORDER BY 1")
	started := p.n1.Int("SELECT STARTUP_TIME_SEC FROM V$INSTANCE")
	p.s1.Kill9()
	p.s1.Restart()
	n1 := p.s1.Open(at.Dial{})
	if again := n1.Int("SELECT STARTUP_TIME_SEC FROM V$INSTANCE"); again <= started {
		t.Errorf("start time %d after %d", again, started)
	}
	want(t, n1, "SELECT REPLICATION_NAME, IS_STARTED, XSN FROM SYSTEM_.SYS_REPLICATIONS_ WHERE REPLICATION_NAME <> 'AKU_REP_01' ORDER BY 1", kept...)
	want(t, n1, "SELECT VALUE1 FROM V$PROPERTY WHERE NAME = 'QUERY_TIMEOUT'", "600")
	n1.Until(soon, "SELECT REP_NAME, STATUS FROM V$REPSENDER", "AKU_REP_01|1")
	n1.Do("INSERT INTO T1 VALUES (1, 'goes on', 0)", "ALTER REPLICATION R2 START", "ALTER REPLICATION R3 START")
	p.n2.Until(soon, "SELECT COUNT(*) FROM T1", "1")
	p.n2.Until(soon, "SELECT COUNT(*) FROM T2", "1") // pending over the restart
	n1.Do("INSERT INTO T3 VALUES (2)")
	p.n2.Until(soon, "SELECT C1 FROM T3", "2") // 1 was reset
}

func TestShutdown_BlocksUntilItIsDoneAndIsForSYSDBA(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{Env: []string{"ALTIBASE_ADMIN_MODE=0"}})
	p.n1.Do(alter("START"), "INSERT INTO T1 VALUES (1, 'x', 1)")
	for _, how := range []string{"IMMEDIATE", "NORMAL"} {
		try(t, p.n1, "ALTER DATABASE mydb SHUTDOWN "+how, 0x311B1)
	}
	try(t, p.n1, "ALTER DATABASE other SESSION CLOSE 1", 0x31184)
	dba := p.s1.Open(at.Dial{Sysdba: true})
	result := make(chan error, 1)
	begin := time.Now()
	go func() { result <- dba.Try(context.Background(), "ALTER DATABASE mydb SHUTDOWN IMMEDIATE") }()
	for p.n1.Try(context.Background(), "SELECT 1 FROM DUAL") == nil {
	}
	if _, err := p.s1.Connect(at.Dial{}); err == nil {
		t.Error("a login during SHUTDOWN succeeded")
	}
	if err := <-result; err != nil {
		t.Errorf("SHUTDOWN IMMEDIATE: %v", err)
	}
	between(t, "SHUTDOWN IMMEDIATE", since(p.s1, begin), 8*time.Second, 20*time.Second)
	if code := p.s1.WaitExit(soon); code != 0 {
		t.Errorf("exit code %d after SHUTDOWN", code)
	}
	p.s1.Restart()
	n1 := p.s1.Open(at.Dial{})
	n1.Until(soon, sender, "1|0") // it was started, so it starts again
	begin = time.Now()
	if code := p.s1.Stop(); code != 143 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
	if d := time.Since(begin); d > soon {
		t.Errorf("SIGTERM took %s", d)
	}
}

// A peer that hangs without closing its connections is given up after a while,
// and comes back when it answers again.
func TestPeerThatHangs_CountsAsGoneAfterAWhile(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{TimeScale: 0.01})
	p.n1.Do(alter("START"))
	p.n2.Do(alter("START"))
	p.s2.Pause()
	defer p.s2.Resume()
	p.n1.Do("INSERT INTO T1 VALUES (1, 'x', 1)")
	want(t, p.n1, sender, "1|0")
	p.n1.Until(2*soon, sender, "2|1")
	p.n1.Until(2*soon, "SELECT COUNT(*) FROM V$REPRECEIVER", "0")
	between(t, "STOP", took(p.s1, func() { p.n1.Do(alter("STOP")) }), 0, 100*time.Second)
	p.n1.Do(alter("START RETRY"))
	p.s2.Resume()
	p.n2.Until(soon, "SELECT COUNT(*) FROM T1", "1")
}

// The log does not grow for ever: what no object needs is forgotten.
func TestLog_ThatNobodyNeeds_IsForgotten(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{TimeScale: 0.01})
	p.n1.Do("ALTER SESSION SET QUERY_TIMEOUT = 0") // by default it is 6 s here
	p.n1.Do(alter("START"), many(5000), alter("FLUSH"))
	p.s1.Kill9()
	if n := logRecords(t, p.s1.DataDir); n > 500 {
		t.Errorf("%d log records are left after all was acknowledged", n)
	}
}

// logRecords counts the records in the log of a server that does not run.
func logRecords(t *testing.T, dataDir string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dataDir, "altisim.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT COUNT(*) FROM _log").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
