package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"aku/internal/akucore"
)

// keptServer is a closed server whose copy is complete, with what it was told to reset.
type keptServer struct {
	idleServer
	signs  []akucore.ObjectSpec
	resets int
}

func (s *keptServer) Brief(context.Context) (akucore.State, error) {
	objects := map[string]akucore.Object{}
	for _, sign := range s.signs {
		objects[sign.Name] = akucore.Object{Name: sign.Name, XSN: akucore.Unset}
	}
	return akucore.State{Instance: akucore.Instance{AdminMode: true}, Objects: objects}, nil
}

func (s *keptServer) UserSessions(context.Context) ([]Session, error) { return nil, nil }

func (s *keptServer) Reset(context.Context, string) error {
	s.resets++
	return nil
}

// A run knows nothing of the failed deliveries of those before it.
func TestReset_WhileAPeerLacksRowsOfAnEarlierDelivery_IsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		signs  []akucore.ObjectSpec
		resets int
	}{
		"no sign":                 {nil, 1},
		"of the pod itself":       {[]akucore.ObjectSpec{mesh(1).GivenUpSign(1, 2)}, 0},
		"that only looks like it": {[]akucore.ObjectSpec{mesh(1).GivenUpSign(2, 1)}, 1},
	} {
		server := &keptServer{signs: test.signs}
		r := Runner{Mesh: mesh(1), Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler), RetryCount: 2}
		step := akucore.Step{Do: akucore.Reset, Side: akucore.Side{On: 1, Peer: 0}, If: akucore.IfHandedOver}
		err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{step}}}})
		if server.resets != test.resets || (err == nil) != (test.resets == 1) {
			t.Errorf("%s: %d resets, error %v", name, server.resets, err)
		}
		if err != nil && (!errors.Is(err, ErrGivenUp) || !strings.Contains(err.Error(), "altibase-2")) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestReasonOf_ACopyThatIsKept_IsItsOwn(t *testing.T) {
	if got := ReasonOf(&humanError{plan: akucore.Plan{Human: akucore.KeptForPeople}}); got != ReasonKept {
		t.Errorf("reason %s", got)
	}
}

func TestMayLack_StreamThatStoodStillOrWhoseTimeIsFarFromNow(t *testing.T) {
	r := Runner{Servers: oneServer{&beatServer{locks: time.Hour}}}
	for name, c := range map[string]struct {
		moved time.Duration // from now
		want  bool
	}{
		"it has just moved":           {-time.Second, false},
		"it stood still":              {-2 * time.Hour, true},
		"the other clock is in front": {time.Minute, false},
		"the other clock is in front by more than a lock may last": {61 * time.Minute, true},
	} {
		if got := r.mayLack(t.Context(), akucore.Step{}, time.Now().Add(c.moved)); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
