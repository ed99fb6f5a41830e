package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/engine/enginetest"
)

// node is a server in this process, at the real server's speed under virtual
// time.
type node struct {
	*engine.Server
	sys   *engine.Session
	host  string
	store *enginetest.Store
	net   *enginetest.Network
	table *engine.Table
}

func newNode(net *enginetest.Network, host string, peers map[string]string) *node {
	t := &engine.Table{
		User: "SYS", Name: "T1", PrimaryKey: []string{"C1"},
		Columns: []engine.Column{{Name: "C1", Type: "INTEGER"}, {Name: "C2", Type: "VARCHAR", Precision: 20}},
	}
	n := &node{host: host, store: enginetest.NewStore(t), net: net, table: t}
	n.up()
	for name, peer := range peers {
		if err := n.create(name, peer); err != nil {
			panic(err)
		}
	}
	return n
}

func (n *node) create(name, peer string) error {
	return n.CreateReplication(context.Background(), n.sys, &engine.Replication{
		Name: name, Hosts: []engine.Host{{Addr: peer, Port: 20301}},
		Items: []engine.Item{{LocalUser: "SYS", LocalTable: "T1", RemoteUser: "SYS", RemoteTable: "T1"}},
	})
}

func (n *node) up() {
	n.Server = engine.New(engine.Config{Store: n.store, Network: n.net.From(n.host), Catalog: n.store.Catalog()})
	var err error
	if n.sys, err = n.Login(engine.Login{User: "SYS", Password: "MANAGER"}); err != nil {
		panic(err)
	}
	n.net.Join(n.host, n.Serve)
	n.StartSenders()
}

// anew is the server with a new database.
func (n *node) anew(name, peer string) {
	n.down()
	fresh := newNode(n.net, n.host, map[string]string{name: peer})
	n.Server, n.sys, n.store, n.table = fresh.Server, fresh.sys, fresh.store, fresh.table
}

func (n *node) down() {
	n.net.Leave(n.host)
	n.Close()
}

// insert is a user's INSERT that is committed at once.
func (n *node) insert(key int) {
	u := &user{Transaction: n.Begin(1, true), n: n}
	u.insert(key)
	u.commit()
}

func (n *node) keys() int { return len(n.store.Rows(n.table)) }

// user has an open transaction.
type user struct {
	*engine.Transaction
	n       *node
	began   engine.SN
	changes []engine.Change
}

func (n *node) begin() *user { return &user{Transaction: n.Begin(1, false), n: n} }

func (u *user) insert(key int) {
	if err := u.Write(context.Background(), u.n.table); err != nil {
		panic(err)
	}
	if u.changes == nil {
		u.began = u.n.LastSN()
	}
	row := enginetest.Row(key, "from "+u.n.host)
	u.changes = append(u.changes, engine.Change{Op: engine.Insert, After: row})
	u.Changed(u.began, []engine.Record{{Op: engine.Insert, TableID: u.n.table.ID, After: row}})
}

func (u *user) commit() {
	u.n.store.Commit(u.ID, u.began, u.n.table, u.changes...)
	u.End()
}

// bubble runs f under virtual time with two servers that have one pair.
func bubble(t *testing.T, f func(t *testing.T, a, b *node)) {
	synctest.Test(t, func(t *testing.T) {
		net := enginetest.NewNetwork()
		a, b := newNode(net, "a", map[string]string{"R": "b"}), newNode(net, "b", map[string]string{"R": "a"})
		f(t, a, b)
		a.down()
		b.down()
	})
}

// lasts fails unless f takes exactly d, to a tenth of a second.
func lasts(t *testing.T, what string, d time.Duration, f func() error, want error) {
	t.Helper()
	begin := time.Now()
	if err := f(); !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
	if got := time.Since(begin); got.Round(100*time.Millisecond) != d {
		t.Errorf("%s took %s, want %s", what, got, d)
	}
}

func TestStatements_TakeTheWaitsOfTheRealServer(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		ctx := context.Background()
		begin := time.Now()
		if err := a.Start(ctx, "R", false); err != nil || time.Since(begin) != 0 && time.Since(begin) != time.Second {
			t.Errorf("START: %v after %s", err, time.Since(begin))
		}
		a.insert(1)
		synctest.Wait()
		if b.keys() != 1 {
			t.Error("a change needs time to arrive")
		}
		time.Sleep(300 * time.Millisecond)
		begin = time.Now()
		if err := a.Stop(ctx, "R"); err != nil || time.Since(begin) != 700*time.Millisecond {
			t.Errorf("STOP: %v after %s, want the next whole second", err, time.Since(begin))
		}
		lasts(t, "SYNC", 2*time.Second, func() error { return a.Sync(ctx, "R", engine.SyncOptions{}) }, nil)
		lasts(t, "START of a started one", 0, func() error { return a.Start(ctx, "R", true) }, engine.ErrSenderStarted)

		b.down()
		synctest.Wait()
		a.insert(3)
		short, cancel := context.WithTimeoutCause(ctx, 150*time.Second, engine.ErrQueryTimeout)
		defer cancel()
		lasts(t, "FLUSH with the peer down", 150*time.Second, func() error { return a.Flush(short, "R", false, -1) }, engine.ErrQueryTimeout)
		b.up()
		begin = time.Now()
		for b.keys() != 2 {
			time.Sleep(time.Second)
		}
		if d := time.Since(begin); d > 61*time.Second {
			t.Errorf("the next try came after %s", d)
		}
	})
}

// STOPs of one server take turns, those of different servers do not.
func TestStops_OfOneServer_TakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := enginetest.NewNetwork()
		a := newNode(net, "a", map[string]string{"AB": "b", "AC": "c"})
		b, c := newNode(net, "b", map[string]string{"AB": "a"}), newNode(net, "c", map[string]string{"AC": "a"})
		ctx := context.Background()
		all := func(calls ...func() error) error {
			errs := make(chan error)
			for _, f := range calls {
				go func() { errs <- f() }()
			}
			var err error
			for range calls {
				err = errors.Join(err, <-errs)
			}
			return err
		}
		begin := time.Now()
		err := all(func() error { return a.Start(ctx, "AB", false) }, func() error { return a.Start(ctx, "AC", false) },
			func() error { return b.Start(ctx, "AB", false) }, func() error { return c.Start(ctx, "AC", false) })
		if err != nil || time.Since(begin) > time.Second {
			t.Errorf("four STARTs at once: %v after %s", err, time.Since(begin))
		}
		lasts(t, "two STOPs on one server", 2*time.Second, func() error {
			return all(func() error { return a.Stop(ctx, "AB") }, func() error { return a.Stop(ctx, "AC") })
		}, nil)
		lasts(t, "two STOPs on two servers", time.Second, func() error {
			return all(func() error { return b.Stop(ctx, "AB") }, func() error { return c.Stop(ctx, "AC") })
		}, nil)
		lasts(t, "two SYNCs to two servers", 2*time.Second, func() error {
			return all(func() error { return a.Sync(ctx, "AB", engine.SyncOptions{}) }, func() error { return a.Sync(ctx, "AC", engine.SyncOptions{}) })
		}, nil)
		a.down()
		b.down()
		c.down()
	})
}

// Only a start of the peer's server, a STOP and START of the sender or a FLUSH wake a sender that rests.
func TestSenderThatRests_IsWokenByThePeersServerStopAndStartOrFlush(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		ctx := context.Background()
		b.down()
		lasts(t, "START RETRY with the peer down", 0, func() error { return a.Start(ctx, "R", true) }, nil)
		state := func() engine.SenderState {
			synctest.Wait()
			return a.Senders()[0]
		}
		if st := state(); st.Status != engine.SenderStopped || !st.NetError || st.ReadSN != engine.NoSN {
			t.Errorf("after START RETRY: %+v", st)
		}
		a.insert(1)
		time.Sleep(61 * time.Second)
		if st := state(); st.Status != engine.SenderRetries {
			t.Errorf("after the first retry: %+v", st)
		}
		b.up()
		start(t, b)
		if st := state(); st.Status != engine.SenderRetries || b.keys() != 0 {
			t.Errorf("after the peer's START, which wakes nobody: %+v, %d rows", st, b.keys())
		}
		lasts(t, "FLUSH WAIT 1", 0, func() error { return a.Flush(ctx, "R", false, time.Second) }, nil)
		if st := state(); st.Status != engine.SenderRuns || b.keys() != 1 {
			t.Errorf("after a FLUSH: %+v, %d rows", st, b.keys())
		}
		b.down()
		if st := state(); st.Status != engine.SenderRetries {
			t.Errorf("after the end of the peer: %+v", st)
		}
		b.up() // its object is started, so its sender calls
		if st := state(); st.Status != engine.SenderRuns {
			t.Errorf("after a start of the peer's server: %+v", st)
		}
	})
}

// How long a sender rests is asked for at each rest.
func TestSenderThatRests_AsksForItsSleepTimeoutAtEachRest(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		b.down()
		if err := a.SetProperty("REPLICATION_SENDER_SLEEP_TIMEOUT", "3"); err != nil {
			t.Fatal(err)
		}
		_ = a.Start(context.Background(), "R", true)
		synctest.Wait()
		b.up()
		for _, want := range []engine.SenderStatus{engine.SenderStopped, engine.SenderRuns} {
			synctest.Wait()
			if st := a.Senders()[0]; st.Status != want {
				t.Errorf("status %d, want %d", st.Status, want)
			}
			time.Sleep(3 * time.Second)
		}
	})
}

// A sender whose peer's object differs rests, and is started all the same.
func TestSenderOfAnotherObject_Rests(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		ctx := context.Background()
		item := engine.Item{LocalUser: "SYS", LocalTable: "T1", RemoteUser: "SYS", RemoteTable: "T1"}
		if err := b.DropItem(ctx, b.sys, "R", item); err != nil {
			t.Fatal(err)
		}
		_ = a.Start(ctx, "R", true)
		synctest.Wait()
		if st := a.Senders()[0]; st.Status != engine.SenderStopped || !st.NetError || !a.Catalog().Replication("R").Started {
			t.Errorf("%+v, started %v", st, a.Catalog().Replication("R").Started)
		}
		lasts(t, "START", 0, func() error { return a.Start(ctx, "R", false) }, engine.ErrSenderStarted)
		lasts(t, "STOP", 0, func() error { return a.Stop(ctx, "R") }, nil)
		err := a.Start(ctx, "R", false)
		if want := "[ERR-6100D : [Sender] Failed to handshake with the peer server (The replication's item count does not match [1:0].)]"; fmt.Sprint(err) != want {
			t.Errorf("START: %v, want %s", err, want)
		}
	})
}

// Everything up to the applied number is there. The number comes up to a commit at once, and
// to the records that follow it, or that are not sent, with the keep-alive.
func TestAppliedNumber_ComesToTheCommitAtOnceAndToTheEndWithTheKeepAlive(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		start(t, a)
		is := func(when string, want engine.SN) {
			t.Helper()
			synctest.Wait()
			if got := b.Receivers()[0].Applied; got != want {
				t.Errorf("%s: applied %d, want %d; the log ends at %d", when, got, want, a.LastSN())
			}
		}
		is("idle", a.LastSN())
		a.insert(1)
		synctest.Wait()
		st := a.Senders()[0]
		if st.ReadSN != a.LastSN() || st.CommitXSN >= st.ReadSN {
			t.Errorf("read %d, commit %d; the log ends at %d", st.ReadSN, st.CommitXSN, a.LastSN())
		}
		is("after a write", st.CommitXSN)
		time.Sleep(5 * time.Second)
		is("before the keep-alive", st.CommitXSN)
		time.Sleep(time.Second)
		is("after the keep-alive", a.LastSN())
		before := a.LastSN()
		_ = a.SetProperty("QUERY_TIMEOUT", "600")
		is("ALTER SYSTEM", before)
		_ = a.store.Touch(context.Background())
		time.Sleep(5 * time.Second)
		is("after a record that is not sent", before)
		time.Sleep(time.Second)
		is("after the next keep-alive", a.LastSN())
	})
}

// A commit that the sender finds when it starts is like one that comes later: the log's end waits for the keep-alive.
func TestAppliedNumber_AtAStartWithSomethingToSend_ComesToTheCommit(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		start(t, a)
		if err := a.Stop(context.Background(), "R"); err != nil {
			t.Fatal(err)
		}
		a.insert(1)
		start(t, a)
		synctest.Wait()
		sent := a.Senders()[0]
		if got := b.Receivers()[0].Applied; b.keys() != 1 || got != sent.CommitXSN || got == a.LastSN() {
			t.Errorf("%d rows are there, applied %d, want %d; the log ends at %d", b.keys(), got, sent.CommitXSN, a.LastSN())
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if got := b.Receivers()[0].Applied; got != a.LastSN() {
			t.Errorf("after the keep-alive: applied %d, want %d", got, a.LastSN())
		}
	})
}

func TestFlush_AfterAWrite_WaitsForTheKeepAlive(t *testing.T) {
	bubble(t, func(t *testing.T, a, _ *node) {
		ctx := context.Background()
		start(t, a)
		flush := func(what string, took time.Duration, all bool, limit time.Duration, want error) {
			t.Helper()
			lasts(t, what, took, func() error { return a.Flush(ctx, "R", all, limit) }, want)
		}
		key := 10
		// The sender may be quicker than the FLUSH, which then waits as the next one does.
		promptly := func(what string, limit time.Duration) {
			t.Helper()
			for range 20 {
				key++
				a.insert(key)
				began := time.Now()
				if err := a.Flush(ctx, "R", false, limit); err == nil && time.Since(began) == 0 {
					return
				}
			}
			t.Errorf("%s was never prompt", what)
		}
		promptly("FLUSH right after a write", -1)
		synctest.Wait() // the sender has read all
		flush("the next FLUSH", 6*time.Second, false, -1, nil)
		flush("the one after it", 0, false, -1, nil)
		flush("FLUSH ALL with nothing new", 0, true, -1, nil)
		promptly("FLUSH WAIT 3 right after a write", 3*time.Second)
		a.insert(3)
		time.Sleep(100 * time.Millisecond)
		flush("FLUSH WAIT 3 a while after a write", 3*time.Second, false, 3*time.Second, engine.ErrFlushTimeout)
		a.insert(4)
		flush("FLUSH ALL WAIT 3", 3*time.Second, true, 3*time.Second, engine.ErrFlushTimeout)
		a.insert(5)
		flush("FLUSH ALL", 6*time.Second, true, -1, nil)
	})
}

// Under a writer a FLUSH is quick, and FLUSH ALL runs after the end of the log.
func TestFlush_UnderAWriter_IsQuickAndFlushAllChasesTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T, a, _ *node) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		start(t, a)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for key := 1; ctx.Err() == nil; key++ {
				a.insert(key)
				time.Sleep(10 * time.Millisecond)
			}
		}()
		for range 2 {
			time.Sleep(1500 * time.Millisecond)
			lasts(t, "FLUSH", 0, func() error { return a.Flush(ctx, "R", false, -1) }, nil)
			lasts(t, "FLUSH ALL", 18*time.Second, func() error { return a.Flush(ctx, "R", true, -1) }, nil)
		}
		cancel()
		<-done
	})
}

// A peer that is busy applying for minutes is not taken for dead; nothing is
// acknowledged before it is applied.
func TestPeerThatIsSlow_IsNotTakenForGone(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		ctx := context.Background()
		start(t, a)
		b.store.Slow = 5 * time.Minute
		a.insert(1)
		lasts(t, "FLUSH with a slow peer", 5*time.Minute, func() error { return a.Flush(ctx, "R", true, -1) }, nil)
		if b.keys() != 1 {
			t.Error("acknowledged but not there")
		}
		if st := a.Senders()[0]; st.Status != engine.SenderRuns || len(b.Receivers()) != 1 {
			t.Errorf("the link was given up: %+v", st)
		}
		if f := b.Receivers()[0].Fail[engine.Insert]; f != 0 {
			t.Errorf("sent again: %d inserts skipped", f)
		}
	})
}

// A SYNC is over when its rows are there, however long the peer takes and whatever it says meanwhile.
func TestSync_ToAPeerThatIsSlow_EndsWhenItsRowsAreThere(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		a.insert(1)
		b.store.Slow = 5 * time.Minute
		lasts(t, "SYNC to a slow peer", 5*time.Minute, func() error { return a.Sync(context.Background(), "R", engine.SyncOptions{}) }, nil)
		if b.keys() != 1 {
			t.Errorf("SYNC is over, and %d of 1 rows are there", b.keys())
		}
	})
}

func TestLog_OfAStartedObject_IsKept(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		ctx := context.Background()
		b.down()
		_ = a.Start(ctx, "R", true)
		for i := range 100 {
			a.insert(i)
		}
		_ = a.Stop(ctx, "R")
		if n := a.store.LogLength(); n != 200 {
			t.Errorf("%d log records, want 200 for a stopped object", n)
		}
		if err := a.Reset(ctx, "R"); err != nil {
			t.Fatal(err)
		}
		if n := a.store.LogLength(); n != 0 {
			t.Errorf("%d log records after RESET", n)
		}
	})
}

func TestLogin_IsRefusedByTheRulesInTheirOrder(t *testing.T) {
	for _, c := range []struct {
		properties map[string]string
		login      engine.Login
		want       error
	}{
		{nil, engine.Login{User: "SYS", Password: "MANAGER"}, nil},
		{nil, engine.Login{User: "SYS", Password: "manager"}, nil},
		{nil, engine.Login{User: "SYS", Password: "x"}, engine.ErrInvalidPassword},
		{nil, engine.Login{User: "NOUSER"}, engine.ErrUserNotFound},
		{nil, engine.Login{User: "SYS", Password: "MANAGER", Sysdba: true, Remote: true}, nil},
		{map[string]string{"REMOTE_SYSDBA_ENABLE": "0"}, engine.Login{User: "SYS", Password: "MANAGER", Sysdba: true, Remote: true}, engine.ErrRemoteSysdba},
		{map[string]string{"REMOTE_SYSDBA_ENABLE": "0"}, engine.Login{User: "SYS", Password: "MANAGER", Sysdba: true}, nil},
		{map[string]string{"REMOTE_SYSDBA_ENABLE": "0"}, engine.Login{User: "SYS", Password: "MANAGER", Remote: true}, nil},
		{map[string]string{"ADMIN_MODE": "1"}, engine.Login{User: "SYS", Password: "MANAGER"}, engine.ErrAdminMode},
		{map[string]string{"ADMIN_MODE": "1"}, engine.Login{User: "SYS", Password: "MANAGER", Sysdba: true}, nil},
		{map[string]string{"ADMIN_MODE": "1"}, engine.Login{User: "SYS", Password: "wrong"}, engine.ErrInvalidPassword},
	} {
		st := enginetest.NewStore()
		s := engine.New(engine.Config{Store: st, Catalog: st.Catalog(), Properties: c.properties, Network: enginetest.NewNetwork().From("a")})
		if _, err := s.Login(c.login); !errors.Is(err, c.want) {
			t.Errorf("%+v with %v: %v, want %v", c.login, c.properties, err, c.want)
		}
	}
}

func TestSync_ThatIsCut_EndsAtOnceAndLeavesTheObjectAsItWas(t *testing.T) {
	for i, cut := range []func(a, b *node, cancel context.CancelFunc){
		func(a, _ *node, _ context.CancelFunc) { _ = a.Stop(context.Background(), "R") },
		func(_, b *node, _ context.CancelFunc) { b.down() },
		func(_, _ *node, cancel context.CancelFunc) { cancel() },
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			bubble(t, func(t *testing.T, a, b *node) {
				a.insert(1)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				done := make(chan struct{})
				go func() {
					defer close(done)
					time.Sleep(time.Second)
					cut(a, b, cancel)
				}()
				if err := a.Sync(ctx, "R", engine.SyncOptions{}); err == nil {
					t.Error("a SYNC that was cut succeeded")
				}
				<-done
				r := a.Catalog().Replication("R")
				if r.Started || r.XSN != engine.NoSN || b.keys() != 1 {
					t.Errorf("started %v, XSN %d, %d rows on the target", r.Started, r.XSN, b.keys())
				}
				if len(a.Senders()) != 0 {
					t.Error("the sender is still there")
				}
				if i == 1 {
					b.up()
				}
			})
		})
	}
}

// The applied number never says more than the rows: it moves when they are there.
func TestAppliedNumber_IsNotAheadOfTheRows(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		start(t, a)
		b.store.Slow = time.Second
		for key := range 5 {
			a.insert(key)
			synctest.Wait()
			commit := a.Senders()[0].CommitXSN
			for tries := 0; b.keys() != key+1; tries++ {
				if got := b.Receivers()[0].Applied; got >= commit {
					t.Fatalf("applied %d of %d, and the row is not there", got, commit)
				}
				if tries > 100 {
					t.Fatal("the row never comes")
				}
				time.Sleep(100 * time.Millisecond)
				synctest.Wait()
			}
			if got := b.Receivers()[0].Applied; got < commit {
				t.Errorf("the row is there, and the number is %d, not %d", got, commit)
			}
		}
	})
}
