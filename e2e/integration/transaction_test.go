//go:build integration

package integration

import (
	"context"
	"database/sql"
	"strings"
	"testing"

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

// A transaction of the master that had written another table before the copy was made, and writes a replicated one after it, is
// in no copy. One that is open when the log is pinned is waited for; one that begins later is in the log as a whole.
func TestJoin_TransactionOfTheMasterThatBeganBeforeTheCopy_Arrives(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0)
	master, joins := c.pods[0], c.pods[1]
	master.do("CREATE TABLE MINE (ID INTEGER PRIMARY KEY)")
	early, session := master.begin("INSERT INTO MINE VALUES (1)")
	joins.run()
	joins.waitSaid(waitsFor(session))
	late, _ := master.begin("INSERT INTO MINE VALUES (2)")
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
