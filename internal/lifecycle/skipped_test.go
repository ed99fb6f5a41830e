package lifecycle

import (
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

// A hand-over delivers to nobody who was seen to skip. What it sees itself comes on top.
func TestSkipped_OfAHandOver_AddsToWhatTheProofSaw(t *testing.T) {
	var s skipped
	one, other := akucore.Side{On: 2, Peer: 1}, akucore.Side{On: 2, Peer: 3}
	s.note([]akucore.Side{one}, false)
	s.note([]akucore.Side{other}, false)
	if got := s.sides(); !reflect.DeepEqual(got, []akucore.Side{one, other}) {
		t.Errorf("seen: %v", got)
	}
}

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
