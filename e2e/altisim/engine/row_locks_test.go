package engine_test

import (
	"context"
	"testing"
	"time"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/engine/enginetest"
)

// lockRow locks a row as a statement that changes it does.
func lockRow(t *engine.Transaction, table *engine.Table, key string) error {
	ctx := context.Background()
	if err := t.Write(ctx, table); err != nil {
		return err
	}
	taken, err := t.TryRows(table, []string{key})
	if err == nil && taken != "" {
		err = t.WaitForRow(ctx, table, key)
	}
	return err
}

// updates tells the peer of an UPDATE of an open transaction.
func (u *user) updates(key int) {
	if err := lockRow(u.Transaction, u.n.table, enginetest.Row(key)); err != nil {
		panic(err)
	}
	u.Changed(u.n.LastSN(), []engine.Record{{Op: engine.Update, TableID: u.n.table.ID, Before: enginetest.Row(key, "a"), After: enginetest.Row(key, "b")}})
}

func TestRowLock_SecondWriter_WaitsForTheFirstTransactionsEnd(t *testing.T) {
	mesh(t, func(t *testing.T, master, _, _ *node) {
		first, second := master.Begin(1, false), master.Begin(2, false)
		if err := lockRow(first, master.table, "[1]"); err != nil {
			t.Fatal(err)
		}
		waits := call(func() error { return lockRow(second, master.table, "[1]") })
		lasts(t, "another row", 0, func() error { return lockRow(second, master.table, "[2]") }, nil)
		time.Sleep(9 * time.Second)
		first.End()
		waits.ends(t, "a second writer of the row", 9*time.Second, nil)
		second.End()
	})
}

func TestRowLock_DeadlockOfASessionWithAReceiver_IsTheSessionsErrorAtOnce(t *testing.T) {
	mesh(t, func(t *testing.T, master, slave, _ *node) {
		session := master.Begin(1, false)
		if err := lockRow(session, master.table, "[11]"); err != nil {
			t.Fatal(err)
		}
		u := slave.begin()
		u.updates(12)
		u.updates(11)
		time.Sleep(time.Second)
		lasts(t, "a row of the receiver, which waits for the session", 0, func() error { return lockRow(session, master.table, "[12]") }, engine.ErrDeadlock)
		session.End()
		u.End()
	})
}

func TestRowLock_ReceiverThatWaits_GivesTheRowUpAfterItsTimeout(t *testing.T) {
	mesh(t, func(t *testing.T, master, slave, _ *node) {
		session := master.Begin(1, false)
		if err := lockRow(session, master.table, "[1]"); err != nil {
			t.Fatal(err)
		}
		slave.insert(1)
		slave.insert(2)
		time.Sleep(4900 * time.Millisecond)
		master.holds(t, 0)
		time.Sleep(time.Second)
		master.holds(t, 1)
		if master.failed() != 1 {
			t.Errorf("%d inserts counted as failed, want 1", master.failed())
		}
		session.End()
	})
}

func TestRowLock_DeadlockAcrossTwoServers_IsNotDetected(t *testing.T) {
	mesh(t, func(t *testing.T, master, slave, _ *node) {
		if err := master.Start(context.Background(), "MS", false); err != nil {
			t.Fatal(err)
		}
		a, b := master.begin(), slave.begin()
		a.updates(11)
		b.updates(12)
		time.Sleep(500 * time.Millisecond)
		closed, closeSession := context.WithCancel(context.Background())
		waitsB := call(func() error { return b.WaitForRow(closed, slave.table, "[11]") })
		waitsA := call(func() error { return lockRow(a.Transaction, master.table, "[12]") })
		time.Sleep(8 * time.Second)
		if !waitsA.runs() || !waitsB.runs() {
			t.Error("one of the two does not wait any more")
		}
		closeSession()
		waitsB.ends(t, "the session that is closed", 8*time.Second, context.Canceled)
		b.End()
		waitsA.ends(t, "the other one", 8*time.Second, nil)
		a.End()
	})
}

func TestRowLock_OfATransactionThatWasRolledBack_DoesNotHoldUpTheRowOfTheNextOne(t *testing.T) {
	mesh(t, func(t *testing.T, master, slave, _ *node) {
		u := slave.begin()
		u.updates(1)
		time.Sleep(time.Second) // the master has locked it
		u.End()
		slave.insert(1)
		time.Sleep(100 * time.Millisecond)
		master.holds(t, 1)
		if failed := master.failed(); failed != 0 {
			t.Errorf("%d inserts counted as failed, want none", failed)
		}
	})
}
