package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

func TestSplit_TailsAreKept(t *testing.T) {
	const s = time.Second
	tests := []struct {
		left     time.Duration
		shutdown bool
		want     Budget
	}{
		{110 * s, true, Budget{Deliver: 82 * s, Shutdown: 20 * s}},
		{110 * s, false, Budget{Deliver: 102 * s}},
		{15 * s, false, Budget{Deliver: 7 * s}},
		{16 * s, true, Budget{Deliver: 4 * s, Shutdown: 4 * s}}, // too little for all
	}
	for _, test := range tests {
		if got := Split(test.left, test.shutdown); got != test.want {
			t.Errorf("%s, shutdown %t: %+v, want %+v", test.left, test.shutdown, got, test.want)
		}
	}
}

// lostServer cannot be read.
type lostServer struct{ endServer }

func (*lostServer) Brief(context.Context) (akucore.State, error) {
	return akucore.State{}, akucore.ErrUnreachable
}

// endOf ends pod 1 of two in 120 s, beside a master where nothing arrives, by other rules
// than PlanEnd, and gives what it logs.
func endOf(t *testing.T, own Server, plan func(akucore.EndOptions, akucore.View) akucore.Plan) (said string, err error) {
	t.Helper()
	m := mesh(1)
	m.ServerCount = 2
	var log bytes.Buffer
	e := Ender{
		Runner: &Runner{
			Mesh: m, Servers: pods{0: &endServer{began: time.Now(), arrives: time.Hour}, 1: own}, DrainTime: 30 * time.Second,
			Log: slog.New(slog.NewTextHandler(&log, nil)),
		},
		Options:  akucore.EndOptions{Flush: true, Reset: akucore.ResetAuto, Shutdown: true},
		Replicas: func(context.Context) int { return 1 },
		Plan:     func(v akucore.View, o akucore.EndOptions) akucore.Plan { return plan(o, v) },
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 120*time.Second, errors.New("the end did not finish"))
	defer cancel()
	err = e.End(ctx)
	return log.String(), err
}

func TestEnd_IsPlannedOnceUsersAreOut_ByWhatIsLeftAndTheReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		planned := 0
		said, err := endOf(t, &endServer{began: time.Now()}, func(o akucore.EndOptions, v akucore.View) akucore.Plan {
			planned++
			if !v.Pods[1].AdminMode {
				t.Error("it observes while users are let in")
			}
			if v.Replicas != 1 {
				t.Errorf("there are to be %d pods, want 1", v.Replicas)
			}
			if want := Split(90*time.Second, true).Deliver; o.DeliverLimit > want || o.DeliverLimit < want-time.Second {
				t.Errorf("%s are for delivering, want %s: users took 30 s", o.DeliverLimit, want)
			}
			return akucore.Plan{Undone: []string{"altibase-5 is away"}}
		})
		if err != nil || planned != 1 {
			t.Errorf("planned %d times: %v", planned, err)
		}
		if !strings.Contains(said, "altibase-5 is away") {
			t.Errorf("it does not say what the plan leaves undone:\n%s", said)
		}
	})
}

func TestEnd_ThatRunsOutOfTime_SaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := endOf(t, &endServer{began: time.Now()}, func(akucore.EndOptions, akucore.View) akucore.Plan {
			return akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Deliver, Side: akucore.Side{On: 1, Peer: 0}, For: time.Hour}}}}}
		})
		if err == nil || !strings.Contains(err.Error(), "TIMEOUT: the end did not finish") {
			t.Errorf("error %v", err)
		}
	})
}

func TestEnd_OwnServerThatCannotBeSeen_NothingIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := endOf(t, &lostServer{endServer{began: time.Now()}}, func(akucore.EndOptions, akucore.View) akucore.Plan {
			t.Error("it plans without an observation of the own server")
			return akucore.Plan{}
		})
		if !errors.Is(err, akucore.ErrUnreachable) || !strings.Contains(err.Error(), "nothing was stopped or reset") {
			t.Errorf("error %v", err)
		}
	})
}
