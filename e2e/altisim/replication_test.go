package main_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	at "aku/e2e/altisim/altisimtest"
)

func TestCreateReplication_OfWhatCannotBe_IsRefused(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 1, at.Options{})[0]
	c := s.Open(at.Dial{})
	c.Do(table, "CREATE TABLE TNOPK (C1 INTEGER)", "CREATE USER U1 IDENTIFIED BY U1")
	with := "CREATE REPLICATION AKU_REP_01 WITH '127.0.0.1',22301 FROM "
	long := strings.Repeat("h", 63)
	for _, step := range []struct {
		statement string
		code      int
	}{
		{with + "SYS.TNOPK TO SYS.TNOPK", 0x61113},
		{with + "SYS.NOSUCH TO SYS.NOSUCH", 0x61111},
		{with + "NOUSER.T1 TO SYS.T1", 0x6110F},
		{with + "SYS.T1 TO SYS.T1", 0},
		{with + "SYS.T1 TO SYS.T1", 0x61100},
		{"CREATE REPLICATION AKU_REP_99 WITH '127.0.0.1',22301 FROM SYS.T1 TO SYS.T1", 0x6110C},
		{"CREATE REPLICATION AKU_REP_98 WITH '" + long + "',22301 FROM SYS.T1 TO SYS.T1", 0x3118B},
		{"ALTER SYSTEM SET REPLICATION_ALLOW_DUPLICATE_HOSTS = 1", 0},
		{"CREATE REPLICATION AKU_REP_99 WITH '127.0.0.1',22301 FROM SYS.T1 TO SYS.T1", 0},
		{"CREATE REPLICATION \"aku_q\" WITH 'no-such-host.invalid',22301 FROM SYS.T1 TO SYS.T1;", 0},
		{"DROP REPLICATION aku_q", 0x6111B},
		{"DROP REPLICATION \"aku_q\"", 0},
		{"DROP REPLICATION aku_rep_99", 0},
		{"DROP REPLICATION NOSUCH", 0x6111B},
		{"ALTER REPLICATION NOSUCH START", 0x6111B},
		{"ALTER REPLICATION NOSUCH STOP", 0x6111B},
		{"ALTER REPLICATION NOSUCH RESET", 0x6111B},
		{"ALTER REPLICATION NOSUCH FLUSH", 0x6111B},
		{"ALTER REPLICATION NOSUCH SYNC", 0x61126},
		{alter("DROP HOST 'x',23301"), 0x6111F},
		{alter("ADD HOST 'alti-n3',23301"), 0},
		{alter("SET HOST '127.0.0.1',23301"), 0x6111F},
		{alter("DROP HOST 'alti-n3',23301"), 0},
		{alter("SYNC TABLE SYS.T9"), 0x61111},
		{alter("SYNC TABLE SYS.TNOPK"), 0x6111A},
		{alter("DROP HOST '127.0.0.1',22301"), 0x610B9},
		{alter("FLY"), 0x31001},
	} {
		try(t, c, step.statement, step.code)
	}
	want(t, c, "SELECT * FROM SYSTEM_.SYS_REPLICATIONS_", "AKU_REP_01|2|1|0|-1|1|0|0|0|0|0|-|-|-|0|0|-1|-|-1|0|0")
	want(t, c, "SELECT * FROM SYSTEM_.SYS_REPL_HOSTS_", "2|AKU_REP_01|127.0.0.1|22301|TCP|N/A")
	want(t, c, "SELECT REPLICATION_NAME, LOCAL_USER_NAME, LOCAL_TABLE_NAME, LOCAL_PARTITION_NAME, REMOTE_TABLE_NAME, IS_PARTITION, REPLICATION_UNIT FROM SYSTEM_.SYS_REPL_ITEMS_",
		"AKU_REP_01|SYS|T1|-|T1|N|T")
	want(t, c, "SELECT TABLE_NAME, REPLICATION_COUNT FROM SYSTEM_.SYS_TABLES_", "T1|1", "TNOPK|0")
	want(t, c, "SELECT COUNT(*) FROM V$REPSENDER", "0")
	want(t, c, "SELECT COUNT(*) FROM V$REPGAP", "0")

	u := s.Open(at.Dial{User: "u1", Password: "u1"})
	for statement, code := range map[string]int{
		alter("START"): 0x31084, "CREATE REPLICATION XX WITH '127.0.0.1',25301 FROM SYS.T1 TO SYS.T1": 0x31084,
		"DROP REPLICATION AKU_REP_01": 0x31084, "ALTER SYSTEM SET ADMIN_MODE = 1": 0x311B1,
	} {
		try(t, u, statement, code)
	}
	want(t, u, "SELECT COUNT(*) FROM SYSTEM_.SYS_REPLICATIONS_", "1")
}

// The states of one object while its peer comes, goes and lacks the object.
func TestObject_StartedStoppedAndReset_ShowsItsState(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.n2.Do("DROP REPLICATION AKU_REP_01")

	err := p.n1.Try(context.Background(), alter("START"))
	if at.Code(err) != 0x6100D || !strings.Contains(err.Error(), "(Network error during receiving metadata ACK)") {
		t.Errorf("START without the peer's object: %v", err)
	}
	want(t, p.n1, repState, "0|-1")
	between(t, "START RETRY", took(p.s1, func() { try(t, p.n1, alter("START RETRY"), 0) }), 0, 900*time.Millisecond)
	want(t, p.n1, isStarted, "1")
	pinned := p.n1.Int(xsn)
	if pinned <= 0 {
		t.Errorf("START RETRY left XSN at %d, want now", pinned)
	}
	p.n1.Until(soon, "SELECT START_FLAG, NET_ERROR_FLAG, XSN, COMMIT_XSN, STATUS FROM V$REPSENDER", "0|1|-1|0|0")
	want(t, p.n1, "SELECT REP_SN, REP_GAP FROM V$REPGAP", "-1|17592186040333")
	for what, code := range map[string]int{"START": 0x6100A, "START RETRY": 0x6100A, "SYNC": 0x6100A, "SYNC PARALLEL 4": 0x6100A, "RESET": 0x6100A} {
		try(t, p.n1, alter(what), code)
	}
	try(t, p.n1, "DROP REPLICATION AKU_REP_01", 0x610FE)
	p.n1.Until(soon, sender, "2|1") // after the first retry

	try(t, p.n1, alter("STOP"), 0)
	want(t, p.n1, repState, fmt.Sprintf("0|%d", pinned))
	want(t, p.n1, "SELECT COUNT(*) FROM V$REPSENDER", "0")
	try(t, p.n1, alter("STOP"), 0x61027)
	for _, what := range []string{"FLUSH", "FLUSH ALL", "FLUSH WAIT 3"} {
		try(t, p.n1, alter(what), 0x61027)
	}
	try(t, p.n1, alter("RESET"), 0)
	try(t, p.n1, alter("RESET"), 0)
	want(t, p.n1, repState, "0|-1")

	p.n2.Do(create(p.s2, "AKU_REP_01", 0, "T1"))
	between(t, "START", took(p.s1, func() { p.n1.Do(alter("START")) }), 0, 2*time.Second)
	want(t, p.n1, sender, "1|0")
	p.n1.Until(soon, "SELECT REP_LAST_SN - REP_SN, REP_GAP, REP_GAP_SIZE FROM V$REPGAP", "0|0|0")
	want(t, p.n1, "SELECT SYNC_TABLE, SYNC_RECORD_COUNT FROM V$REPSYNC", "T1|-1")
	want(t, p.n2, "SELECT REP_NAME, INSERT_SUCCESS_COUNT FROM V$REPRECEIVER", "AKU_REP_01|0")
	want(t, p.n2, repState, "0|-1")

	p.n1.Do("INSERT INTO T1 VALUES (1, 'from n1', NULL)")
	p.n2.Until(soon, "SELECT * FROM T1", "1|from n1|-")
	p.n1.Do(alter("STOP"), "INSERT INTO T1 VALUES (2, 'while stopped', NULL)")
	want(t, p.n1, "SELECT COUNT(*) FROM V$REPGAP", "0")
	p.n1.Do(alter("START"))
	p.n2.Until(soon, "SELECT C1 FROM T1 ORDER BY 1", "1", "2")

	// RESET gives up what was not sent; START after it begins at now.
	p.n1.Do(alter("STOP"), "INSERT INTO T1 VALUES (3, 'lost', NULL)", alter("RESET"), alter("START"), "INSERT INTO T1 VALUES (4, 'sent', NULL)")
	p.n2.Until(soon, "SELECT C1 FROM T1 ORDER BY 1", "1", "2", "4")
}

func TestPeerThatIsDown_StopsNothingAndLosesNothing(t *testing.T) {
	t.Parallel()
	// A sender tries again after half a minute: on a busy machine a server may need seconds to start and wake it.
	p := newPair(t, at.Options{TimeScale: 0.5})
	p.n1.Do(alter("START"))
	p.n2.Do(alter("START"))
	p.n1.Do("INSERT INTO T1 VALUES (1, 'x', 1)", alter("FLUSH"))
	p.n2.Until(soon, "SELECT COUNT(*) FROM T1", "1")
	p.s2.Kill9()
	p.n1.Until(soon, sender, "2|1")
	p.n1.Until(soon, "SELECT COUNT(*) FROM V$REPRECEIVER", "0")
	kept := p.n1.Int(xsn)
	p.n1.Do("INSERT INTO T1 VALUES (2, 'peer is down', 1)")
	if gap := p.n1.Int("SELECT REP_GAP_SIZE FROM V$REPGAP"); gap <= 0 {
		t.Errorf("gap %d, want more than 0", gap)
	}
	want(t, p.n1, "SELECT REP_GAP FROM V$REPGAP", "1")
	between(t, "FLUSH WAIT 3", took(p.s1, func() { try(t, p.n1, alter("FLUSH WAIT 3"), 0x61075) }), 3*time.Second, 5*time.Second)
	limited := p.s1.Open(at.Dial{}) // the limit is for this one statement
	limited.Do("ALTER SESSION SET QUERY_TIMEOUT = 4")
	between(t, "FLUSH ALL", took(p.s1, func() { try(t, limited, alter("FLUSH ALL"), 0x01044) }), 4*time.Second, 6*time.Second)
	try(t, p.n1, alter("START"), 0x6100A)
	p.n1.Do(alter("STOP"))
	want(t, p.n1, repState, fmt.Sprintf("0|%d", kept))
	for _, what := range []string{"START", "SYNC", "SYNC PARALLEL 4"} {
		err := p.n1.Try(context.Background(), alter(what))
		if at.Code(err) != 0x6100D || !strings.Contains(err.Error(), "(Handshake Process Error)") {
			t.Errorf("%s with the peer down: %v", what, err)
		}
	}
	want(t, p.n1, repState, fmt.Sprintf("0|%d", kept))
	p.n1.Do(alter("START RETRY"))
	want(t, p.n1, repState, fmt.Sprintf("1|%d", kept))
	want(t, p.n1, "SELECT REP_SN FROM V$REPGAP", "-1")

	// The peer's own sender starts by itself and wakes this one, long before the retry is due.
	begin := time.Now()
	p.s2.Restart()
	n2 := p.s2.Open(at.Dial{})
	n2.Until(soon, "SELECT C1 FROM T1 ORDER BY 1", "1", "2")
	p.n1.Until(soon, sender, "1|0")
	n2.Until(soon, sender, "1|0")
	if waited := time.Since(begin); waited > p.s1.Wait(50*time.Second) {
		t.Errorf("the sleeping sender was not woken: it took %s", waited)
	}
	n2.Do("INSERT INTO T1 VALUES (3, 'from n2', 1)")
	p.n1.Until(soon, "SELECT COUNT(*) FROM T1", "3")
	p.n1.Do(alter("STOP"), "DROP REPLICATION AKU_REP_01")
	n2.Until(soon, sender, "2|1") // its receiver is gone
	p.s2.Kill9()
}

func TestDrop_WithThePeerDown_WantsTheObjectStopped(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.s2.Kill9()
	p.n1.Do(alter("START RETRY"))
	try(t, p.n1, "DROP REPLICATION AKU_REP_01", 0x610FE)
	p.n1.Do(alter("STOP"), "DROP REPLICATION AKU_REP_01")
	want(t, p.n1, "SELECT COUNT(*) FROM SYSTEM_.SYS_REPL_ITEMS_", "0")
}

// What the receiver compares, and how the sender is told.
func TestStart_BesideTablesThatDiffer_SaysHow(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 2, at.Options{})
	n1, n2 := s[0].Open(at.Dial{}), s[1].Open(at.Dial{})
	n1.Do("CREATE TABLE T3 (C1 INTEGER PRIMARY KEY, C2 VARCHAR(20))", "CREATE TABLE TX (C1 INTEGER PRIMARY KEY)", create(s[0], "AKU_REP_01", 1, "T3"))
	n2.Do("CREATE TABLE TX (C1 INTEGER PRIMARY KEY)")
	for _, c := range []struct {
		name, table, why string
		items            []string
	}{
		{"size", "T3 (C1 INTEGER PRIMARY KEY, C2 VARCHAR(10))", "(The column size of the replicated table does not match. " +
			"[T3(Name:C2, Size:22, Precision:20, Scale:0):T3(Name:C2, Size:12, Precision: 10, Scale: 0)].)", []string{"T3"}},
		{"type", "T3 (C1 INTEGER PRIMARY KEY, C2 INTEGER)", "(The column type of the replicated table does not match. [T3.C2(12):T3.C2(4)].)", []string{"T3"}},
		{"key type", "T3 (C1 BIGINT PRIMARY KEY, C2 VARCHAR(20))",
			"(The column type of the replicated table does not match. [T3.C1(4):T3.C1(4294967291)].)", []string{"T3"}},
		{"count", "T3 (C1 INTEGER PRIMARY KEY, C2 VARCHAR(20))", "(The replication's item count does not match [1:2].)", []string{"T3", "TX"}},
		{"other table", "T3 (C1 INTEGER PRIMARY KEY, C2 VARCHAR(20))", "(Internal server error in replication module (Table is different.).)", []string{"TX"}},
	} {
		n2.Do("CREATE TABLE "+c.table, create(s[1], "AKU_REP_01", 0, c.items...))
		for _, what := range []string{"START", "SYNC"} {
			err := n1.Try(context.Background(), alter(what))
			if at.Code(err) != 0x6100D || !strings.Contains(err.Error(), c.why) {
				t.Errorf("%s: %s: %v, want %s", c.name, what, err, c.why)
			}
		}
		want(t, n1, repState, "0|-1")
		want(t, n1, "SELECT COUNT(*) FROM V$REPSENDER", "0")
		n2.Do("DROP REPLICATION AKU_REP_01", "DROP TABLE T3")
	}
	// Fewer columns are not a fault.
	n2.Do("CREATE TABLE T3 (C1 INTEGER PRIMARY KEY)", create(s[1], "AKU_REP_01", 0, "T3"))
	n1.Do(alter("START"), "INSERT INTO T3 VALUES (1, 'a')", "UPDATE T3 SET C2 = 'b'", "INSERT INTO T3 VALUES (2, 'a')")
	n2.Until(soon, "SELECT * FROM T3", "1", "2")
}

func TestAddTable_OnOneSide_RefusesStartUntilTheOtherHasItToo(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{}, "CREATE TABLE T2 (C1 INTEGER PRIMARY KEY)")
	const add, drop = "ADD TABLE FROM SYS.T2 TO SYS.T2", "DROP TABLE FROM SYS.T2 TO SYS.T2"
	p.n1.Do("INSERT INTO T2 VALUES (1)", alter("START"), alter("STOP"))
	try(t, p.n1, alter(drop), 0x6111A)
	kept := p.n1.Int(xsn)
	p.n1.Do(alter(add), "INSERT INTO T1 VALUES (1, 'pending', 0)", "INSERT INTO T2 VALUES (2)")
	want(t, p.n1, "SELECT XSN, ITEM_COUNT FROM SYSTEM_.SYS_REPLICATIONS_", fmt.Sprintf("%d|2", kept))
	err := p.n1.Try(context.Background(), alter("START"))
	if at.Code(err) != 0x6100D || !strings.Contains(err.Error(), "item count does not match [2:1]") {
		t.Errorf("START with a table more: %v", err)
	}
	p.n2.Do(alter(add))
	p.n1.Do(alter("SYNC TABLE SYS.T2"))
	want(t, p.n1, isStarted, "1")
	p.n2.Until(soon, "SELECT C1 FROM T2 ORDER BY 1", "1", "2")
	p.n2.Until(soon, "SELECT C2 FROM T1", "pending")

	// While it is started: the sender rests, and is started anew when both sides agree again.
	p.n1.Do(alter(drop))
	p.n1.Until(soon, sender, "2|1")
	want(t, p.n1, isStarted, "1")
	p.n2.Do(alter(drop))
	p.n1.Do(alter("STOP"))
	want(t, p.n1, isStarted, "0")
	p.n1.Do(alter("START"))
	p.n1.Until(soon, sender, "1|0")
	p.n1.Do("INSERT INTO T2 VALUES (3)", "INSERT INTO T1 VALUES (2, 'on', 0)")
	p.n2.Until(soon, "SELECT C2 FROM T1 ORDER BY C1", "pending", "on")
	want(t, p.n2, "SELECT COUNT(*) FROM T2", "2")
}

// The name in the object is looked up at every connect, not when it is made.
func TestHostName_IsLookedUpAtEveryConnect(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 2, at.Options{Hosts: map[string]int{"alti-n2": 1}})
	n1, n2 := s[0].Open(at.Dial{}), s[1].Open(at.Dial{})
	n1.Do(table, fmt.Sprintf("CREATE REPLICATION AKU_REP_01 WITH 'no-such-host.invalid',%d FROM SYS.T1 TO SYS.T1", s[0].ReplicationPort))
	n2.Do(table, create(s[1], "AKU_REP_01", 0, "T1"))
	err := n1.Try(context.Background(), alter("START"))
	if at.Code(err) != 0x6100D || !strings.Contains(err.Error(), "(Handshake Process Error)") {
		t.Errorf("START with an unknown host: %v", err)
	}
	n1.Do(alter("START RETRY"))
	n1.Until(soon, "SELECT PEER_IP, PEER_PORT FROM V$REPSENDER", fmt.Sprintf("no-such-host.invalid|%d", s[0].ReplicationPort))
	n1.Do("INSERT INTO T1 VALUES (1, 'pinned', 0)", alter(fmt.Sprintf("ADD HOST 'alti-n2',%d", s[0].ReplicationPort)))
	n1.Until(soon, sender, "1|0")
	want(t, n1, "SELECT PEER_IP FROM V$REPSENDER", s[1].Host)
	n2.Until(soon, "SELECT C2 FROM T1", "pinned")
	want(t, n2, "SELECT MY_IP, PEER_IP FROM V$REPRECEIVER", s[1].Host+"|"+s[0].Host)
}

// STOPs on one server take turns; on different servers they do not.
func TestStops_OfOneServer_TakeTurns(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 3, at.Options{TimeScale: 0.2})
	var c []*at.Conn
	for i := range s {
		n := s[i].Open(at.Dial{})
		n.Do(table)
		for j := range s {
			if i != j {
				n.Do(create(s[i], fmt.Sprintf("R%d%d", min(i, j), max(i, j)), j, "T1"))
			}
		}
		c = append(c, n)
	}
	start := took(s[0], func() {
		together(t, s[0], "ALTER REPLICATION R01 START", "ALTER REPLICATION R02 START")
	})
	between(t, "two STARTs at once", start, 0, 1900*time.Millisecond)
	stop := took(s[0], func() {
		together(t, s[0], "ALTER REPLICATION R01 STOP", "ALTER REPLICATION R02 STOP")
	})
	between(t, "two STOPs at once", stop, 0, 2800*time.Millisecond)
	c[0].Do("ALTER REPLICATION R01 RESET", "ALTER REPLICATION R02 RESET")
}

// together runs statements in sessions of their own, all at once.
func together(t *testing.T, s *at.Server, statements ...string) {
	t.Helper()
	errs := make(chan error)
	for _, st := range statements {
		c := s.Open(at.Dial{})
		go func() { errs <- c.Try(context.Background(), st) }()
	}
	for range statements {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
