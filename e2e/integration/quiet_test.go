//go:build integration

package integration

import (
	"context"
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
	"aku/internal/akucore"
)

// The proof of delivery without the keep-alive rests on what the counts of a sender
// say about each kind of statement.
func TestSent_CountsWhatThePeerIsToHearOf(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	_, servers := c.pods[1].settings()
	defer servers.CloseIdle()
	const object = "AKU_REP_01"
	ctx := context.Background()
	sent := func() akucore.Sent {
		t.Helper()
		gap, ok, err := servers.Server(1).Gap(ctx, object)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		c.pods[1].eventually("the log is read", func() bool {
			now, ok, err := servers.Server(1).Gap(ctx, object)
			return err == nil && ok && now.ReadSN >= gap.LastSN
		})
		s, ok, err := servers.Server(1).Sent(ctx, object)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		return s
	}
	before := sent()
	for _, test := range []struct {
		what       string
		statements []string
		rows, logs int64
	}{
		{"nothing", nil, 0, 0},
		{"a table of no replication", []string{"CREATE TABLE OTHER (ID INTEGER)"}, 0, 1},
		{"rows of it", []string{"INSERT INTO OTHER VALUES (1)"}, 0, 0},
		{"a property", []string{"ALTER SYSTEM SET QUERY_TIMEOUT = 600"}, 0, 0},
		{"an object", []string{"CREATE REPLICATION X WITH '127.0.0.1',1 FROM SYS.T1 TO SYS.T1"}, 0, 1},
		{"its log pinned", []string{"ALTER REPLICATION X START RETRY"}, 0, 0},
		{"a row", []string{"INSERT INTO T1 VALUES (1, 1)"}, 1, 2},
		{"three transactions", []string{"UPDATE T1 SET V = 2 WHERE ID = 1", "INSERT INTO T1 VALUES (2, 2)", "DELETE FROM T1 WHERE ID = 1"}, 3, 6},
	} {
		c.pods[1].do(test.statements...)
		now := sent()
		if now.Link != before.Link || now.Open != 0 {
			t.Fatalf("%s: %+v after %+v", test.what, now, before)
		}
		if rows, logs := now.Rows-before.Rows, now.Logs-before.Logs; rows != test.rows || logs != test.logs {
			t.Errorf("%s: %d rows and %d records more, want %d and %d", test.what, rows, logs, test.rows, test.logs)
		}
		before = now
	}
	c.pods[1].do("ALTER REPLICATION AKU_REP_01 STOP")
	if _, ok, err := servers.Server(1).Sent(ctx, object); ok || err != nil {
		t.Errorf("a stopped sender has counts: %v, %v", ok, err)
	}
	c.pods[1].do("ALTER REPLICATION AKU_REP_01 START")
	if now := sent(); now.Link == before.Link {
		t.Errorf("another connection, the same link: %+v", now)
	}
}

// The last records of the log are the join's own, which are not sent: the receiver follows
// them only with the keep-alive. That nothing was written is seen without it.
func TestEnd_RightAfterAJoin_DoesNotWaitForTheKeepAlive(t *testing.T) {
	t.Parallel()
	c := startWith(t, 3, altisimtest.Options{TimeScale: 1}, map[string]string{"AKU_DRAIN_TIME": "0"})
	c.createTables()
	c.inService(0, 1, 2)
	began := time.Now()
	if err := c.pods[2].end(); err != nil {
		t.Error(err)
	}
	// Its own STOPs take up to 2 s, one after the other; the keep-alive comes every 6 s.
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("the end took %s", took)
	}
	// What was written is not overlooked by that.
	if err := c.pods[2].dir.Renew(); err != nil {
		t.Fatal(err)
	}
	c.pods[2].waitInService()
	c.pods[2].do("INSERT INTO T1 VALUES (1, 1)")
	if err := c.pods[2].end(); err != nil {
		t.Error(err)
	}
	if c.pods[0].rows()[1] != 1 || c.pods[1].rows()[1] != 1 {
		t.Error("a row of the leaver is lost")
	}
}
