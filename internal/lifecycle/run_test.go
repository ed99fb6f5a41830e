package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

// idleServer is a server on which nothing happens.
type idleServer struct{ Server }

func (idleServer) OpenTransactions(context.Context) ([]Transaction, bool, error) {
	return nil, true, nil
}
func (idleServer) AllTransactions(context.Context) ([]Transaction, bool, error) {
	return nil, true, nil
}
func (idleServer) Instance(context.Context) (akucore.Instance, error) {
	return akucore.Instance{}, nil
}
func (idleServer) Beats(context.Context, akucore.Table) (map[int]akucore.Beats, error) {
	return nil, nil
}
func (idleServer) Traffic(context.Context) (map[string]akucore.Traffic, error) { return nil, nil }
func (idleServer) Brief(context.Context) (akucore.State, error)                { return akucore.State{}, nil }

// stopServer is a server of which only STOP works, after some failures.
type stopServer struct {
	idleServer
	fail  int // how often it fails first
	with  error
	calls int
}

func (s *stopServer) Stop(context.Context, string) error {
	s.calls++
	if s.calls <= s.fail {
		return s.with
	}
	return nil
}

// oneServer is the server of every pod.
type oneServer struct{ server Server }

func (s oneServer) Server(int) Server { return s.server }
func (s oneServer) CloseIdle()        {}

func TestStep_IsTriedAgainWhereThatCanHelp(t *testing.T) {
	again := errors.New("Handshake Process Error")
	tests := []struct {
		name      string
		retries   int
		delay     time.Duration
		fail      int
		with      error
		wantCalls int
		wantTook  time.Duration
		wantErr   bool
	}{
		{"works at once", 5, time.Second, 0, nil, 1, 0, false},
		{"works the third time", 5, time.Second, 2, again, 3, 2 * time.Second, false},
		{"never works", 5, time.Second, 9, again, 6, 5 * time.Second, true},
		{"no wait", 3, 0, 9, again, 4, 0, true},
		{"no retries", 0, time.Second, 9, again, 1, 0, true},
		{"cannot help", 5, time.Second, 9, fmt.Errorf("%w: no primary key", akucore.ErrFatal), 1, 0, true},
		{"wrong password", 5, time.Second, 9, akucore.ErrPassword, 1, 0, true},
		{"took too long", 5, time.Second, 9, akucore.ErrTimeout, 1, 0, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &stopServer{fail: test.fail, with: test.with}
				r := Runner{Mesh: mesh(0), Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler), RetryCount: test.retries, RetryDelay: test.delay}
				began := time.Now()
				err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Stop, Side: akucore.Side{On: 0, Peer: 1}}}}}})
				if (err != nil) != test.wantErr || server.calls != test.wantCalls || time.Since(began) != test.wantTook {
					t.Errorf("%d calls in %s, error %v", server.calls, time.Since(began), err)
				}
			})
		})
	}
}

// listServer is a server with one object.
type listServer struct {
	Server
	object  akucore.Object
	changed []akucore.Table
}

func (s *listServer) State(context.Context, Want) (akucore.State, error) {
	return akucore.State{Objects: map[string]akucore.Object{s.object.Name: s.object}}, nil
}

func (s *listServer) AddTables(_ context.Context, _ string, tables []akucore.Table, _ time.Duration) error {
	s.changed = tables
	return nil
}

func (s *listServer) DropTables(_ context.Context, _ string, tables []akucore.Table, _ time.Duration) error {
	s.changed = tables
	return nil
}

// pods are the servers of the pods.
type pods map[int]Server

func (p pods) Server(pod int) Server { return p[pod] }
func (p pods) CloseIdle()            {}

func TestTables_OnlyThoseThatAreNotYetAsWantedAreChanged(t *testing.T) {
	t1, t2 := akucore.Table{User: "SYS", Name: "T1"}, akucore.Table{User: "SYS", Name: "T2"}
	tests := []struct {
		name       string
		step       akucore.Step
		own, peers []akucore.Table
		want       []akucore.Table
		refused    bool
	}{
		{name: "one is there already", step: akucore.Step{Do: akucore.AddTables, Tables: []akucore.Table{t1, t2}}, peers: []akucore.Table{t1}, want: []akucore.Table{t2}},
		{name: "one is gone already", step: akucore.Step{Do: akucore.DropTables, Tables: []akucore.Table{t1, t2}}, peers: []akucore.Table{t1}, want: []akucore.Table{t1}},
		{name: "taken out where the own side does not have it", step: akucore.Step{Do: akucore.DropTables, Tables: []akucore.Table{t2}, If: akucore.IfOnlyThere}, own: []akucore.Table{t1}, peers: []akucore.Table{t1, t2}, want: []akucore.Table{t2}},
		{name: "not where it has it", step: akucore.Step{Do: akucore.DropTables, Tables: []akucore.Table{t2}, If: akucore.IfOnlyThere}, own: []akucore.Table{t1, t2}, peers: []akucore.Table{t1, t2}, refused: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			master := &listServer{object: akucore.Object{Name: "AKU_REP_01", Tables: test.peers}}
			own := &listServer{object: akucore.Object{Name: "AKU_REP_01", Tables: test.own}}
			r := Runner{Mesh: mesh(1), Servers: pods{0: master, 1: own}, Log: slog.New(slog.DiscardHandler)}
			test.step.On, test.step.Peer = 0, 1
			err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{test.step}}}})
			if (err != nil) != test.refused || !slices.Equal(master.changed, test.want) {
				t.Errorf("changed %v, error %v", master.changed, err)
			}
		})
	}
}

// refusingServer takes its time to refuse a STOP.
type refusingServer struct {
	idleServer
	every time.Duration
}

func (s *refusingServer) Stop(ctx context.Context, _ string) error {
	if err := pulse.Sleep(ctx, s.every); err != nil {
		return err
	}
	return errors.New("ERR-61012 the sender is busy")
}

func TestStep_ItsLimitHoldsForAllTriesAndTheLastErrorIsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		every, delay time.Duration
	}{
		"time is over in a try":          {every: 3 * time.Second, delay: time.Second},
		"time is over between two tries": {every: time.Second, delay: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := Runner{Mesh: mesh(0), Servers: oneServer{&refusingServer{every: test.every}}, Log: slog.New(slog.DiscardHandler), RetryCount: 100, RetryDelay: test.delay}
				began := time.Now()
				err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Stop, Side: akucore.Side{On: 0, Peer: 1}, For: 10 * time.Second}}}}})
				if took := time.Since(began); took != 10*time.Second {
					t.Errorf("it took %s", took)
				}
				if err == nil || !strings.Contains(err.Error(), "ERR-61012") || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

func TestLeft_TwoStepsOfTheSameWordsAreTwo(t *testing.T) {
	stop := akucore.Step{Do: akucore.Stop, Side: akucore.Side{On: 0, Peer: 1}}
	r := Runner{Mesh: mesh(0), Servers: oneServer{&stopServer{fail: 1, with: akucore.ErrFatal}}, Log: slog.New(slog.DiscardHandler)}
	progress := Progress{Mesh: r.Mesh}
	r.Report = progress.Record
	_ = r.RunAll(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{stop}}, {Steps: []akucore.Step{stop}}}})
	left := progress.Left()
	if want := []string{"altibase-0: STOP AKU_REP_01 (failed)"}; !slices.Equal(left, want) {
		t.Errorf("left %v, want %v", left, want)
	}
}

// deafServer accepts connections and does not answer.
type deafServer struct{ idleServer }

func (deafServer) Brief(ctx context.Context) (akucore.State, error) {
	<-ctx.Done()
	return akucore.State{}, fmt.Errorf("%w: %w", akucore.ErrTimeout, ctx.Err())
}

// A peer that hangs counts as away, in a plan as in the guard before a RESET.
func TestAway_IsAlsoAPeerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mesh(0)
		servers := pods{0: idleServer{}, 1: deafServer{}, 2: idleServer{}}
		r := Runner{Mesh: m, Servers: servers, Log: slog.New(slog.DiscardHandler)}
		if err := r.check(t.Context(), akucore.Step{Do: akucore.Reset, Side: akucore.Side{On: 0, Peer: 1}, If: akucore.IfAway}); err != nil {
			t.Errorf("the guard: %v", err)
		}
		if err := r.check(t.Context(), akucore.Step{Do: akucore.Reset, Side: akucore.Side{On: 0, Peer: 2}, If: akucore.IfAway}); err == nil {
			t.Error("one that answers counts as away")
		}
		v, err := observeBriefly(t.Context(), m, servers, 1)
		if err != nil {
			t.Fatal(err)
		}
		for pod, hangs := range map[int]bool{1: true, 2: false} {
			if away := v.Pods[pod].Away(); away != hangs {
				t.Errorf("pod %d: away %t", pod, away)
			}
		}
	})
}

// A join gives the log up in any case, so what is not delivered does not end it. But it is said.
func TestDelivery_OfALogThatIsGivenUpInAnyCase_DoesNotEndThePlan(t *testing.T) {
	remains := akucore.Step{Do: akucore.Deliver, Side: akucore.Side{On: 1, Peer: 0}, Remains: true}
	proof := remains
	proof.Remains = false
	for name, test := range map[string]struct {
		step  akucore.Step
		cut   bool
		stops int
		says  bool
	}{
		"the remains of a log": {step: remains, stops: 1, says: true},
		"a log that counts":    {step: proof},
		"the time is over":     {step: remains, cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			server := &stoppedSender{}
			said := false
			r := Runner{Mesh: mesh(1), Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler), Report: func(e Event) { said = said || e.Kind == GivenUp }}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if test.cut {
				cancel()
			}
			stop := akucore.Step{Do: akucore.Stop, Side: remains.Side}
			err := r.Run(ctx, akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{test.step}}, {Steps: []akucore.Step{stop}}}})
			if server.calls != test.stops || said != test.says || (err == nil) != (test.stops == 1) {
				t.Errorf("%d statements after it, said %t, error %v", server.calls, said, err)
			}
		})
	}
}

// stoppedSender is a server that cannot insert a beat.
type stoppedSender struct{ stopServer }

func (*stoppedSender) Beat(context.Context, akucore.Table, int) (akucore.Beat, error) {
	return akucore.Beat{}, akucore.ErrFatal
}
