package lifecycle

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

func tablesNamed(names ...string) (tables []akucore.Table) {
	for _, name := range names {
		tables = append(tables, akucore.Table{User: "SYS", Name: name})
	}
	return tables
}

func TestObserve_TheSameListIsHeldOnce(t *testing.T) {
	known := [][]akucore.Table{tablesNamed("T1", "T2")}
	one := map[string]akucore.Object{"A": {Tables: tablesNamed("T1", "T2")}, "B": {Tables: tablesNamed("T1", "T3")}, "C": {}}
	other := map[string]akucore.Object{"A": {Tables: tablesNamed("T1", "T3")}}
	known = share(known, one)
	known = share(known, other)
	if len(known) != 2 {
		t.Errorf("%d lists are kept", len(known))
	}
	if &one["A"].Tables[0] != &known[0][0] || &other["A"].Tables[0] != &one["B"].Tables[0] {
		t.Error("the same list is held twice")
	}
	if b := one["B"].Tables; len(b) != 2 || b[1].Name != "T3" || one["C"].Tables != nil {
		t.Errorf("another list became %v, none %v", b, one["C"].Tables)
	}
}

// busyServer takes a second for its state, and remembers what lists it was asked for.
type busyServer struct {
	Server
	mu          *sync.Mutex
	asked, most *int
	listed      []string
}

func (s *busyServer) State(_ context.Context, want Want) (akucore.State, error) {
	s.mu.Lock()
	*s.asked++
	*s.most = max(*s.most, *s.asked)
	s.listed = want.Listed
	s.mu.Unlock()
	time.Sleep(time.Second)
	s.mu.Lock()
	*s.asked--
	s.mu.Unlock()
	return akucore.State{}, nil
}

func TestObserveAtLeisure_AsksFewAtOnceAndPeersForTheOwnPairs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mesh(2)
		m.ServerCount = 6
		servers := pods{}
		var mu sync.Mutex
		var asked, most int
		for pod := range m.ServerCount {
			servers[pod] = &busyServer{mu: &mu, asked: &asked, most: &most}
		}
		if _, err := observeAtLeisure(t.Context(), m, servers, 6, true); err != nil {
			t.Fatal(err)
		}
		if most != fewAtOnce {
			t.Errorf("%d servers were asked at the same time", most)
		}
		for pod, want := range map[int][]string{akucore.Master: nil, 1: {"AKU_REP_12"}, m.Self: nil, 5: {"AKU_REP_25"}} {
			if listed := servers[pod].(*busyServer).listed; !slices.Equal(listed, want) {
				t.Errorf("pod %d was asked for the lists of %v, not of %v", pod, listed, want)
			}
		}
	})
}
