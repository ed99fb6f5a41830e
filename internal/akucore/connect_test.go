package akucore

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
)

// linkServer is a server of which only starting and stopping works. Its sender is in
// the given states, one look after the other; the last one stays.
type linkServer struct {
	Server
	states  []SenderState
	started bool
	xsn     int64
	refuse  error // of START
	said    []string
}

func (s *linkServer) StartRetry(context.Context, string) error {
	s.said = append(s.said, "START RETRY")
	if s.started {
		return fmt.Errorf("%w: ERR-6100A", ErrDone)
	}
	s.started = true
	return nil
}

func (s *linkServer) Sender(context.Context, string) (SenderState, error) {
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

func (s *linkServer) Brief(context.Context) (State, error) {
	return s.State(context.Background(), Want{})
}

func (s *linkServer) State(context.Context, Want) (State, error) {
	return State{Objects: map[string]Object{"AKU_REP_01": {Name: "AKU_REP_01", Started: s.started, XSN: s.xsn}}}, nil
}

func TestStart_EndsWithAPeerOrSaysWhyNot(t *testing.T) {
	differs := fmt.Errorf("%w: item count does not match", ErrFatal)
	tests := []struct {
		name   string
		server linkServer
		guard  Guard // Unguarded: an object that is new on both sides
		said   string
		took   time.Duration
		err    error
	}{
		{"the peer is there", linkServer{states: []SenderState{SenderRunning}}, Unguarded, "START RETRY", 0, nil},
		{"a moment later", linkServer{states: []SenderState{SenderConnecting, SenderConnecting, SenderRunning}}, Unguarded, "START RETRY", 3 * connectInterval, nil},
		{"somebody has started it", linkServer{states: []SenderState{SenderRunning}, started: true}, Unguarded, "START RETRY", 0, nil},
		{"no peer, but the second time", linkServer{states: []SenderState{SenderRetry}, xsn: 7}, IfKept, "START RETRY, STOP, START", connectInterval, nil},
		{"the tables differ", linkServer{states: []SenderState{SenderNone}, refuse: differs}, Unguarded, "START RETRY, STOP, START", connectInterval, differs},
		{"the peer says nothing", linkServer{states: []SenderState{SenderConnecting}}, Unguarded, "START RETRY, STOP, START", connectTimeout, nil},
		{"reset while it was stopped", linkServer{states: []SenderState{SenderRetry}, xsn: Unset}, IfKept, "START RETRY, STOP", connectInterval, errReset},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := test.server
				server.states = slices.Clone(server.states)
				// What the guard looks for before the step is not what this is about.
				r := Runner{Mesh: mesh(0), Servers: oneServer{&server}, Log: slog.New(slog.DiscardHandler)}
				step := Step{Do: Start, On: 0, Peer: 1, If: test.guard, New: test.guard == Unguarded}
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
	server := &linkServer{states: []SenderState{SenderRunning}, xsn: Unset}
	r := Runner{Mesh: mesh(0), Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler)}
	step := Step{Do: Start, On: 0, Peer: 1}
	if err := r.start(t.Context(), server, step, step.Spec(r.Mesh)); err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(server.said, ", "); said != "START" {
		t.Errorf("it said %s, want START", said)
	}
}
