package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

// lockServer refuses a CREATE at once, and lets it through when it may wait and the other
// pods' senders are stopped.
type lockServer struct {
	idleServer
	mesh akucore.Mesh
	of   *lockedMesh
	pod  int
}

// lockedMesh is what happens on all its servers.
type lockedMesh struct {
	mu      sync.Mutex
	stopped map[string]bool // sides that are stopped, such as 1 AKU_REP_01
	said    []string
	open    []Transaction
	queued  bool            // a row of pod 1 waits behind a SYNC
	waits   []time.Duration // that statements were given in the queue
	holds   time.Time       // until then somebody's LOCK TABLE is in the way
}

func (s *lockServer) side(object string) string { return s.mesh.PodName(s.pod) + " " + object }

func (s *lockServer) Brief(context.Context) (akucore.State, error) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	state := akucore.State{Objects: map[string]akucore.Object{}}
	for _, peer := range s.mesh.Others(s.pod) {
		name := s.mesh.Blocks[0].Object(akucore.PairOf(s.pod, peer))
		state.Objects[name] = akucore.Object{Name: name, Started: !s.of.stopped[s.side(name)], XSN: 7}
	}
	return state, nil
}

func (s *lockServer) AllTransactions(context.Context) ([]Transaction, bool, error) {
	open := slices.Clone(s.of.open)
	if time.Now().Before(s.of.holds) {
		open = append(open, Transaction{ID: 8, Session: 9, User: "APP", From: "TCP 10.0.0.7:4711"})
	}
	return open, true, nil
}

func (s *lockServer) OpenTransactions(context.Context) ([]Transaction, bool, error) {
	return slices.DeleteFunc(slices.Clone(s.of.open), func(t Transaction) bool { return t.Since.IsZero() }), true, nil
}

func (s *lockServer) Create(ctx context.Context, spec akucore.ObjectSpec, wait time.Duration) error {
	if wait == 0 {
		return akucore.ErrLocked
	}
	s.of.mu.Lock()
	s.of.waits = append(s.of.waits, wait)
	s.of.mu.Unlock()
	needs := time.Second
	if held := time.Until(s.of.holds); held > 0 {
		needs = min(held, wait)
	}
	if err := pulse.Sleep(ctx, needs); err != nil {
		return err
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if !s.of.stopped["altibase-1 AKU_REP_01"] || time.Now().Before(s.of.holds) {
		return akucore.ErrLocked
	}
	s.of.said = append(s.of.said, "CREATE "+s.side(spec.Name))
	return nil
}

func (s *lockServer) Stop(ctx context.Context, object string) error {
	if err := pulse.Sleep(ctx, time.Second); err != nil {
		return err
	}
	return s.note("STOP", object, true)
}

func (s *lockServer) StartRetry(_ context.Context, object string) error {
	return s.note("START RETRY", object, false)
}

func (s *lockServer) note(what, object string, stopped bool) error {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.of.said = append(s.of.said, what+" "+s.side(object))
	s.of.stopped[s.side(object)] = stopped
	return nil
}

func lockedServers(of *lockedMesh, m akucore.Mesh) pods {
	of.stopped = map[string]bool{}
	servers := pods{}
	for pod := range m.ServerCount {
		servers[pod] = &lockServer{mesh: m, of: of, pod: pod}
	}
	return servers
}

func TestLocked_HoldsTheOtherPodsBackOnceWhileStatementsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mesh(2)
		m.ServerCount = 4
		var of lockedMesh
		r := Runner{Mesh: m, Servers: lockedServers(&of, m), Log: slog.New(slog.DiscardHandler), LockWait: 20 * time.Second}
		// Two statements on the master: both want pod 1 held back, which is stopped once.
		err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Create, Side: akucore.Side{On: akucore.Master, Peer: 2}}, {Do: akucore.Create, Side: akucore.Side{On: akucore.Master, Peer: 3}}}}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(strings.Join(of.said, "\n"), "STOP altibase-1 AKU_REP_01"); got != 1 {
			t.Errorf("pod 1 was stopped %d times: %v", got, of.said)
		}
		if want := []time.Duration{r.LockWait, r.LockWait}; !slices.Equal(of.waits, want) {
			t.Errorf("users waited behind statements that may wait %v, want %v", of.waits, want)
		}
		if created, started := slices.Index(of.said, "CREATE altibase-0 AKU_REP_03"), slices.Index(of.said, "START RETRY altibase-1 AKU_REP_01"); created < 0 || started < created {
			t.Errorf("it was not started again after the statements: %v", of.said)
		}
		for side, stopped := range of.stopped {
			if stopped {
				t.Errorf("%s stays stopped", side)
			}
		}
	})
}

func TestLocked_WaitsForNoTransactionThatLastsLongerThanUsersMayWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mesh(2)
		of := lockedMesh{open: []Transaction{{ID: 1, Session: 9, Since: time.Now().Add(-time.Hour), User: "APP", From: "TCP 10.0.0.7:4711"}}}
		r := Runner{Mesh: m, Servers: lockedServers(&of, m), Log: slog.New(slog.DiscardHandler), LockWait: 20 * time.Second, RetryCount: 5}
		err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Create, Side: akucore.Side{On: akucore.Master, Peer: 2}}}}}})
		if !errors.Is(err, akucore.ErrTimeout) || !strings.Contains(err.Error(), "session 9 (APP, TCP 10.0.0.7:4711)") {
			t.Errorf("error %v", err)
		}
		if len(of.said) > 0 {
			t.Errorf("it said %v", of.said)
		}
	})
}

// Who has said LOCK TABLE has written nothing, so nobody sees how old the lock is. Users and senders stand behind
// the statement once, for as long as users may wait.
func TestLocked_WhoHasOnlySaidLockTable_IsWaitedForOutOfTheQueue(t *testing.T) {
	for name, test := range map[string]struct {
		holds time.Duration
		waits int
		fails bool
	}{
		"it ends":       {holds: 50 * time.Second, waits: 2},
		"it never ends": {holds: time.Hour, waits: 1, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := mesh(2)
				of := lockedMesh{holds: time.Now().Add(test.holds)}
				r := Runner{Mesh: m, Servers: lockedServers(&of, m), Log: slog.New(slog.DiscardHandler), LockWait: 20 * time.Second, RetryCount: 5}
				err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Create, Side: akucore.Side{On: akucore.Master, Peer: 2}}}}}})
				if fails := errors.Is(err, akucore.ErrTimeout) && strings.Contains(err.Error(), "session 9 (APP, TCP 10.0.0.7:4711; nothing written)"); fails != test.fails || !fails && err != nil {
					t.Errorf("error %v", err)
				}
				if len(of.waits) != test.waits || of.waits[0] != r.LockWait {
					t.Errorf("it queued %d times, %v, want %d times", len(of.waits), of.waits, test.waits)
				}
				for side, stopped := range of.stopped {
					if stopped {
						t.Errorf("%s stays stopped", side)
					}
				}
			})
		})
	}
}

// lateServer has a clock that is an hour late, and always another open transaction.
type lateServer struct {
	*lockServer
	last int64
}

func (s *lateServer) OpenTransactions(context.Context) ([]Transaction, bool, error) {
	s.last++
	return []Transaction{{ID: s.last, Session: 9, Since: time.Now().Add(-time.Hour)}}, true, nil
}

func TestLocked_ShortTransactionsOnAServerWhoseClockIsLate_AreNotTakenForLongOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mesh(2)
		var of lockedMesh
		servers := lockedServers(&of, m)
		servers[akucore.Master] = &lateServer{lockServer: servers[akucore.Master].(*lockServer)}
		r := Runner{Mesh: m, Servers: servers, Log: slog.New(slog.DiscardHandler), LockWait: 20 * time.Second}
		err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Create, Side: akucore.Side{On: akucore.Master, Peer: 2}}}}}})
		if err != nil {
			t.Error(err)
		}
	})
}
