package main_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	at "aku/e2e/altisim/altisimtest"
)

const (
	lastSN    = "SELECT REP_LAST_SN FROM V$REPGAP WHERE REP_NAME = 'AKU_REP_01'"
	committed = "SELECT COMMIT_XSN FROM V$REPSENDER WHERE REP_NAME = 'AKU_REP_01'"
	applied   = "SELECT APPLY_XSN FROM V$REPRECEIVER WHERE REP_NAME = 'AKU_REP_01'"
)

// The end of the log is acknowledged 6 s after the last write; FLUSH ALL waits for that.
func TestFlush_AfterAWrite_WaitsForTheKeepAlive(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{TimeScale: 1}) // FLUSH WAIT 3 must begin within 3 s of the write
	p.n1.Do(alter("START"))
	between(t, "a write and FLUSH ALL", took(p.s1, func() { p.n1.Do("INSERT INTO T1 VALUES (1, 'x', 1)", alter("FLUSH ALL")) }), 5*time.Second, 8*time.Second)
	for _, what := range []string{"FLUSH", "FLUSH ALL", "FLUSH WAIT 3", "FLUSH ALL WAIT 3"} {
		between(t, what+" again", took(p.s1, func() { p.n1.Do(alter(what)) }), 0, 2*time.Second)
	}
	p.n1.Do("INSERT INTO T1 VALUES (10, 'x', 1)")
	try(t, p.n1, alter("FLUSH ALL WAIT 3"), 0x61075)
	p.n1.Do("INSERT INTO T1 VALUES (11, 'x', 1)", alter("FLUSH ALL WAIT 100"))
	want(t, p.n2, "SELECT COUNT(*) FROM T1", "3")
	p.n1.Do("INSERT INTO T1 VALUES (12, 'x', 1)", alter("FLUSH"))
	want(t, p.n2, "SELECT COUNT(*) FROM T1", "4")
}

// What is sent is applied at once up to its last commit; the records that follow it, and those that are not sent, only
// count with the keep-alive.
func TestAppliedNumber_ComesToTheCommitAtOnceAndToTheEndWithTheKeepAlive(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{TimeScale: 1}, "CREATE TABLE OTHER (C1 INTEGER)")
	p.n1.Do(alter("START"))
	for i := range 20 {
		p.n1.Do(fmt.Sprintf("INSERT INTO T1 VALUES (%d, 'x', 1)", i))
		waitSent(t, p.n1)
		if waited := waitApplied(t, p.n2, p.n1.Int(committed)); waited > 4*time.Second {
			t.Errorf("write %d: applied after %s", i, waited)
		}
		want(t, p.n2, "SELECT COUNT(*) FROM T1", fmt.Sprint(i+1))
	}
	for _, st := range []string{"INSERT INTO T1 VALUES (1000, 'x', 1)", "INSERT INTO OTHER VALUES (1)", "CREATE TABLE ANOTHER (C1 INTEGER)"} {
		waitApplied(t, p.n2, p.n1.Int(lastSN))
		before := p.n1.Int(lastSN)
		began := time.Now()
		p.n1.Do(st)
		upTo := p.n1.Int(lastSN)
		if upTo <= before {
			t.Errorf("%s did not move the log on", st)
		}
		waitApplied(t, p.n2, upTo)
		between(t, st+" and the keep-alive", since(p.s1, began), time.Second, 7*time.Second)
	}
}

// waitSent waits until the sender has read all that is in the log now.
func waitSent(t *testing.T, c *at.Conn) {
	t.Helper()
	c.Until(soon, fmt.Sprintf("SELECT COUNT(*) FROM V$REPGAP WHERE REP_NAME = 'AKU_REP_01' AND REP_SN >= %d", c.Int(lastSN)), "1")
}

func waitApplied(t *testing.T, peer *at.Conn, upTo int64) time.Duration {
	t.Helper()
	begin := time.Now()
	for peer.Int(applied) < upTo {
		if time.Since(begin) > soon {
			t.Fatalf("APPLY_XSN %d does not reach %d", peer.Int(applied), upTo)
		}
	}
	return time.Since(begin)
}

// The moment the number is reached, every row is visible, whatever is going on. Up to the last commit it is reached soon;
// under writers the end of the log is never far behind.
func TestAppliedNumber_UnderWriters_IsNeverAheadOfTheRows(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.n1.Do(alter("START"))
	p.n2.Do(alter("START"))
	stop := make(chan struct{})
	const writers = 4
	done := make(chan struct{}, writers)
	for w := range writers {
		c := p.s1.Open(at.Dial{})
		go func() {
			defer func() { done <- struct{}{} }()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := c.Try(context.Background(), "INSERT INTO T1 VALUES (?, 'w', 1)", w*1000000+i); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	for range 20 {
		rows := p.n1.Int("SELECT COUNT(*) FROM T1")
		waitSent(t, p.n1)
		waitApplied(t, p.n2, p.n1.Int(committed))
		if got := p.n2.Int("SELECT COUNT(*) FROM T1"); got < rows {
			t.Fatalf("the number is reached but only %d of %d rows are there", got, rows)
		}
	}
	close(stop)
	for range writers {
		<-done
	}
	p.n2.Until(soon, "SELECT COUNT(*) FROM T1", p.n1.Rows("SELECT COUNT(*) FROM T1")...)
}

// What came from a peer is not sent on.
func TestReceivedChange_IsNotSentOn(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 3, at.Options{})
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
	c[0].Do("ALTER REPLICATION R01 START", "ALTER REPLICATION R02 START")
	c[1].Do("ALTER REPLICATION R12 START", "INSERT INTO T1 VALUES (1, 'n2', 0)")
	c[0].Do("INSERT INTO T1 VALUES (2, 'n1', 0)")
	c[2].Until(soon, "SELECT C1 FROM T1 ORDER BY 1", "1", "2")
	c[1].Until(soon, "SELECT C1 FROM T1 ORDER BY 1", "1", "2")
	c[0].Do("ALTER REPLICATION R02 STOP", "INSERT INTO T1 VALUES (3, 'n3 link stopped', 0)")
	c[1].Until(soon, "SELECT C1 FROM T1 ORDER BY 1", "1", "2", "3")
	c[1].Do("ALTER REPLICATION R12 FLUSH") // whatever n2 had to send is there
	want(t, c[2], "SELECT C1 FROM T1 ORDER BY 1", "1", "2")
	c[0].Do("ALTER REPLICATION R02 START")
	c[2].Until(soon, "SELECT C1 FROM T1 ORDER BY 1", "1", "2", "3")
}

func TestConflict_IsSkippedAndCounted(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.n1.Do("INSERT INTO T1 VALUES (1, 'n1', 1), (2, 'n1', 2), (3, 'n1', 3), (4, 'n1', NULL)")
	p.n2.Do("INSERT INTO T1 VALUES (1, 'n2', 1), (3, 'n2', 3), (4, 'n1', NULL), (9, 'n2', 9)")
	p.n1.Do(alter("START"),
		"INSERT INTO T1 VALUES (9, 'n1', 0)",    // exists: skipped
		"UPDATE T1 SET C2 = 'new' WHERE C1 = 1", // other value in the changed column: skipped
		"UPDATE T1 SET C3 = 33 WHERE C1 = 3",    // the changed column is as it was: made
		"UPDATE T1 SET C3 = 44 WHERE C1 = 4",    // NULL before
		"UPDATE T1 SET C3 = 22 WHERE C1 = 2",    // no such row: skipped
		"DELETE FROM T1 WHERE C1 = 2",           // no such row: skipped
		"UPDATE T1 SET C1 = 5 WHERE C1 = 4",     // the key itself
		"DELETE FROM T1 WHERE C1 = 3",
		"INSERT INTO T1 VALUES (100, 'last', 0)")
	p.n2.Until(soon, "SELECT * FROM T1 ORDER BY 1", "1|n2|1", "5|n1|44", "9|n2|9", "100|last|0")
	want(t, p.n2, `SELECT INSERT_SUCCESS_COUNT, INSERT_FAILURE_COUNT, UPDATE_SUCCESS_COUNT, UPDATE_FAILURE_COUNT, DELETE_SUCCESS_COUNT, DELETE_FAILURE_COUNT
		FROM V$REPRECEIVER`, "1|1|3|2|1|1")
	// The sender's session decides whether its changes are sent.
	c := p.s1.Open(at.Dial{})
	c.Do("ALTER SESSION SET REPLICATION = FALSE", "INSERT INTO T1 VALUES (600, 'not sent', 0)", "DELETE FROM T1 WHERE C1 = 100",
		"ALTER SESSION SET REPLICATION = TRUE", "INSERT INTO T1 VALUES (601, 'sent', 0)")
	p.n2.Until(soon, "SELECT C1 FROM T1 WHERE C1 >= 100 ORDER BY 1", "100", "601")
}

// One transaction arrives as one, also when it is large, and in commit order.
func TestTransaction_Large_ArrivesWholeAndInCommitOrder(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.n1.Do(alter("START"))
	ctx := context.Background()
	tx, err := p.s1.Open(at.Dial{}).BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 700 {
		if _, err := tx.Exec("INSERT INTO T1 VALUES (?, 'tx', 1)", i); err != nil {
			t.Fatal(err)
		}
		if i == 350 {
			p.n1.Do("INSERT INTO T1 VALUES (1000, 'between', 1)")
		}
	}
	p.n2.Until(soon, "SELECT COUNT(*) FROM T1", "1")
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	for {
		n := p.n2.Int("SELECT COUNT(*) FROM T1")
		if n == 701 {
			break
		}
		if n != 1 {
			t.Fatalf("%d rows: a part of the transaction is visible", n)
		}
	}
	tx, err = p.n1.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("DELETE FROM T1"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	p.n1.Do("INSERT INTO T1 VALUES (2000, 'after', 1)")
	p.n2.Until(soon, "SELECT COUNT(*) FROM T1", "702")
}

// Values of all types arrive as they were.
func TestValues_OfAllTypes_ArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 2, at.Options{})
	const def = `CREATE TABLE TT (K1 INTEGER, K2 VARCHAR(10), C_BIG BIGINT, C_NUM NUMBER(20,0), C_DEC NUMERIC(10,2), C_DBL DOUBLE, C_CHAR CHAR(5),
		C_VAR VARCHAR(200), C_DATE DATE DEFAULT SYSDATE, C_SMALL SMALLINT, PRIMARY KEY (K1, K2))`
	n1, n2 := s[0].Open(at.Dial{}), s[1].Open(at.Dial{})
	n1.Do(def, create(s[0], "AKU_REP_01", 1, "TT"))
	n2.Do(def, create(s[1], "AKU_REP_01", 0, "TT"))
	n1.Do("INSERT INTO TT VALUES (1, 'copied', 9223372036854775807, 12345678901234567890, 1.25, 0.1, 'ab', 'it''s \"q\"; é', SYSDATE, 7)",
		alter("SYNC"),
		"INSERT INTO TT VALUES (2, 'sent', -9223372036854775807, 123456789012345678, -0.01, 1e300, NULL, '', SYSDATE, NULL)",
		"INSERT INTO TT (K1, K2) VALUES (3, 'defaults')",
		"UPDATE TT SET C_DBL = C_DBL / 3, C_DEC = 99.99, C_VAR = 'x' WHERE K1 = 1",
		"UPDATE TT SET C_DBL = C_DBL * 3 WHERE K1 = 1")
	n2.Until(soon, "SELECT COUNT(*) FROM TT", "3")
	n2.Until(soon, "SELECT * FROM TT ORDER BY K1", n1.Rows("SELECT * FROM TT ORDER BY K1")...)
	want(t, n2, "SELECT UPDATE_FAILURE_COUNT FROM V$REPRECEIVER", "0")
}
