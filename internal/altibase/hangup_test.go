package altibase

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A server that hangs at the end of a session must not keep anybody from the others.
func TestDisconnectThatHangs_HoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hangs atomic.Bool // not yet what the look at the own server leaves
		goOn := make(chan struct{})
		f := &fake{hangup: func() {
			if hangs.Load() {
				<-goOn
			}
		}}
		servers := f.servers(t)
		peer := servers.Server(1).(*Server)
		c, err := peer.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		peer.release(c)
		hangs.Store(true)
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			servers.CloseIdle()
		}()
		synctest.Wait() // until all that it waits for hangs
		select {
		case <-closed:
			t.Fatal("it has ended already, and nothing is seen")
		default:
		}
		for name, lock := range map[string]*sync.Mutex{"all servers": &servers.mu, "the server that hangs": &peer.mu} {
			if !lock.TryLock() {
				t.Errorf("%s: locked while a session ends", name)
				continue
			}
			lock.Unlock()
		}
		close(goOn)
		<-closed
	})
}

func TestDisconnectThatHangs_IsNotWaitedForForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{hangup: func() { time.Sleep(time.Hour) }}
		servers := f.servers(t)
		if err := servers.Server(1).Stop(t.Context(), "R"); err != nil {
			t.Fatal(err)
		}
		inTime(t, 5*time.Second, servers.CloseIdle)
		time.Sleep(3 * time.Hour)
	})
}
