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
		err := n.CreateReplication(context.Background(), &engine.Replication{
			Name: name, Hosts: []engine.Host{{Addr: peer, Port: 20301}},
			Items: []engine.Item{{LocalUser: "SYS", LocalTable: "T1", RemoteUser: "SYS", RemoteTable: "T1"}},
		})
		if err != nil {
			panic(err)
		}
	}
	return n
}

func (n *node) up() {
	n.Server = engine.New(engine.Config{Store: n.store, Network: n.net.From(n.host), Catalog: n.store.Catalog()})
	n.net.Join(n.host, n.Serve)
	n.StartSenders()
}

func (n *node) down() {
	n.net.Leave(n.host)
	n.Close()
}

func (n *node) insert(key int) {
	n.store.Write(n.table, engine.Change{Op: engine.Insert, After: enginetest.Row(key, "from "+n.host)})
}

func (n *node) keys() int { return len(n.store.Rows(n.table)) }

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

func TestWaits(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		ctx := context.Background()
		lasts(t, "START", time.Second, func() error { return a.Start(ctx, "R", false) }, nil)
		a.insert(1)
		synctest.Wait()
		if b.keys() != 1 {
			t.Error("a change needs time to arrive")
		}
		lasts(t, "FLUSH after a write", 6*time.Second, func() error { return a.Flush(ctx, "R", -1) }, nil)
		lasts(t, "FLUSH again", 0, func() error { return a.Flush(ctx, "R", -1) }, nil)
		a.insert(2)
		lasts(t, "FLUSH WAIT 3", 3*time.Second, func() error { return a.Flush(ctx, "R", 3*time.Second) }, engine.ErrFlushTimeout)
		begin := time.Now()
		if err := a.Stop(ctx, "R"); err != nil || time.Since(begin) > time.Second {
			t.Errorf("STOP: %v after %s", err, time.Since(begin))
		}
		lasts(t, "SYNC", 2*time.Second, func() error { return a.Sync(ctx, "R", engine.SyncOptions{}) }, nil)
		lasts(t, "START of a started one", 0, func() error { return a.Start(ctx, "R", true) }, engine.ErrSenderStarted)

		b.down()
		synctest.Wait()
		a.insert(3)
		short, cancel := context.WithTimeoutCause(ctx, 150*time.Second, engine.ErrQueryTimeout)
		defer cancel()
		lasts(t, "FLUSH with the peer down", 150*time.Second, func() error { return a.Flush(short, "R", -1) }, engine.ErrQueryTimeout)
		b.up()
		begin = time.Now()
		for b.keys() != 3 {
			time.Sleep(time.Second)
		}
		if d := time.Since(begin); d > 61*time.Second {
			t.Errorf("the next try came after %s", d)
		}
	})
}

// STOPs of one server take turns, those of different servers do not.
func TestStopsTakeTurns(t *testing.T) {
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
		lasts(t, "four STARTs at once", time.Second, func() error {
			return all(func() error { return a.Start(ctx, "AB", false) }, func() error { return a.Start(ctx, "AC", false) },
				func() error { return b.Start(ctx, "AB", false) }, func() error { return c.Start(ctx, "AC", false) })
		}, nil)
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

func TestRetryAndWake(t *testing.T) {
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
		time.Sleep(time.Second)
		if b.keys() != 0 {
			t.Error("a sleeping sender has noticed its peer by itself")
		}
		if err := b.Start(ctx, "R", false); err != nil { // its link wakes the sleeper
			t.Fatal(err)
		}
		if st := state(); st.Status != engine.SenderRuns || b.keys() != 1 {
			t.Errorf("after the peer's START: %+v, %d rows", st, b.keys())
		}
	})
}

// Everything up to the applied number is there, and the number follows a record
// that is not sent only with the keep-alive.
func TestAppliedNumber(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		if err := a.Start(context.Background(), "R", false); err != nil {
			t.Fatal(err)
		}
		applied := func() engine.SN {
			synctest.Wait()
			return b.Receivers()[0].Applied
		}
		a.insert(1)
		if applied() != a.LastSN() {
			t.Errorf("applied %d, last %d", applied(), a.LastSN())
		}
		_ = a.SetProperty("QUERY_TIMEOUT", "600")
		if applied() != a.LastSN() {
			t.Error("ALTER SYSTEM has moved the log on")
		}
		_ = a.store.Touch(context.Background())
		time.Sleep(5 * time.Second)
		if applied() >= a.LastSN() {
			t.Error("the number has moved without a keep-alive")
		}
		time.Sleep(time.Second)
		if applied() != a.LastSN() {
			t.Error("the keep-alive has not moved the number")
		}
	})
}

// Users who go on writing do not bring the acknowledgement forward, nor do they put it off.
func TestFlushUnderWrites_TakesAsLongAsAfterOne(t *testing.T) {
	bubble(t, func(t *testing.T, a, _ *node) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		if err := a.Start(ctx, "R", false); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for key := 1; ctx.Err() == nil; key++ {
				a.insert(key)
				time.Sleep(time.Millisecond)
			}
		}()
		for range 3 {
			time.Sleep(1500 * time.Millisecond) // something has been written since the last one
			lasts(t, "FLUSH under writes", 6*time.Second, func() error { return a.Flush(ctx, "R", -1) }, nil)
		}
		cancel()
		<-done
	})
}

// A peer that is busy applying for minutes is not taken for dead; nothing is
// acknowledged before it is applied.
func TestSlowPeer(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		ctx := context.Background()
		if err := a.Start(ctx, "R", false); err != nil {
			t.Fatal(err)
		}
		b.store.Slow = 5 * time.Minute
		a.insert(1)
		lasts(t, "FLUSH with a slow peer", 5*time.Minute, func() error { return a.Flush(ctx, "R", -1) }, nil)
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

func TestLogIsPinned(t *testing.T) {
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

func TestLoginRules(t *testing.T) {
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

func TestSyncCutUnderVirtualTime(t *testing.T) {
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
