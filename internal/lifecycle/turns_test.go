package lifecycle

import (
	"context"
	"errors"
	"fmt"
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

// tickServer stops one sender a second; one of them fails, one never ends.
type tickServer struct {
	Server
	fails, hangs string
	stopped      []string
	open         []Transaction
}

func (s *tickServer) AllTransactions(ctx context.Context) ([]Transaction, bool, error) {
	return s.open, true, ctx.Err()
}

func (s *tickServer) Stop(ctx context.Context, object string) error {
	if object == s.hangs {
		<-ctx.Done()
		return fmt.Errorf("%w: %w", akucore.ErrTimeout, ctx.Err())
	}
	if err := pulse.Sleep(ctx, time.Second); err != nil {
		return err
	}
	s.stopped = append(s.stopped, object)
	if object == s.fails {
		return fmt.Errorf("%w: it fails", akucore.ErrFatal)
	}
	return nil
}

func (s *tickServer) Reset(context.Context, string) error { return nil }

// stops has pod 3 stop its pairs.
func stops(limit time.Duration) akucore.Stage {
	var stage akucore.Stage
	for _, peer := range []int{1, 2, 0} {
		stage.Steps = append(stage.Steps, akucore.Step{Do: akucore.Stop, Side: akucore.Side{On: 3, Peer: peer}, For: limit}, akucore.Step{Do: akucore.Reset, Side: akucore.Side{On: 3, Peer: peer}, For: limit})
	}
	return stage
}

func TestStops_OfOneServer_AreSentInTheOrderGiven(t *testing.T) {
	for _, fails := range []string{"", "AKU_REP_13"} {
		synctest.Test(t, func(t *testing.T) {
			server := &tickServer{fails: fails}
			m := mesh(3)
			m.ServerCount = 4
			r := Runner{Mesh: m, Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler)}
			err := r.RunAll(t.Context(), akucore.Plan{Stages: []akucore.Stage{stops(time.Minute)}})
			if (err != nil) != (fails != "") {
				t.Error(err)
			}
			if want := []string{"AKU_REP_13", "AKU_REP_23", "AKU_REP_03"}; !slices.Equal(server.stopped, want) {
				t.Errorf("stopped %v, want %v", server.stopped, want)
			}
		})
	}
}

func TestStops_OneThatHangs_CostsTheOthersNoMoreThanTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &tickServer{hangs: "AKU_REP_13"}
		began := time.Now()
		err := errors.Join(stopAll(t, server)...)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

// A transaction that has only said LOCK TABLE has written nothing, and a receiver that has written nothing waits itself.
func TestStops_BehindOneThatHangs_SayWhatTheyWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &tickServer{hangs: "AKU_REP_23", open: []Transaction{
			{ID: 1}, {ID: 2, Session: 4, User: "OPS", From: "TCP 10.0.0.8:4712"}, {ID: 3, Session: 9, Since: time.Now(), User: "APP", From: "TCP 10.0.0.7:4711"},
		}}
		failed := stopAll(t, server)
		if len(failed) != 2 {
			t.Fatalf("%v", failed)
		}
		hangs, queued := failed[0], failed[1]
		for _, err := range failed {
			if want := ": on altibase-2 transactions of session 9 (APP, TCP 10.0.0.7:4711), session 4 (OPS, TCP 10.0.0.8:4712; nothing written) are open"; !errors.Is(err, akucore.ErrTimeout) || !strings.Contains(err.Error(), want) {
				t.Errorf("it does not say %q: %v", want, err)
			}
		}
		if want := "it waited for altibase-3: STOP AKU_REP_23 (" + hangs.Error() + ")"; !strings.Contains(queued.Error(), want) {
			t.Errorf("it does not say %q: %v", want, queued)
		}
	})
}

// stopAll has pod 3 stop its pairs within 5 s, and returns the errors of the STOPs.
func stopAll(t *testing.T, server *tickServer) (failed []error) {
	m := mesh(3)
	m.ServerCount = 4
	var mu sync.Mutex
	r := Runner{Mesh: m, Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler), LockWait: 20 * time.Second, Report: func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Kind == StepFailed {
			failed = append(failed, e.Err)
		}
	}}
	all := stops(5 * time.Second)
	all.Steps[4].For -= time.Millisecond // the last STOP's time may be over a moment before that of the one that it waits for
	err := r.RunAll(t.Context(), akucore.Plan{Stages: []akucore.Stage{all}})
	if (err != nil) != (len(failed) > 0) {
		t.Errorf("%v, and reported was %v", err, failed)
	}
	return failed
}
