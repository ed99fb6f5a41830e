package lifecycle

import (
	"context"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

// To act twice on one side would not help: the first time has made its objects new.
func TestSkipped_IsActedOnOnce_AndBelievedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s skipped
		side := []akucore.Side{{On: 2, Peer: 1}}
		s.note(side, false)
		if got := s.sides(); !reflect.DeepEqual(got, side) {
			t.Errorf("after it was seen: %v", got)
		}
		time.Sleep(believed + 1)
		if got := s.sides(); len(got) > 0 {
			t.Errorf("after %s: %v, it must be proven again", believed, got)
		}
		s.note([]akucore.Side{{On: 2, Peer: 1}}, false)
		s.note(nil, true)
		s.note([]akucore.Side{{On: 2, Peer: 1}}, false)
		if got := s.sides(); len(got) > 0 {
			t.Errorf("seen again after a plan that acted on it: %v", got)
		}
	})
}

// lackingServer has its own newest beat; whether the peer has it, arrived tells.
type lackingServer struct {
	idleServer
	arrived bool
	resets  int
}

func (s *lackingServer) Beats(context.Context, akucore.Table) (map[int]akucore.Beats, error) {
	return map[int]akucore.Beats{1: {{Number: 7}}}, nil
}

func (s *lackingServer) Arrived(_ context.Context, _ akucore.Table, pod int, number int64) (bool, error) {
	return s.arrived && pod == 1 && number == 7, nil
}

func (s *lackingServer) Reset(context.Context, string) error {
	s.resets++
	return nil
}

func TestGuard_ASlaveThatHasTheNewestBeatIsNotReset(t *testing.T) {
	for arrived, want := range map[bool]int{true: 0, false: 1} {
		s := &lackingServer{arrived: arrived}
		r := Runner{Mesh: mesh(1), Servers: oneServer{s}, Log: slog.New(slog.DiscardHandler)}
		reset := akucore.Step{Do: akucore.Reset, Side: akucore.Side{On: 0, Peer: 2}, If: akucore.IfLacking}
		err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{reset}}}})
		if s.resets != want || arrived && (err == nil || !strings.Contains(err.Error(), "altibase-2 has the newest beats of altibase-1")) {
			t.Errorf("arrived %t: %d RESETs, error %v", arrived, s.resets, err)
		}
	}
}
