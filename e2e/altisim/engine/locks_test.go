package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/engine/enginetest"
)

// mesh runs f under virtual time with a master, whose table everybody replicates, a slave
// that sends to it and a server that is about to join.
func mesh(t *testing.T, f func(t *testing.T, master, slave, joiner *node)) {
	synctest.Test(t, func(t *testing.T) {
		net := enginetest.NewNetwork()
		master := newNode(net, "master", map[string]string{"MS": "slave", "MJ": "joiner"})
		slave := newNode(net, "slave", map[string]string{"MS": "master"})
		joiner := newNode(net, "joiner", map[string]string{"MJ": "master"})
		if err := slave.Start(context.Background(), "MS", false); err != nil {
			t.Fatal(err)
		}
		f(t, master, slave, joiner)
		for _, n := range []*node{slave, joiner, master} {
			n.down()
		}
	})
}

// later is a call that runs beside the test.
type later struct {
	began time.Time
	took  time.Duration
	err   error
	done  chan struct{}
}

func call(f func() error) *later {
	l := &later{began: time.Now(), done: make(chan struct{})}
	go func() {
		l.err = f()
		l.took = time.Since(l.began)
		close(l.done)
	}()
	synctest.Wait()
	return l
}

func (l *later) runs() bool {
	synctest.Wait()
	select {
	case <-l.done:
		return false
	default:
		return true
	}
}

// ends waits for the end of the call and compares how long it took, to a tenth of a second.
func (l *later) ends(t *testing.T, what string, took time.Duration, want error) {
	t.Helper()
	<-l.done
	if !errors.Is(l.err, want) || l.took.Round(100*time.Millisecond) != took {
		t.Errorf("%s: %v after %s, want %v after %s", what, l.err, l.took, want, took)
	}
}

func (n *node) set(t *testing.T, property, value string) {
	t.Helper()
	if err := n.SetProperty(property, value); err != nil {
		t.Fatal(err)
	}
}

func (n *node) sync() *later {
	return call(func() error { return n.Sync(context.Background(), "MJ", engine.SyncOptions{}) })
}

// reads is a SELECT COUNT(*) of a user.
func (n *node) reads() error {
	tx := n.Begin(1, false)
	defer tx.End()
	done, err := tx.Read(context.Background(), n.table)
	if err == nil {
		done()
	}
	return err
}

func (n *node) failed() int64 { return n.Receivers()[0].Fail[engine.Insert] }

func (n *node) holds(t *testing.T, rows int) {
	t.Helper()
	synctest.Wait()
	if n.keys() != rows {
		t.Errorf("%s has %d rows, want %d", n.host, n.keys(), rows)
	}
}

// A SYNC waits for the open transactions; everybody who comes behind it waits too, readers included.
func TestSync_WaitsForOpenTransactions_AndOthersBehindIt(t *testing.T) {
	mesh(t, func(t *testing.T, master, _, joiner *node) {
		open := master.begin()
		open.insert(1)
		sync := master.sync()
		if st := master.Senders()[0]; st.Status != engine.SenderSyncs || st.Sync[0].Records != -1 {
			t.Errorf("a SYNC that waits shows %+v", st)
		}
		time.Sleep(time.Second)
		writer := call(func() error { master.insert(2); return nil })
		reader := call(master.reads)
		time.Sleep(3 * time.Second)
		if !writer.runs() || !reader.runs() {
			t.Error("who is behind a SYNC that waits gets through")
		}
		open.commit()
		writer.ends(t, "a writer behind the SYNC", 3*time.Second, nil)
		reader.ends(t, "a reader behind the SYNC", 3*time.Second, nil)
		synctest.Wait() // the locks are given back before the copy is shown
		if st := master.Senders()[0]; st.Sync[0].Records < 0 {
			t.Errorf("a SYNC that copies shows %+v", st)
		}
		lasts(t, "a writer beside the copy", 0, func() error { master.insert(3); return nil }, nil)
		sync.ends(t, "SYNC", 4*time.Second+2*time.Second, nil)
		time.Sleep(time.Second)
		joiner.holds(t, 3)
	})
}

// After REPLICATION_SYNC_LOCK_TIMEOUT it gives up, and leaves the object as it was. A STOP does not cut the wait.
func TestSync_GivesUpItsWaitAfterItsTimeout_NotForAStop(t *testing.T) {
	mesh(t, func(t *testing.T, master, _, _ *node) {
		open := master.begin()
		open.insert(1)
		sync := master.sync()
		time.Sleep(time.Second)
		writer := call(func() error { master.insert(2); return nil })
		time.Sleep(500 * time.Millisecond)
		stop := call(func() error { return master.Stop(context.Background(), "MJ") })
		sync.ends(t, "SYNC", 30*time.Second, engine.ErrSyncFailed)
		writer.ends(t, "a writer behind it", 29*time.Second, nil)
		<-stop.done
		if stop.err != nil || stop.took < 28*time.Second || stop.took > 30*time.Second {
			t.Errorf("STOP: %v after %s", stop.err, stop.took)
		}
		if r := master.Catalog().Replication("MJ"); r.Started || r.XSN != engine.NoSN {
			t.Errorf("%+v", r)
		}
		for limit, took := range map[string]time.Duration{"3": 3 * time.Second, "1": 2 * time.Second} {
			master.set(t, "REPLICATION_SYNC_LOCK_TIMEOUT", limit)
			lasts(t, "SYNC with "+limit, took, func() error {
				return master.Sync(context.Background(), "MJ", engine.SyncOptions{})
			}, engine.ErrSyncFailed)
		}
		open.End()
	})
}

// A receiver gives a row up after REPLICATION_LOCK_TIMEOUT, whether it waits for a lock or behind a SYNC.
func TestReceiver_GivesARowUpAfterItsTimeout(t *testing.T) {
	for _, c := range []struct {
		name, receiver, sync string
		lost                 int64
	}{
		{"SYNC 3, receiver 5", "5", "3", 0},
		{"SYNC 12, receiver 5", "5", "12", 1},
		{"SYNC 12, receiver 40", "40", "12", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			mesh(t, func(t *testing.T, master, slave, _ *node) {
				master.set(t, "REPLICATION_LOCK_TIMEOUT", c.receiver)
				master.set(t, "REPLICATION_SYNC_LOCK_TIMEOUT", c.sync)
				open := master.begin()
				open.insert(1)
				sync := master.sync()
				time.Sleep(500 * time.Millisecond)
				slave.insert(2)
				<-sync.done
				if !errors.Is(sync.err, engine.ErrSyncFailed) {
					t.Errorf("SYNC: %v", sync.err)
				}
				open.End()
				time.Sleep(time.Second)
				master.holds(t, 1-int(c.lost))
				if master.failed() != c.lost {
					t.Errorf("%d inserts counted as failed, want %d", master.failed(), c.lost)
				}
			})
		})
	}
}

// The rest of the transaction goes on, and so does what is behind it.
func TestReceiver_GivesUpRowsNotTransactions(t *testing.T) {
	mesh(t, func(t *testing.T, master, slave, _ *node) {
		lock := master.Begin(2, false)
		if err := lock.LockTable(context.Background(), master.table); err != nil {
			t.Fatal(err)
		}
		u := slave.begin()
		u.insert(1)
		u.insert(2)
		u.insert(3)
		u.commit()
		slave.insert(4)
		time.Sleep(12 * time.Second) // 1 and 2 are given up after 5 s each
		master.holds(t, 0)
		lock.End()
		time.Sleep(time.Second)
		master.holds(t, 2)
		if master.failed() != 2 {
			t.Errorf("%d inserts counted as failed, want 2", master.failed())
		}
		// The timeout is obeyed by receivers that run.
		master.set(t, "REPLICATION_LOCK_TIMEOUT", "3600")
		lock = master.Begin(2, false)
		_ = lock.LockTable(context.Background(), master.table)
		slave.insert(5)
		time.Sleep(time.Minute)
		master.holds(t, 2)
		lock.End()
		time.Sleep(time.Second)
		master.holds(t, 3)
	})
}

// A row of another slave behind a SYNC that waits keeps it from its lock, when nobody holds the table any more, too.
func TestSync_RowOfAPeerBehindItKeepsItFromItsLock(t *testing.T) {
	for _, c := range []struct {
		timeout string
		took    time.Duration
		want    error
		rows    int
	}{
		{"3600", 34 * time.Second, engine.ErrSyncFailed, 2},
		{"5", 8 * time.Second, nil, 1}, // the row is given up 6 s after the SYNC began
	} {
		mesh(t, func(t *testing.T, master, slave, _ *node) {
			master.set(t, "REPLICATION_LOCK_TIMEOUT", c.timeout)
			open := master.begin()
			open.insert(1)
			sync := master.sync()
			time.Sleep(time.Second)
			slave.insert(2)
			time.Sleep(3 * time.Second)
			open.commit()
			sync.ends(t, "SYNC with "+c.timeout, c.took, c.want)
			master.holds(t, c.rows)
		})
	}
}

// Beside users whose statements are transactions of their own it gets its lock, whoever is behind it.
func TestSync_BesideSingleStatements_GetsItsLock(t *testing.T) {
	mesh(t, func(t *testing.T, master, slave, _ *node) {
		statement := master.Begin(1, true)
		if err := statement.Write(context.Background(), master.table); err != nil {
			t.Fatal(err)
		}
		sync := master.sync()
		slave.insert(2)
		synctest.Wait()
		statement.End()
		sync.ends(t, "SYNC", 2*time.Second, nil)
		master.holds(t, 1)
		if master.failed() != 0 {
			t.Errorf("%d rows given up", master.failed())
		}
	})
}

// Stopped before the SYNC and started again when V$REPSYNC shows the copy, the other slave's sender loses nothing and
// holds nobody up.
func TestSync_BesideASlaveThatIsHeldBack_LosesNothing(t *testing.T) {
	mesh(t, func(t *testing.T, master, slave, joiner *node) {
		ctx := context.Background()
		open := master.begin()
		open.insert(1)
		if err := slave.Stop(ctx, "MS"); err != nil {
			t.Fatal(err)
		}
		sync := master.sync()
		time.Sleep(time.Second)
		writer := call(func() error { master.insert(2); return nil })
		slave.insert(3)
		time.Sleep(3 * time.Second)
		open.commit()
		writer.ends(t, "a writer behind the SYNC", 3*time.Second, nil)
		synctest.Wait()
		synctest.Wait() // the locks are given back before the copy is shown
		if st := master.Senders()[0]; st.Sync[0].Records < 0 {
			t.Fatalf("no copy: %+v", st)
		}
		if err := slave.Start(ctx, "MS", true); err != nil {
			t.Fatal(err)
		}
		sync.ends(t, "SYNC", 6*time.Second, nil)
		time.Sleep(time.Second)
		master.holds(t, 3)
		joiner.holds(t, 2)
		if master.failed() != 0 {
			t.Errorf("%d rows given up", master.failed())
		}
	})
}

// Changes of an open transaction lock the peer's table, until the transaction or its sender ends.
func TestOpenTransaction_HoldsTheLockOnThePeer(t *testing.T) {
	mesh(t, func(t *testing.T, master, slave, _ *node) {
		ctx := context.Background()
		drop := func() error { return master.DropReplication(ctx, master.sys, "MJ") }
		u := slave.begin()
		u.insert(1)
		synctest.Wait()
		all := master.Transactions()
		if len(all) != 1 || all[0].Session != 0 || all[0].Wrote.IsZero() {
			t.Fatalf("the master shows %+v, want one transaction of no session that writes", all)
		}
		if open := master.Receivers()[0].Open; len(open) != 1 || open[0].Local != all[0].ID || open[0].Remote != u.ID {
			t.Errorf("the receiver shows %+v of transaction %d", open, u.ID)
		}
		st := slave.Senders()[0]
		if len(st.Open) != 1 || st.Open[0].ID != u.ID || !st.Open[0].Sent || st.SentTo != 1 || st.Rows[slave.table.ID][engine.Insert] != 1 {
			t.Errorf("the sender shows %+v", st)
		}
		master.holds(t, 0)
		lasts(t, "DROP", 0, drop, engine.ErrLockTimeout)

		if err := slave.Stop(ctx, "MS"); err != nil {
			t.Fatal(err)
		}
		if all := master.Transactions(); len(all) != 0 {
			t.Errorf("after the end of the sender the master shows %+v", all)
		}
		if err := slave.Start(ctx, "MS", false); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		lasts(t, "DROP after the next START", 0, drop, engine.ErrLockTimeout)
		u.commit()
		master.holds(t, 1)
		if n := master.Receivers()[0].Success[engine.Insert]; n != 1 {
			t.Errorf("%d inserts made", n)
		}
		if st := slave.Senders()[0]; st.SentTo != 2 || st.Rows[slave.table.ID][engine.Insert] != 1 || len(st.Open) != 0 {
			t.Errorf("after the commit the sender shows %+v", st)
		}

		u = slave.begin()
		u.insert(2)
		synctest.Wait()
		u.End() // ROLLBACK
		synctest.Wait()
		if all := master.Transactions(); len(all) != 0 {
			t.Errorf("after the rollback the master shows %+v", all)
		}
		if st := slave.Senders()[0]; st.SentTo != 4 {
			t.Errorf("SEND_LOG_COUNT %d after a rollback, want the change and the end more", st.SentTo)
		}
		lasts(t, "DROP", 0, drop, nil)
		master.holds(t, 1)
	})
}

// One that wrote before the pin is not told of either, one that only read before it is.
func TestOpenTransaction_BeforeThePinIsNotSent(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		before, reader := a.begin(), a.begin()
		before.insert(1)
		if done, err := reader.Read(context.Background(), a.table); err == nil {
			done()
		}
		startRetry(t, a)
		before.insert(2)
		reader.insert(3)
		synctest.Wait()
		if n := len(b.Transactions()); n != 1 {
			t.Errorf("%d open transactions on the peer, want that of the reader", n)
		}
		before.commit()
		reader.commit()
		b.holds(t, 1)
	})
}

// DDL waits as long as its session says, by default not at all.
func TestDDL_WaitsForItsLockAsLongAsTheSessionSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(enginetest.NewNetwork(), "a", nil)
		defer n.down()
		create := func() error { return n.create("ZZ", "nobody") }
		open := n.begin()
		open.insert(1)
		lasts(t, "CREATE", 0, create, engine.ErrLockTimeout)
		if err := n.sys.Set("DDL_LOCK_TIMEOUT", "3"); err != nil {
			t.Fatal(err)
		}
		ddl := call(create)
		time.Sleep(500 * time.Millisecond)
		writer := call(func() error { n.insert(2); return nil })
		ddl.ends(t, "CREATE with 3 s", 3*time.Second, engine.ErrLockTimeout)
		writer.ends(t, "a writer behind it", 2500*time.Millisecond, nil)
		ddl = call(create)
		time.Sleep(500 * time.Millisecond)
		open.commit()
		ddl.ends(t, "CREATE", 500*time.Millisecond, nil)

		_ = n.sys.Set("DDL_LOCK_TIMEOUT", "0")
		ctx := context.Background()
		open = n.begin()
		open.insert(3)
		host := engine.Host{Addr: "other", Port: 1}
		for what, f := range map[string]func() error{
			"ADD HOST": func() error { return n.AddHost(ctx, "ZZ", host) }, "START RETRY": func() error { return n.Start(ctx, "ZZ", true) },
		} {
			lasts(t, what, 0, f, nil)
		}
		lasts(t, "STOP", 0, func() error { return n.Stop(ctx, "ZZ") }, nil)
		lasts(t, "RESET", 0, func() error { return n.Reset(ctx, "ZZ") }, nil)
		item := engine.Item{LocalUser: "SYS", LocalTable: "T1", RemoteUser: "SYS", RemoteTable: "T1"}
		lasts(t, "DROP TABLE", 0, func() error { return n.DropItem(ctx, n.sys, "ZZ", item) }, engine.ErrLockTimeout)
		lasts(t, "DROP", 0, func() error { return n.DropReplication(ctx, n.sys, "ZZ") }, engine.ErrLockTimeout)
		open.End()
		if err := n.reads(); err != nil {
			t.Fatal(err)
		}
		reader := n.begin() // one that has only read is no obstacle
		if done, err := reader.Read(ctx, n.table); err == nil {
			done()
		}
		lasts(t, "DROP beside a reader", 0, func() error { return n.DropReplication(ctx, n.sys, "ZZ") }, nil)
		if all := n.Transactions(); len(all) != 1 || !all[0].Wrote.IsZero() {
			t.Errorf("V$TRANSACTION shows %+v, want the reader without a time of a first update", all)
		}
		reader.End()
	})
}

// STOP of the sending side hangs while the peer's receiver waits for a lock, a START behind it too; STOP of the
// receiving side's own sender does not.
func TestStop_HangsWhileThePeersReceiverWaitsForALock(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		ctx := context.Background()
		start(t, a)
		start(t, b)
		a.set(t, "REPLICATION_LOCK_TIMEOUT", "3600")
		lock := a.Begin(2, false)
		if err := lock.LockTable(ctx, a.table); err != nil {
			t.Fatal(err)
		}
		if all := a.Transactions(); len(all) != 1 || !all[0].Wrote.IsZero() {
			t.Errorf("LOCK TABLE shows as %+v", all)
		}
		b.insert(1)
		synctest.Wait()
		hangs := call(func() error { return b.Stop(ctx, "R") })
		time.Sleep(6500 * time.Millisecond)
		begin := time.Now()
		if err := a.Stop(ctx, "R"); err != nil || time.Since(begin) > time.Second {
			t.Errorf("STOP of the receiving side: %v after %s", err, time.Since(begin))
		}
		again := call(func() error { return b.Start(ctx, "R", false) })
		time.Sleep(time.Minute)
		if !hangs.runs() || !again.runs() {
			t.Error("STOP of the sending side, or the START behind it, has come back")
		}
		lock.End()
		<-hangs.done
		<-again.done
		if hangs.err != nil || again.err != nil || hangs.took < time.Minute {
			t.Errorf("STOP: %v after %s; START: %v", hangs.err, hangs.took, again.err)
		}
		a.holds(t, 1)
	})
}

// Two sessions that wait for each other: the later one is told at once.
func TestLocks_DeadlockOfSessionsIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(enginetest.NewNetwork(), "a", nil)
		defer n.down()
		ctx := context.Background()
		other := &engine.Table{ID: n.table.ID + 1}
		one, two := n.Begin(1, false), n.Begin(2, false)
		for _, err := range []error{one.LockTable(ctx, n.table), two.LockTable(ctx, other)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		waits := call(func() error { return one.Write(ctx, other) })
		time.Sleep(time.Second)
		lasts(t, "the second", 0, func() error { return two.Write(ctx, n.table) }, engine.ErrDeadlock)
		two.End()
		waits.ends(t, "the first", time.Second, nil)
		one.End()
	})
}

// Who has got a lock waits for nobody, also before it has noticed: a reader behind it is in no deadlock.
func TestLocks_WhoComesRightAfterALockWasGranted_Waits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(enginetest.NewNetwork(), "a", nil)
		defer n.down()
		ctx := context.Background()
		for range 1000 {
			writer, alone := n.Begin(1, false), n.Begin(2, false)
			if err := writer.Write(ctx, n.table); err != nil {
				t.Fatal(err)
			}
			locks := call(func() error {
				defer alone.End()
				return alone.LockTable(ctx, n.table)
			})
			synctest.Wait()
			writer.End()
			if err := n.reads(); err != nil {
				t.Fatal(err)
			}
			locks.ends(t, "LOCK TABLE", 0, nil)
		}
	})
}
