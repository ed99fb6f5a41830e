package akucore

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// keptServer is a closed server whose copy is complete, with what it was told to reset.
type keptServer struct {
	idleServer
	signs  []ObjectSpec
	resets int
}

func (s *keptServer) Brief(context.Context) (State, error) {
	objects := map[string]Object{}
	for _, sign := range s.signs {
		objects[sign.Name] = Object{Name: sign.Name, XSN: Unset}
	}
	return State{Instance: Instance{AdminMode: true}, Objects: objects}, nil
}

func (s *keptServer) UserSessions(context.Context) ([]Session, error) { return nil, nil }

func (s *keptServer) Reset(context.Context, string) error {
	s.resets++
	return nil
}

// A run knows nothing of the failed deliveries of those before it.
func TestReset_WhileAPeerLacksRowsOfAnEarlierDelivery_IsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		signs  []ObjectSpec
		resets int
	}{
		"no sign":                 {nil, 1},
		"of the pod itself":       {[]ObjectSpec{mesh(1).GivenUpSign(1, 2)}, 0},
		"that only looks like it": {[]ObjectSpec{mesh(1).GivenUpSign(2, 1)}, 1},
	} {
		server := &keptServer{signs: test.signs}
		r := Runner{Mesh: mesh(1), Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler), RetryCount: 2}
		err := r.Run(t.Context(), Plan{Stages: []Stage{{Steps: []Step{{Do: Reset, On: 1, Peer: 0, If: IfHandedOver}}}}})
		if server.resets != test.resets || (err == nil) != (test.resets == 1) {
			t.Errorf("%s: %d resets, error %v", name, server.resets, err)
		}
		if err != nil && (!errors.Is(err, ErrGivenUp) || !strings.Contains(err.Error(), "altibase-2")) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestCopyThatIsKept_HasAReasonOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(mesh(1)).closed(1).open(0, 2)
	w.both(w.running, 0, 2).both(w.running, 1, 2).reset(0, 1).running(1, 0).keeps(1, 0)
	if got := ReasonOf(&humanError{plan: PlanStart(w.m, StartOptions{}, w.view)}); got != ReasonKept {
		t.Errorf("reason %s", got)
	}
}
