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
)

// linkServer is a server of which only starting and stopping works. Its sender is in
// the given states, one read after the other; the last one stays.
type linkServer struct {
	Server
	states  []akucore.SenderState
	started bool
	xsn     int64
	refuse  error // of START
	said    []string
}

func (s *linkServer) StartRetry(context.Context, string) error {
	s.said = append(s.said, "START RETRY")
	if s.started {
		return fmt.Errorf("%w: ERR-6100A", akucore.ErrDone)
	}
	s.started = true
	return nil
}

func (s *linkServer) Sender(context.Context, string) (akucore.SenderState, error) {
	state := s.states[0]
	if len(s.states) > 1 {
		s.states = s.states[1:]
	}
	return state, nil
}

func (s *linkServer) Stop(context.Context, string) error {
	s.said, s.started = append(s.said, "STOP"), false
	return nil
}

func (s *linkServer) Start(context.Context, string) error {
	s.said = append(s.said, "START")
	return s.refuse
}

func (s *linkServer) Brief(context.Context) (akucore.State, error) {
	return s.State(context.Background(), Want{})
}

func (s *linkServer) State(context.Context, Want) (akucore.State, error) {
	return akucore.State{Objects: map[string]akucore.Object{"AKU_REP_01": {Name: "AKU_REP_01", Started: s.started, XSN: s.xsn}}}, nil
}

func TestStart_EndsWithAPeerOrSaysWhyNot(t *testing.T) {
	differs := fmt.Errorf("%w: item count does not match", akucore.ErrFatal)
	tests := []struct {
		name   string
		server linkServer
		guard  akucore.Guard // Unguarded: an object that is new on both sides
		said   string
		took   time.Duration
		err    error
	}{
		{"the peer is there", linkServer{states: []akucore.SenderState{akucore.SenderRunning}}, akucore.Unguarded, "START RETRY", 0, nil},
		{"a moment later", linkServer{states: []akucore.SenderState{akucore.SenderConnecting, akucore.SenderConnecting, akucore.SenderRunning}}, akucore.Unguarded, "START RETRY", 3 * connectInterval, nil},
		{"somebody has started it", linkServer{states: []akucore.SenderState{akucore.SenderRunning}, started: true}, akucore.Unguarded, "START RETRY", 0, nil},
		{"no peer, but the second time", linkServer{states: []akucore.SenderState{akucore.SenderRetry}, xsn: 7}, akucore.IfKept, "START RETRY, STOP, START", connectInterval, nil},
		{"the tables differ", linkServer{states: []akucore.SenderState{akucore.SenderNone}, refuse: differs}, akucore.Unguarded, "START RETRY, STOP, START", connectInterval, differs},
		{"the peer says nothing", linkServer{states: []akucore.SenderState{akucore.SenderConnecting}}, akucore.Unguarded, "START RETRY, STOP, START", connectTimeout, nil},
		{"reset while it was stopped", linkServer{states: []akucore.SenderState{akucore.SenderRetry}, xsn: akucore.Unset}, akucore.IfKept, "START RETRY, STOP", connectInterval, errReset},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := test.server
				server.states = slices.Clone(server.states)
				// What the guard reads before the step is not what this is about.
				r := Runner{Mesh: mesh(0), Servers: oneServer{&server}, Log: slog.New(slog.DiscardHandler)}
				step := akucore.Step{Do: akucore.Start, Side: akucore.Side{On: 0, Peer: 1}, If: test.guard, New: test.guard == akucore.Unguarded}
				began := time.Now()
				err := r.start(t.Context(), &server, step, step.Spec(r.Mesh))
				if !errors.Is(err, test.err) || err == nil != (test.err == nil) {
					t.Errorf("error %v, want %v", err, test.err)
				}
				if said := strings.Join(server.said, ", "); said != test.said {
					t.Errorf("it said %s, want %s", said, test.said)
				}
				if took := time.Since(began); took != test.took {
					t.Errorf("it took %s, want %s", took, test.took)
				}
			})
		})
	}
}

// A receiver may remember a greater number of an earlier database: only START asks the
// peer before it sets the restart number.
func TestStart_OfAnObjectThatMayBeRemembered_AsksThePeerFirst(t *testing.T) {
	server := &linkServer{states: []akucore.SenderState{akucore.SenderRunning}, xsn: akucore.Unset}
	r := Runner{Mesh: mesh(0), Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler)}
	step := akucore.Step{Do: akucore.Start, Side: akucore.Side{On: 0, Peer: 1}}
	if err := r.start(t.Context(), server, step, step.Spec(r.Mesh)); err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(server.said, ", "); said != "START" {
		t.Errorf("it said %s, want START", said)
	}
}
