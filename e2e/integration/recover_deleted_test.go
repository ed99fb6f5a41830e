//go:build integration

package integration

import (
	"context"
	"os"
	"testing"

	"aku/internal/akucore"
	"aku/internal/verify"
)

// The log that a slave keeps for a lost master holds its own insertion of a row, but not the deletion on the
// source. So the recovered master has the row again. Nothing promises otherwise, but verify must find the
// row, and a deletion must end it.
func TestRecover_RowDeletedOnTheSourceWhileTheMasterWasAway_IsFoundByVerify(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	master := c.pods[0]
	master.kill()
	master.Kill9()
	c.pods[2].do("INSERT INTO T1 VALUES (1, 1)", "INSERT INTO T1 VALUES (2, 2)")
	c.pods[1].eventually("the rows arrive", func() bool { return len(c.pods[1].rows()) == 2 })
	c.pods[1].do("DELETE FROM T1 WHERE ID = 1")
	c.pods[2].eventually("so does the deletion", func() bool { return len(c.pods[2].rows()) == 1 })
	if err := os.RemoveAll(master.DataDir); err != nil {
		t.Fatal(err)
	}
	master.Restart()
	master.asSYSDBA(createTable)
	if err := master.dir.Renew(); err != nil {
		t.Fatal(err)
	}
	master.run()
	master.waitSaid(akucore.MasterFailed)
	if _, err := master.recover(context.Background(), 1, nil); err != nil {
		t.Fatal(err)
	}
	for _, p := range c.pods {
		p.eventually("open", p.isOpen)
	}
	// The slave that joins anew is open again after that.
	c.pods[0].eventually("all pods have the row that was not deleted", func() bool {
		for _, p := range c.pods {
			if !p.isOpen() || p.rows()[2] != 2 {
				return false
			}
		}
		return true
	})
	if rows := c.pods[1].rows(); len(rows) != 1 {
		t.Errorf("the source has %v", rows)
	}
	report := c.verify(verify.Options{Replicas: 3, Checksums: true})
	if came := len(c.pods[0].rows()) == 2; came == report.Equal {
		t.Errorf("the deleted row is there again: %t; verify says equal: %t", came, report.Equal)
	}
	// operations.md says what to do about it.
	c.pods[0].do("DELETE FROM T1 WHERE ID = 1")
	c.pods[0].eventually("the row is gone everywhere", func() bool {
		for _, p := range c.pods {
			if rows := p.rows(); len(rows) != 1 || rows[2] != 2 {
				return false
			}
		}
		return true
	})
	if report := c.verify(verify.Options{Replicas: 3, Checksums: true}); !report.Equal {
		t.Error("verify says that the pods are not equal")
	}
}
