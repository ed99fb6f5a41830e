//go:build integration

package integration

import (
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
)

// TestJoin_WaitsForTransactionsOpenOnOtherSlaves: a log pinned at "now" leaves out a transaction that began before, and the copy has
// nothing that is not committed yet.
func TestJoin_WaitsForTransactionsOpenOnOtherSlaves(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1)
	user := c.pods[1].Open(altisimtest.Dial{})
	tx, err := user.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"INSERT INTO T1 VALUES (1, 1)", "INSERT INTO T1 VALUES (2, 2)"} {
		if _, err := tx.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	p := c.pods[2]
	p.run()
	p.waitSaid("START RETRY AKU_REP_12")
	time.Sleep(time.Second) // a copy that does not wait would be made by now
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
