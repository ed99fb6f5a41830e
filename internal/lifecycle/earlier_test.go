package lifecycle

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

// copiedServer shows the one list of transactions before a SYNC, and the other one after it.
type copiedServer struct {
	*lockServer
	before, then []Transaction
	synced       bool
}

func (s *copiedServer) OpenTransactions(context.Context) ([]Transaction, bool, error) {
	if s.synced {
		return s.then, true, nil
	}
	return s.before, true, nil
}

func (s *copiedServer) Sync(ctx context.Context, object string, parallel int, tables []akucore.Table, wait time.Duration) error {
	s.synced = true
	return s.lockServer.Sync(ctx, object, parallel, tables, wait)
}

func TestSync_TransactionsThatBeganBeforeItAndAreOpenAfterIt_AreNamed(t *testing.T) {
	of := func(id, session int64) Transaction { return Transaction{ID: id, Session: session, Since: time.Now()} }
	for name, c := range map[string]struct {
		before, then []Transaction
		want         string
	}{
		"it goes on":               {[]Transaction{of(1, 7), of(2, 8)}, []Transaction{of(2, 8), of(3, 9)}, "transactions of session 8 began before the copy"},
		"it has ended":             {[]Transaction{of(1, 7)}, nil, ""},
		"it began later":           {nil, []Transaction{of(3, 9)}, ""},
		"a receiver, not a user's": {[]Transaction{of(1, 0)}, []Transaction{of(1, 0)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, of := mesh(2), &lockedMesh{}
				servers := lockedServers(of, m)
				servers[akucore.Master] = &copiedServer{lockServer: servers[akucore.Master].(*lockServer), before: c.before, then: c.then}
				var said []string
				r := Runner{Mesh: m, Servers: servers, Log: slog.New(slog.DiscardHandler), LockWait: 20 * time.Second, Report: func(e Event) {
					if e.Kind == GivenUp {
						said = append(said, e.Err.Error())
					}
				}}
				copies := akucore.Stage{Steps: []akucore.Step{{Do: akucore.Sync, Side: akucore.Side{On: akucore.Master, Peer: 2}}}}
				if err := r.stage(t.Context(), copies, 0); err != nil {
					t.Fatal(err)
				}
				if text := strings.Join(said, "; "); (text == "") != (c.want == "") || !strings.Contains(text, c.want) {
					t.Errorf("it says %q, want %q", text, c.want)
				}
			})
		})
	}
}

func TestMayLack_StreamThatStoodStillOrWhoseTimeIsFarFromNow(t *testing.T) {
	r := Runner{Mesh: akucore.Mesh{ReceiverLockTimeout: time.Hour}}
	for name, c := range map[string]struct {
		moved time.Duration // from now
		want  bool
	}{
		"it has just moved":           {-time.Second, false},
		"it stood still":              {-2 * time.Hour, true},
		"the other clock is in front": {time.Minute, false},
		"the other clock is in front by more than a lock may last": {61 * time.Minute, true},
	} {
		if got := r.mayLack(time.Now().Add(c.moved)); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
