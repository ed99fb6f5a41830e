//go:build integration

package integration

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
)

// begin opens a transaction of a user of the pod, in a session of its own, and runs statements in it.
func (p *pod) begin(statements ...string) (tx *sql.Tx, session string) {
	p.t.Helper()
	user := p.Open(altisimtest.Dial{})
	session = user.Rows("SELECT SESSION_ID() FROM DUAL")[0]
	tx, err := user.BeginTx(context.Background(), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = tx.Rollback() }) // the session ends no earlier
	p.in(tx, statements...)
	return tx, session
}

// in runs statements in a transaction.
func (p *pod) in(tx *sql.Tx, statements ...string) {
	p.t.Helper()
	for _, statement := range statements {
		if _, err := tx.Exec(statement); err != nil {
			p.t.Fatalf("%s: %v", statement, err)
		}
	}
}

// waitsFor is the log's text about the transaction that a join waits for.
func waitsFor(session string) string { return "transactions of session " + session + " (SYS, " }

// A transaction that has changed the table locks it on its own server and, through the receiver, on the
// master. So it blocks the statements that create the objects of the joining pod.
func TestJoin_WaitsForTransactionsOpenOnOtherSlaves(t *testing.T) {
	t.Parallel()
	c := start(t, 3, map[string]string{"AKU_LOCK_WAIT": "1"})
	c.createTables()
	c.inService(0, 1)
	tx, session := c.pods[1].begin("INSERT INTO T1 VALUES (1, 1)", "INSERT INTO T1 VALUES (2, 2)")
	p := c.pods[2]
	p.run()
	p.waitSaid(waitsFor(session))
	if p.dir.Marked() {
		t.Error("the pod was opened while a transaction was open on another slave")
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	p.waitInService()
	p.eventually("the rows of the transaction", func() bool { return len(p.SQL("SELECT ID FROM T1 WHERE ID IN (1, 2)")) == 2 })
	c.mustBeEqual(0, 1, 2)
}

// crossJoin lets pod 1 join, and opens two transactions of the master that have written another table: one before the log is pinned, which
// the join waits for, and one between pin and copy.
func (c *cluster) crossJoin() (early, late *sql.Tx, lateSession string) {
	c.t.Helper()
	c.createTables()
	c.inService(0)
	master, joins := c.pods[0], c.pods[1]
	master.do("CREATE TABLE MINE (ID INTEGER PRIMARY KEY)")
	early, session := master.begin("INSERT INTO MINE VALUES (1)")
	joins.run()
	joins.waitSaid(waitsFor(session))
	late, lateSession = master.begin("INSERT INTO MINE VALUES (2)")
	return early, late, lateSession
}

// A transaction of the master that had written another table before the copy was made, and writes a replicated one after it, is
// in no copy. One that is open when the log is pinned is waited for; one that begins later is in the log as a whole.
func TestJoin_TransactionOfTheMasterThatBeganBeforeTheCopy_Arrives(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	early, late, _ := c.crossJoin()
	master, joins := c.pods[0], c.pods[1]
	master.in(early, "INSERT INTO T1 VALUES (1, 1)")
	if err := early.Commit(); err != nil {
		t.Fatal(err)
	}
	joins.waitInService()
	master.in(late, "INSERT INTO T1 VALUES (2, 2)")
	if err := late.Commit(); err != nil {
		t.Fatal(err)
	}
	joins.eventually("the rows of both", func() bool { return len(joins.SQL("SELECT ID FROM T1 WHERE ID IN (1, 2)")) == 2 })
	c.mustBeEqual(0, 1)
}

// The pin rests on a SYNC TABLE that goes on from where the sender stopped. On a server that did not, a row of aku's own shows that, and
// aku names the transactions.
func TestJoin_ServerWhoseCopyMovesThePin_TransactionsThatItLeavesOutAreNamed(t *testing.T) {
	t.Parallel()
	c := startWith(t, 2, altisimtest.Options{Env: []string{"ALTISIM_MOVES_PIN=1"}}, nil)
	early, late, left := c.crossJoin()
	master, joins := c.pods[0], c.pods[1]
	if err := early.Commit(); err != nil {
		t.Fatal(err)
	}
	joins.waitInService()
	master.in(late, "INSERT INTO T1 VALUES (2, 2)")
	if err := late.Commit(); err != nil {
		t.Fatal(err)
	}
	joins.waitSaid("the copy left out a row of aku's own transaction")
	joins.waitSaid("(open then: session " + left)
	master.do("INSERT INTO T1 VALUES (3, 3)")
	joins.eventually("a later row", func() bool { return len(joins.SQL("SELECT ID FROM T1 WHERE ID = 3")) == 1 })
	if rows := joins.SQL("SELECT ID FROM T1 WHERE ID = 2"); len(rows) != 0 {
		t.Errorf("the server leaves nothing out: %v", rows)
	}
	mustHaveNoProbe(t, c)
}

func TestJoin_CopyIsProvenByARow_OfWhichNothingStays(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	for _, p := range c.pods {
		if strings.Contains(p.said(), "the copy left out") || strings.Contains(p.said(), "no row proves") {
			t.Errorf("pod %d doubts its copy:\n%s", p.number, p.said())
		}
	}
	if tables := c.pods[0].SQL("SELECT COUNT(*) FROM AKU_PROBE_"); !slices.Equal(tables, []string{"0"}) {
		t.Errorf("a probe left %v rows", tables)
	}
	mustHaveNoProbe(t, c)
}

// mustHaveNoProbe waits until no pod has a row of a probe.
func mustHaveNoProbe(t *testing.T, c *cluster) {
	t.Helper()
	for _, p := range c.pods {
		p.eventually("no row of a probe", func() bool {
			return slices.Equal(p.SQL("SELECT COUNT(*) FROM AKU_REP_BEAT WHERE POD < 0"), []string{"0"})
		})
	}
}

// A transaction that has changed another table blocks nobody. But a log pinned at "now" leaves out a
// transaction that began before, and the copy has nothing of it before its commit.
func TestJoin_WaitsForTransactionsOnOtherSlaves_ThatWriteTheTableLater(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1)
	c.pods[1].do("CREATE TABLE MINE (ID INTEGER PRIMARY KEY)")
	tx, session := c.pods[1].begin("INSERT INTO MINE VALUES (1)")
	p := c.pods[2]
	p.run()
	p.waitSaid("START RETRY AKU_REP_12")
	p.waitSaid(waitsFor(session))
	c.pods[1].in(tx, "INSERT INTO T1 VALUES (1, 1)")
	if strings.Contains(p.said(), "Truncate tables for replications.") || p.dir.Marked() {
		t.Error("the pod went on while a transaction was open on another slave")
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	p.waitInService()
	p.eventually("the row of the transaction", func() bool { return len(p.SQL("SELECT ID FROM T1 WHERE ID = 1")) == 1 })
	c.mustBeEqual(0, 1, 2)
}

// Who has only said LOCK TABLE has written nothing, so nobody sees how old the lock is.
func TestJoin_BesideALockTable_BeginsOnce(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_LOCK_WAIT": "1"})
	c.createTables()
	c.inService(0)
	master, joins := c.pods[0], c.pods[1]
	lock, session := master.begin("LOCK TABLE T1 IN EXCLUSIVE MODE")
	joins.run()
	joins.waitSaid(waitsFor(session))
	time.Sleep(5 * time.Second) // several times AKU_LOCK_WAIT
	if err := lock.Rollback(); err != nil {
		t.Errorf("the lock was not held all the time: %v", err)
	}
	joins.waitInService()
	if n := strings.Count(joins.said(), `msg=plan name="full join"`); n != 1 {
		t.Errorf("the join began %d times, want once", n)
	}
	c.mustBeEqual(0, 1)
}
