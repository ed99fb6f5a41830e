package main_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	at "aku/e2e/altisim/altisimtest"
)

const (
	openTransactions = "SELECT SESSION_ID FROM V$TRANSACTION WHERE FIRST_UPDATE_TIME > 0 ORDER BY ID"
	inserts          = "SELECT INSERT_SUCCESS_COUNT, INSERT_FAILURE_COUNT FROM V$REPRECEIVER"
)

// begin opens a transaction in a session of its own and runs statements in it.
func begin(t *testing.T, s *at.Server, statements ...string) (tx *sql.Tx, session string) {
	t.Helper()
	c := s.Open(at.Dial{})
	session = c.Rows("SELECT SESSION_ID() FROM DUAL")[0]
	tx, err := c.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	for _, st := range statements {
		in(t, tx, st)
	}
	return tx, session
}

func in(t *testing.T, tx *sql.Tx, statement string) {
	t.Helper()
	rows, err := tx.Query(statement)
	if err != nil && err.Error() == "Stmt did not create a result set" {
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	for rows.Next() {
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func end(t *testing.T, f func() error) {
	t.Helper()
	if err := f(); err != nil {
		t.Fatal(err)
	}
}

// beside runs a statement in a session of its own; the channel gives its error.
func beside(s *at.Server, before, statement string) <-chan error {
	c := s.Open(at.Dial{})
	if before != "" {
		c.Do(before)
	}
	done := make(chan error, 1)
	go func() { done <- c.Try(context.Background(), statement) }()
	return done
}

// waiting waits until so many transactions of a server wait for locks.
func waiting(c *at.Conn, transactions string) {
	c.Until(soon, "SELECT COUNT(DISTINCT TRANS_ID) FROM V$LOCK_WAIT", transactions)
}

func stillRuns(t *testing.T, what string, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		t.Errorf("%s has ended: %v", what, err)
	default:
	}
}

func ends(t *testing.T, what string, done <-chan error, code int) {
	t.Helper()
	select {
	case err := <-done:
		if at.Code(err) != code {
			t.Errorf("%s: %v, want ERR-%05X", what, err, code)
		}
	case <-time.After(soon):
		t.Fatalf("%s has not ended after %s", what, soon)
	}
}

// Who writes, or reads for update, has a time of a first update; who reads or has locked a table has none.
func TestTransactionView_ShowsWhenATransactionFirstWrote(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 1, at.Options{})[0]
	c := s.Open(at.Dial{})
	c.Do(table, "INSERT INTO T1 VALUES (1, 'one', 1)", "CREATE TABLE TQ (C1 INTEGER)")
	a, as := begin(t, s, "INSERT INTO T1 VALUES (2, 'open', 2)")
	r, rs := begin(t, s, "SELECT COUNT(*) FROM T1")
	f, fs := begin(t, s, "SELECT C1 FROM T1 WHERE C1 = 1 FOR UPDATE")
	l, ls := begin(t, s, "LOCK TABLE TQ IN EXCLUSIVE MODE")
	want(t, c, "SELECT SESSION_ID, UPDATE_STATUS FROM V$TRANSACTION ORDER BY SESSION_ID", as+"|1", rs+"|0", fs+"|1", ls+"|0")
	want(t, c, "SELECT SESSION_ID FROM V$TRANSACTION WHERE FIRST_UPDATE_TIME = 0 ORDER BY SESSION_ID", rs, ls)
	in(t, r, "INSERT INTO T1 VALUES (3, 'r', 2)")
	want(t, c, "SELECT SESSION_ID FROM V$TRANSACTION WHERE FIRST_UPDATE_TIME > 0 ORDER BY SESSION_ID", as, rs, fs)
	for _, tx := range []*sql.Tx{a, r, f, l} {
		end(t, tx.Rollback)
	}
	want(t, c, "SELECT COUNT(*) FROM V$TRANSACTION", "0")
}

// CREATE, DROP and TRUNCATE beside somebody who writes: at once, or after the session's DDL_LOCK_TIMEOUT.
func TestDDL_BesideAnOpenTransaction_FailsAtOnceOrWaits(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 1, at.Options{})[0]
	c := s.Open(at.Dial{})
	c.Do(table, "CREATE TABLE T8 (C1 INTEGER PRIMARY KEY)")
	make := create(s, "ZZ", 1, "T1")
	tx, _ := begin(t, s, "INSERT INTO T1 VALUES (1, 'open', 0)")
	for _, st := range []string{make, "TRUNCATE TABLE T1", "ALTER TABLE T1 ADD COLUMN (C9 INTEGER)", "DROP TABLE T1"} {
		try(t, c, st, 0x11075)
	}
	ends(t, "CREATE with a limit", beside(s, "ALTER SESSION SET DDL_LOCK_TIMEOUT = 3", make), 0x11075)
	waits := beside(s, "ALTER SESSION SET DDL_LOCK_TIMEOUT = 65535", make)
	waiting(c, "1")
	writer := beside(s, "", "INSERT INTO T1 VALUES (2, 'behind it', 0)")
	waiting(c, "2")
	c.Do("INSERT INTO T8 VALUES (1)") // another table
	stillRuns(t, "CREATE", waits)
	stillRuns(t, "a writer behind it", writer)
	end(t, tx.Commit)
	ends(t, "CREATE", waits, 0)
	ends(t, "the writer", writer, 0)

	tx, _ = begin(t, s, "INSERT INTO T1 VALUES (3, 'open', 0)")
	c.Do("ALTER REPLICATION ZZ ADD TABLE FROM SYS.T8 TO SYS.T8", "ALTER REPLICATION ZZ DROP TABLE FROM SYS.T8 TO SYS.T8",
		"ALTER REPLICATION ZZ START RETRY", "ALTER REPLICATION ZZ STOP", "ALTER REPLICATION ZZ RESET")
	try(t, c, "ALTER REPLICATION ZZ DROP TABLE FROM SYS.T1 TO SYS.T1", 0x11075)
	try(t, c, "DROP REPLICATION ZZ", 0x11075)
	end(t, tx.Rollback)
	tx, _ = begin(t, s, "SELECT COUNT(*) FROM T1")
	c.Do("DROP REPLICATION ZZ") // a reader is no obstacle
	end(t, tx.Rollback)
	want(t, c, "SELECT C1 FROM T1 ORDER BY 1", "1", "2")
}

// A transaction that is open on the peer holds its lock here too, and is nobody's session.
func TestOpenTransaction_OfAPeer_HoldsItsLockHere(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.n1.Do(alter("START"))
	tx, session := begin(t, p.s1, "INSERT INTO T1 VALUES (1, 'open', 0)")
	p.n2.Until(soon, openTransactions, "0")
	want(t, p.n1, openTransactions, session)
	want(t, p.n1, "SELECT REP_NAME, REMOTE_TID, BEGIN_FLAG FROM V$REPSENDER_TRANSTBL", "AKU_REP_01|2147483647|1")
	id := p.n1.Rows("SELECT ID FROM V$TRANSACTION")[0]
	want(t, p.n2, "SELECT R.REP_NAME, R.REMOTE_TID FROM V$REPRECEIVER_TRANSTBL R, V$TRANSACTION T WHERE T.ID = R.LOCAL_TID", "AKU_REP_01|"+id)
	p.n1.Until(soon, "SELECT SEND_LOG_COUNT FROM V$REPSENDER", "1") // it is counted when it is sent
	want(t, p.n1, "SELECT INSERT_LOG_COUNT FROM V$REPSENDER_SENT_LOG_COUNT", "1")
	try(t, p.n2, "DROP REPLICATION AKU_REP_01", 0x11075)
	waits := beside(p.s2, "", "LOCK TABLE T1 IN EXCLUSIVE MODE")
	waiting(p.n2, "1")
	stillRuns(t, "LOCK TABLE on the peer", waits)
	in(t, tx, "INSERT INTO T1 VALUES (2, 'open', 0)")
	end(t, tx.Commit)
	ends(t, "LOCK TABLE on the peer", waits, 0)
	p.n2.Until(soon, "SELECT C1 FROM T1 ORDER BY 1", "1", "2")
	p.n2.Until(soon, "SELECT COUNT(*) FROM V$TRANSACTION", "0")
	p.n1.Until(soon, "SELECT SEND_LOG_COUNT FROM V$REPSENDER", "3")
	want(t, p.n1, "SELECT INSERT_LOG_COUNT FROM V$REPSENDER_SENT_LOG_COUNT", "2")
	want(t, p.n2, inserts, "2|0")

	// A transaction that wrote to another table is listed, and nothing is sent of it.
	p.n1.Do("CREATE TABLE OTHER (C1 INTEGER)")
	tx, _ = begin(t, p.s1, "INSERT INTO OTHER VALUES (1)")
	p.n1.Until(soon, "SELECT BEGIN_FLAG FROM V$REPSENDER_TRANSTBL", "0")
	want(t, p.n2, "SELECT COUNT(*) FROM V$TRANSACTION", "0")
	end(t, tx.Rollback)
}

// The row that waits too long for its lock is given up and counted; what was changed with it is kept.
func TestReceiver_WhoseRowWaitsTooLong_GivesItUpAndCountsIt(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.n1.Do(alter("START"))
	p.n2.Do("ALTER SYSTEM SET REPLICATION_LOCK_TIMEOUT = 1")
	lock, _ := begin(t, p.s2, "LOCK TABLE T1 IN EXCLUSIVE MODE")
	tx, _ := begin(t, p.s1, "INSERT INTO T1 VALUES (1, 'given up', 0)")
	p.n2.Until(soon, inserts, "0|1")
	p.n2.Do("ALTER SYSTEM SET REPLICATION_LOCK_TIMEOUT = 3600")
	in(t, tx, "INSERT INTO T1 VALUES (2, 'kept', 0)")
	end(t, tx.Commit)
	p.n1.Do("INSERT INTO T1 VALUES (3, 'kept', 0)")
	end(t, lock.Rollback)
	p.n2.Until(soon, "SELECT C1 FROM T1 ORDER BY 1", "2", "3")
	want(t, p.n2, inserts, "2|1")
	want(t, p.n1, "SELECT COUNT(*) FROM T1", "3")
}

// SYNC waits for who writes the table on the source, with everybody behind it, and gives up after its timeout.
func TestSync_BesideAnOpenTransaction_WaitsAndSoDoOthersBehindIt(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.n1.Do("ALTER SYSTEM SET REPLICATION_SYNC_LOCK_TIMEOUT = 1")
	tx, _ := begin(t, p.s1, "INSERT INTO T1 VALUES (1, 'open', 0)")
	try(t, p.n1, alter("SYNC"), 0x61153)
	want(t, p.n1, repState, "0|-1")
	p.n1.Do("ALTER SYSTEM SET REPLICATION_SYNC_LOCK_TIMEOUT = 3600")
	sync := beside(p.s1, "", alter("SYNC"))
	p.n1.Until(soon, "SELECT STATUS FROM V$REPSENDER", "6")
	want(t, p.n1, "SELECT SYNC_TABLE, SYNC_RECORD_COUNT FROM V$REPSYNC", "T1|-1")
	waiting(p.n1, "1")
	reader := beside(p.s1, "", "SELECT COUNT(*) FROM T1")
	waiting(p.n1, "2")
	stillRuns(t, "a reader behind the SYNC", reader)
	end(t, tx.Commit)
	ends(t, "the reader", reader, 0)
	ends(t, "SYNC", sync, 0)
	want(t, p.n2, "SELECT COUNT(*) FROM T1", "1")
}

// What is locked on the receiving server holds a STOP of the sending one up.
func TestStop_BesideALockOnThePeer_HangsUntilItIsGone(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.n1.Do(alter("START"))
	p.n2.Do("ALTER SYSTEM SET REPLICATION_LOCK_TIMEOUT = 3600")
	lock, _ := begin(t, p.s2, "LOCK TABLE T1 IN EXCLUSIVE MODE")
	p.n1.Do("INSERT INTO T1 VALUES (1, 'x', 0)")
	p.n2.Until(soon, "SELECT COUNT(*) FROM V$TRANSACTION WHERE SESSION_ID = 0", "1")
	stop := beside(p.s1, "", alter("STOP"))
	select {
	case err := <-stop:
		t.Errorf("STOP came back: %v", err)
	case <-time.After(p.s1.Wait(20 * time.Second)):
	}
	want(t, p.n1, isStarted, "1")
	end(t, lock.Rollback)
	ends(t, "STOP", stop, 0)
	want(t, p.n1, isStarted, "0")
	want(t, p.n2, "SELECT C1 FROM T1", "1")
}

// TRUNCATE of a table of a started object ends this server's receivers; the peer's sender rests.
func TestTruncate_OfAStartedObject_EndsItsReceivers(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{TimeScale: 0.1})
	p.n1.Do(alter("START"))
	p.n2.Do(alter("START"))
	port := p.n1.Rows("SELECT SENDER_PORT FROM V$REPSENDER")
	p.n1.Do("ALTER SYSTEM SET REPLICATION_DDL_ENABLE = 1", "TRUNCATE TABLE T1")
	want(t, p.n1, "SELECT COUNT(*) FROM V$REPRECEIVER", "0")
	p.n2.Until(soon, sender, "2|1")
	want(t, p.n1, "SELECT SENDER_PORT FROM V$REPSENDER", port...) // its own goes on
	p.n2.Do("INSERT INTO T1 VALUES (1, 'waits', 0)", alter("STOP"), alter("START"))
	p.n1.Until(soon, "SELECT C1 FROM T1", "1")
}

// A transaction that lost its place to others sends what it really did, and locks as before.
func TestOpenTransaction_ThatGaveWay_SendsWhatItReallyDid(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.n1.Do("INSERT INTO T1 VALUES (1, 'x', 1)", alter("SYNC"))
	tx, _ := begin(t, p.s1, "UPDATE T1 SET C3 = C3 + 10 WHERE C1 = 1", "SAVEPOINT S1", "INSERT INTO T1 VALUES (2, 'undone', 0)", "ROLLBACK TO SAVEPOINT S1")
	for i := range 5 {
		p.n1.Do(fmt.Sprintf("INSERT INTO T1 VALUES (%d, 'other', 0)", 10+i))
	}
	in(t, tx, "INSERT INTO T1 VALUES (3, 'kept', 0)")
	end(t, tx.Commit)
	p.n2.Until(soon, "SELECT C1, C3 FROM T1 WHERE C1 < 10 ORDER BY 1", "1|11", "3|0")
	want(t, p.n2, "SELECT COUNT(*) FROM T1", "7")
	want(t, p.n2, "SELECT INSERT_FAILURE_COUNT, UPDATE_FAILURE_COUNT FROM V$REPRECEIVER", "0|0")
}
