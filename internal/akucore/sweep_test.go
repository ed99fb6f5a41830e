package akucore

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// listedServer counts how often its lists of tables are read.
type listedServer struct {
	Server
	mu    sync.Mutex
	state State
	lists int
}

func (s *listedServer) State(context.Context, []Table) (State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists++
	return s.copy(), nil
}

func (s *listedServer) Brief(context.Context) (State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	brief := s.copy()
	for name, o := range brief.Objects {
		o.Host, o.Port, o.Tables = "", 0, nil
		brief.Objects[name] = o
	}
	return brief, nil
}

func (s *listedServer) copy() State {
	state := State{Instance: s.state.Instance, Objects: map[string]Object{}}
	for name, o := range s.state.Objects {
		o.Items = len(o.Tables)
		state.Objects[name] = o
	}
	return state
}

func (s *listedServer) edit(name string, change func(*Object)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.state.Objects[name]
	change(&o)
	s.state.Objects[name] = o
}

// sweepPaired sweeps in pod 1 of two that are paired, and does something meanwhile.
func sweepPaired(t *testing.T, meanwhile func(pods map[int]*listedServer)) error {
	t.Helper()
	m := mesh(1)
	m.ServerCount = 2
	w := newWorld(m).open(0, 1)
	w.both(w.running, 0, 1)
	servers, listed := pods{}, map[int]*listedServer{}
	for pod := range m.ServerCount {
		listed[pod] = &listedServer{state: w.view.Pods[pod].State}
		servers[pod] = listed[pod]
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	r := Runner{Mesh: m, Servers: servers, Log: slog.New(slog.DiscardHandler)}
	go func() { ended <- Sweep(ctx, &r, func(context.Context) int { return 2 }) }()
	meanwhile(listed)
	cancel()
	return <-ended
}

func TestSweep_ReadsTheListsOfTablesRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := sweepPaired(t, func(pods map[int]*listedServer) {
			time.Sleep(2*listsEvery*sweepInterval + time.Second)
			for number, pod := range pods {
				if pod.mu.Lock(); pod.lists != 2 {
					t.Errorf("the lists of pod %d were read %d times in %d looks", number, pod.lists, 2*listsEvery)
				}
				pod.mu.Unlock()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestSweep_SeesAtOnceThatAListHasAnotherLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := sweepPaired(t, func(pods map[int]*listedServer) {
			time.Sleep(3*sweepInterval + time.Second)
			for _, pod := range pods {
				pod.edit("AKU_REP_01", func(o *Object) { o.Tables = append(o.Tables, Table{User: "SYS", Name: "MORE"}) })
			}
			// The second look of the same verdict is acted on.
			time.Sleep(2 * sweepInterval)
		})
		if !errors.Is(err, ErrGone) {
			t.Errorf("the copy has other tables than the configuration, and the sweep ends with %v", err)
		}
	})
}
