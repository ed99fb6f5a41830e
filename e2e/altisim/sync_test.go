package main_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	at "aku/e2e/altisim/altisimtest"
)

// many fills T1 with n rows.
func many(n int) string {
	return fmt.Sprintf("INSERT INTO T1 SELECT LEVEL, 'row', LEVEL FROM DUAL CONNECT BY LEVEL <= %d", n)
}

func TestSync_IntoATableWithRows_KeepsThem(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.n1.Do("INSERT INTO T1 VALUES (1, 'n1', 1), (2, 'n1', 2), (3, 'n1', 3)")
	p.n2.Do("INSERT INTO T1 VALUES (1, 'n2', 1)", "INSERT INTO T1 VALUES (77, 'only on n2', 1)")
	between(t, "SYNC", took(p.s1, func() { p.n1.Do(alter("SYNC")) }), 2*time.Second, 4*time.Second)
	want(t, p.n1, isStarted, "1")
	// Conflicting and extra rows of the target stay.
	want(t, p.n2, "SELECT C1, C2 FROM T1 ORDER BY 1", "1|n2", "2|n1", "3|n1", "77|only on n2")
	want(t, p.n1, "SELECT SYNC_TABLE, SYNC_RECORD_COUNT FROM V$REPSYNC", "T1|-1")
	for _, what := range []string{"SYNC", "SYNC PARALLEL 4", "SYNC ONLY"} {
		try(t, p.n1, alter(what), 0x6100A)
	}
	p.n1.Do("INSERT INTO T1 VALUES (4, 'after', 1)")
	p.n2.Until(soon, "SELECT COUNT(*) FROM T1 WHERE C1 = 4", "1")
	want(t, p.n2, "SELECT INSERT_SUCCESS_COUNT, INSERT_FAILURE_COUNT FROM V$REPRECEIVER", "1|0")

	before := p.n1.Int(xsn)
	p.n1.Do(alter("STOP"), alter("SYNC ONLY"))
	want(t, p.n1, isStarted, "0")
	if after := p.n1.Int(xsn); after <= before {
		t.Errorf("SYNC ONLY left XSN at %d, it was %d", after, before)
	}
	kept := p.n1.Int(xsn)
	p.n1.Do(alter("SYNC TABLE SYS.T1"))
	want(t, p.n1, repState, fmt.Sprintf("1|%d", kept))
	p.n1.Do(alter("STOP"), alter("RESET"), alter("SYNC PARALLEL 4"))
	want(t, p.n1, isStarted, "1")
}

// Rows written while the copy runs arrive exactly once, in order.
func TestSync_WhileWriting_BringsEachRowOnce(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{TimeScale: 1}) // a SYNC takes 2 s, and the writer comes to write
	p.n1.Do(many(3000))
	w := p.s1.Open(at.Dial{})
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				done <- n
				return
			default:
			}
			ctx := context.Background()
			err1 := w.Try(ctx, "INSERT INTO T1 VALUES (?, 'live', ?)", 10000+n, n)
			err2 := w.Try(ctx, "UPDATE T1 SET C3 = C3 + 1 WHERE C1 = ?", 1+n%3000)
			if err1 != nil || err2 != nil {
				t.Error(err1, err2)
			}
		}
	}()
	p.n1.Do(alter("SYNC PARALLEL 2"))
	close(stop)
	n := <-done
	if n == 0 {
		t.Fatal("nothing was written during the SYNC")
	}
	const sums = "SELECT COUNT(*), SUM(C1), SUM(C3) FROM T1"
	p.n2.Until(soon, sums, p.n1.Rows(sums)...)
	want(t, p.n2, "SELECT INSERT_FAILURE_COUNT, UPDATE_FAILURE_COUNT FROM V$REPRECEIVER", "0|0")
}

// A SYNC that is cut leaves its rows on the target and the object as it was.
func TestSync_ThatIsCut_LeavesTheObjectAsItWas(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]struct {
		session string // run in the session first
		by      func(t *testing.T, p pair, syncing *at.Conn)
		code    int
	}{
		"stop": {by: func(t *testing.T, p pair, _ *at.Conn) { try(t, p.n1, alter("STOP"), 0) }, code: 0x61153},
		"peer": {by: func(_ *testing.T, p pair, _ *at.Conn) { p.s2.Kill9() }, code: 0x61153},
		"time": {session: "ALTER SESSION SET QUERY_TIMEOUT = 1", code: 0x01044},
		"client": {by: func(t *testing.T, p pair, _ *at.Conn) {
			id := p.n1.Int("SELECT MAX(ID) FROM V$SESSION")
			try(t, p.n1, fmt.Sprintf("ALTER DATABASE mydb SESSION CLOSE %d", id), 0)
		}, code: 0x01043},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// A SYNC takes 8 s here: it is still there to be cut when the machine is busy.
			p := newPair(t, at.Options{TimeScale: 4}, "INSERT INTO T1 VALUES (-1, 'x', 0)")
			p.n1.Do(many(1000), alter("START"), alter("STOP"))
			before := p.n1.Rows(repState)
			c, err := p.s1.Connect(at.Dial{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if cut.session != "" {
				c.Do(cut.session)
			}
			result := make(chan error)
			go func() { result <- c.Try(context.Background(), alter("SYNC PARALLEL 4")) }()
			p.n1.Until(soon, "SELECT START_FLAG, STATUS FROM V$REPSENDER", "2|6")
			if name != "time" {
				try(t, p.n1, alter("SYNC"), 0x6100A)
				try(t, p.n1, alter("START"), 0x6100A)
				want(t, p.n1, repState, before...)
				p.n2.Until(soon, "SELECT COUNT(*) FROM T1", "1001")
			}
			if cut.by != nil {
				cut.by(t, p, c)
			}
			if err := <-result; at.Code(err) != cut.code {
				t.Errorf("SYNC: %v, want ERR-%05X", err, cut.code)
			}
			want(t, p.n1, repState, before...)
			want(t, p.n1, "SELECT COUNT(*) FROM V$REPSENDER", "0")
			if name == "peer" {
				p.s2.Restart()
				p.n2 = p.s2.Open(at.Dial{})
			}
			if name != "time" { // there the rows may not all have been on their way
				want(t, p.n2, "SELECT COUNT(*) FROM T1", "1001")
			}
			p.n1.Do(alter("SYNC"))
		})
	}
}

func TestSync_WhoseClientCancels_IsCut(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{TimeScale: 4}) // a SYNC takes 8 s: it is still there to be cancelled
	c := p.s1.Open(at.Dial{})
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error)
	go func() { result <- c.Try(ctx, alter("SYNC")) }()
	p.n1.Until(soon, "SELECT STATUS FROM V$REPSENDER", "6")
	cancel()
	if err := <-result; err == nil {
		t.Error("a cancelled SYNC succeeded")
	}
	p.n1.Until(soon, "SELECT COUNT(*) FROM V$REPSENDER", "0")
	want(t, p.n1, repState, "0|-1")
	c.Rows("SELECT 1 FROM DUAL") // the session is as good as before
}

func TestSyncs_ToTwoPeers_RunAtTheSameTime(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 3, at.Options{})
	n1 := s[0].Open(at.Dial{})
	n1.Do(table, many(2000), create(s[0], "R1", 1, "T1"), create(s[0], "R2", 2, "T1"))
	var targets []*at.Conn
	for i := 1; i <= 2; i++ {
		c := s[i].Open(at.Dial{})
		c.Do(table, create(s[i], fmt.Sprintf("R%d", i), 0, "T1"))
		targets = append(targets, c)
	}
	n1.Do("ALTER SYSTEM SET REPLICATION_SYNC_LOCK_TIMEOUT = 3600")
	tx, _ := begin(t, s[0], "UPDATE T1 SET C3 = 0 WHERE C1 = 1") // neither ends before this does
	first, second := beside(s[0], "", "ALTER REPLICATION R1 SYNC"), beside(s[0], "", "ALTER REPLICATION R2 SYNC")
	n1.Until(soon, "SELECT COUNT(*) FROM V$REPSENDER WHERE STATUS = 6", "2")
	end(t, tx.Commit)
	ends(t, "a SYNC", first, 0)
	ends(t, "the other SYNC", second, 0)
	for _, c := range targets {
		want(t, c, "SELECT COUNT(*) FROM T1", "2000")
	}
	want(t, n1, "SELECT REP_NAME, STATUS FROM V$REPSENDER ORDER BY 1", "R1|1", "R2|1")
}
