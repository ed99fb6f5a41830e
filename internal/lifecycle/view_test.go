package lifecycle

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

// busyServer takes a second for its state.
type busyServer struct {
	Server
	mu          *sync.Mutex
	asked, most *int
}

func (s *busyServer) State(context.Context, Want) (akucore.State, error) {
	s.mu.Lock()
	*s.asked++
	*s.most = max(*s.most, *s.asked)
	s.mu.Unlock()
	time.Sleep(time.Second)
	s.mu.Lock()
	*s.asked--
	s.mu.Unlock()
	return akucore.State{}, nil
}

func TestObserve_AtLeisureAsksFewAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mesh(2)
		m.ServerCount = 6
		servers := pods{}
		var mu sync.Mutex
		var asked, most int
		for pod := range m.ServerCount {
			servers[pod] = &busyServer{mu: &mu, asked: &asked, most: &most}
		}
		if _, err := observeAtLeisure(t.Context(), m, servers, 6); err != nil {
			t.Fatal(err)
		}
		if most != fewAtOnce {
			t.Errorf("%d servers were asked at the same time", most)
		}
	})
}
