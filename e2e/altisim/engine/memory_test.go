package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"aku/e2e/altisim/engine"
)

// The numbers of b's database as it was first come to about here; one that is made anew
// begins far below.
const oldRows = 300

// knows brings a and b to where a's receiver remembers high numbers of b.
func knows(t *testing.T, a, b *node) {
	t.Helper()
	start(t, a)
	start(t, b)
	for key := range oldRows {
		b.insert(key)
	}
	time.Sleep(20 * time.Second) // the restart point moves, and is told with the next keep-alive
	arrives(t, b, a, 5000)
}

func start(t *testing.T, n *node) {
	t.Helper()
	if err := n.Start(context.Background(), "R", false); err != nil {
		t.Fatalf("START on %s: %v", n.host, err)
	}
}

func startRetry(t *testing.T, n *node) {
	t.Helper()
	if err := n.Start(context.Background(), "R", true); err != nil {
		t.Fatalf("START RETRY on %s: %v", n.host, err)
	}
}

func stop(t *testing.T, n *node) {
	t.Helper()
	if err := n.Stop(context.Background(), "R"); err != nil {
		t.Fatalf("STOP on %s: %v", n.host, err)
	}
}

func reset(t *testing.T, n *node) {
	t.Helper()
	if err := n.Reset(context.Background(), "R"); err != nil {
		t.Fatalf("RESET on %s: %v", n.host, err)
	}
}

// written inserts a row and says whether it is on the peer within 3 s.
func written(from, to *node, key int) bool {
	before := to.keys()
	from.insert(key)
	time.Sleep(3 * time.Second)
	return to.keys() == before+1
}

func arrives(t *testing.T, from, to *node, key int) {
	t.Helper()
	if !written(from, to, key) {
		t.Errorf("row %d of %s is not on %s", key, from.host, to.host)
	}
}

// isSkipped also looks at what the views say of the row.
func isSkipped(t *testing.T, from, to *node, key int) {
	t.Helper()
	synctest.Wait()
	sent, applied := from.Senders()[0], to.Receivers()[0]
	if written(from, to, key) {
		t.Errorf("row %d of %s is on %s", key, from.host, to.host)
	}
	sent2, applied2 := from.Senders()[0], to.Receivers()[0]
	if sent2.Status != engine.SenderRuns || sent2.NetError || sent2.ReadSN != from.LastSN() {
		t.Errorf("the sender shows a fault: %+v", sent2)
	}
	if n := sent2.SentTo - sent.SentTo; n != 2 {
		t.Errorf("SEND_LOG_COUNT has risen by %d, want begin and commit", n)
	}
	if n := sent2.Rows[from.table.ID][engine.Insert]; n != 0 {
		t.Errorf("%d inserts are counted as sent", n)
	}
	if applied2.Applied <= applied.Applied || applied2.Success[engine.Insert] != applied.Success[engine.Insert] || applied2.Fail[engine.Insert] != 0 {
		t.Errorf("the receiver went from %+v to %+v", applied, applied2)
	}
}

// a: b is made anew, a only stops and resets, and b says START RETRY: what b writes reaches nobody.
func TestReceiverMemory_StartRetryOfANewDatabase_SkipsItsRows(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		knows(t, a, b)
		b.anew("R", "a")
		stop(t, a)
		reset(t, a)
		start(t, a)
		startRetry(t, b)
		isSkipped(t, b, a, 5001)
		arrives(t, a, b, 5002)
		time.Sleep(9 * time.Second)
		isSkipped(t, b, a, 5003)
		stop(t, b)
		start(t, b) // its XSN is kept
		isSkipped(t, b, a, 5004)
		b.down()
		b.up()
		time.Sleep(time.Second)
		isSkipped(t, b, a, 5005)
		stop(t, b)
		reset(t, b)
		start(t, b)
		arrives(t, b, a, 5006)
	})
}

// b: after a plain START the number is the new database's, also when it ends at once.
func TestReceiverMemory_PlainStart_Forgets(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		knows(t, a, b)
		b.anew("R", "a")
		stop(t, a)
		reset(t, a)
		start(t, a)
		start(t, b)
		arrives(t, b, a, 5001)
		b.down()
		b.up()
		time.Sleep(time.Second)
		arrives(t, b, a, 5002)
		time.Sleep(20 * time.Second)
		arrives(t, b, a, 5003)
	})
}

// b2: STOP and START of either side after it change nothing.
func TestReceiverMemory_StopAndStartAfterAPlainStart_SkipNothing(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		knows(t, a, b)
		b.anew("R", "a")
		stop(t, a)
		reset(t, a)
		start(t, a)
		start(t, b)
		arrives(t, b, a, 5001)
		stop(t, a)
		arrives(t, b, a, 5002)
		start(t, a)
		arrives(t, b, a, 5003)
		stop(t, b)
		start(t, b)
		arrives(t, b, a, 5004)
	})
}

// c: so does a SYNC from the new database.
func TestReceiverMemory_Sync_Forgets(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		knows(t, a, b)
		b.anew("R", "a")
		b.insert(7000)
		stop(t, a)
		reset(t, a)
		startRetry(t, a)
		if err := b.Sync(context.Background(), "R", engine.SyncOptions{}); err != nil {
			t.Fatal(err)
		}
		arrives(t, b, a, 5001)
		time.Sleep(9 * time.Second)
		arrives(t, b, a, 5002)
	})
}

// d: DROP and CREATE of the object on a clear its memory.
func TestReceiverMemory_DropAndCreate_Forget(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		knows(t, a, b)
		b.anew("R", "a")
		stop(t, a)
		if err := a.DropReplication(context.Background(), a.sys, "R"); err != nil {
			t.Fatal(err)
		}
		if err := a.create("R", "b"); err != nil {
			t.Fatal(err)
		}
		start(t, a)
		startRetry(t, b)
		arrives(t, b, a, 5001)
	})
}

// It is in memory: a restart of the server that remembers clears it.
func TestReceiverMemory_EndsWithItsServer(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		knows(t, a, b)
		b.anew("R", "a")
		stop(t, a)
		reset(t, a)
		start(t, a)
		startRetry(t, b)
		isSkipped(t, b, a, 5001)
		a.down()
		a.up()
		time.Sleep(time.Second)
		arrives(t, b, a, 5002)
	})
}

// A restart of the same database skips nothing: its numbers go on.
func TestReceiverMemory_SameDatabase_SkipsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		knows(t, a, b)
		stop(t, b)
		b.insert(5001)
		b.down()
		b.up()
		start(t, b)
		time.Sleep(3 * time.Second) // the row from before is there, too
		arrives(t, b, a, 5002)
		if a.keys() != oldRows+3 {
			t.Errorf("%d rows on a, want all of b's", a.keys())
		}
		stop(t, b)
		reset(t, b)
		startRetry(t, b)
		arrives(t, b, a, 5003)
	})
}
