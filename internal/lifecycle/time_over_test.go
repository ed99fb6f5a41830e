package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

// stuckServer is a server on which nothing gets on: tables are locked, a user's transaction
// stays open, and a STOP hangs.
type stuckServer struct {
	idleServer
	open []Transaction
}

func (s stuckServer) OpenTransactions(ctx context.Context) ([]Transaction, bool, error) {
	return s.open, true, ctx.Err()
}

func (stuckServer) Create(context.Context, akucore.ObjectSpec, time.Duration) error {
	return fmt.Errorf("%w: ERR-11075 SYS.T1", akucore.ErrLocked)
}

func (stuckServer) Brief(context.Context) (akucore.State, error) {
	return akucore.State{Objects: map[string]akucore.Object{"AKU_REP_01": {Started: true}}}, nil
}

func (stuckServer) Stop(ctx context.Context, object string) error {
	<-ctx.Done()
	return fmt.Errorf("%w: %w", akucore.ErrTimeout, ctx.Err())
}

func (stuckServer) StartRetry(context.Context, string) error { return nil }

func (stuckServer) Sender(context.Context, string) (akucore.SenderState, error) {
	return akucore.SenderConnecting, nil
}

func TestStep_WhoseTimeIsOver_SaysWhatItWaitedFor(t *testing.T) {
	create := func(peer int, limit time.Duration) akucore.Step {
		return akucore.Step{Do: akucore.Create, Side: akucore.Side{On: akucore.Master, Peer: peer}, For: limit}
	}
	old := Transaction{ID: 1, Session: 9, Since: time.Unix(1, 0), User: "APP", From: "TCP 10.0.0.7:4711"}
	for _, test := range []struct {
		name  string
		steps []akucore.Step
		open  []Transaction
		over  bool // the time of the whole plan is, before
		want  string
	}{
		{name: "between two tries beside a lock", steps: []akucore.Step{create(2, 30*time.Millisecond)}, want: "ERR-11075 SYS.T1"},
		{name: "before it queues behind a long transaction", steps: []akucore.Step{create(2, 3*time.Second)}, open: []Transaction{old}, want: "session 9 (APP, TCP 10.0.0.7:4711)"},
		{name: "while another step has senders stopped", steps: []akucore.Step{create(2, 20*time.Second), create(3, 3*time.Second)}, want: "hold back the changes of "},
		{name: "while a user's transaction is open", steps: []akucore.Step{{Do: akucore.Settle, Side: akucore.Side{On: 0, Peer: 2}, For: 3 * time.Second}}, open: []Transaction{old}, want: "session 9 (APP, TCP 10.0.0.7:4711)"},
		{name: "before the sender has reached its peer", steps: []akucore.Step{{Do: akucore.Start, Side: akucore.Side{On: 0, Peer: 1}, New: true, For: 100 * time.Millisecond}}, want: "altibase-1 is not yet reached"},
		{name: "before it began", steps: []akucore.Step{{Do: akucore.Settle, Side: akucore.Side{On: 0, Peer: 2}, For: time.Second}}, over: true, want: "it was not begun"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := mesh(2)
				m.ServerCount = 4
				var mu sync.Mutex
				var first error
				r := Runner{Mesh: m, Servers: oneServer{stuckServer{open: test.open}}, Log: slog.New(slog.DiscardHandler), LockWait: 20 * time.Second, RetryCount: 3, RetryDelay: time.Minute, Report: func(e Event) {
					mu.Lock()
					defer mu.Unlock()
					if e.Kind == StepFailed && first == nil {
						first = e.Err
					}
				}}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if test.over {
					<-ctx.Done()
				}
				_ = r.RunAll(ctx, akucore.Plan{Stages: []akucore.Stage{{Steps: test.steps}}})
				if first == nil || !strings.Contains(first.Error(), test.want) || !errors.Is(first, context.DeadlineExceeded) {
					t.Errorf("it does not say %q: %v", test.want, first)
				}
			})
		})
	}
}
