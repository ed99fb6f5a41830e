package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

// listedServer counts how often its whole state is read. Its pairs are connected as its
// senders say.
type listedServer struct {
	Server
	mu    sync.Mutex
	state akucore.State
	asked int
	alone map[string]bool // objects whose peer is not connected here
	away  bool
}

func (s *listedServer) State(context.Context, Want) (akucore.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.away {
		return akucore.State{}, akucore.ErrUnreachable
	}
	return s.copy(), nil
}

func (s *listedServer) Instance(context.Context) (akucore.Instance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return akucore.Instance{}, akucore.ErrUnreachable
	}
	return s.state.Instance, nil
}

func (s *listedServer) Traffic(context.Context) (map[string]akucore.Traffic, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	traffic := map[string]akucore.Traffic{}
	for name, o := range s.state.Objects {
		t := akucore.Traffic{Started: o.Started, XSN: o.XSN, Items: len(o.Tables), Sender: o.Sender}
		if !s.alone[name] {
			t.Receiver = &akucore.Received{}
		}
		traffic[name] = t
	}
	return traffic, nil
}

func (s *listedServer) copy() akucore.State {
	state := akucore.State{Instance: s.state.Instance, Objects: map[string]akucore.Object{}}
	for name, o := range s.state.Objects {
		o.Items = len(o.Tables)
		state.Objects[name] = o
	}
	return state
}

func (s *listedServer) edit(name string, change func(*akucore.Object)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.state.Objects[name]
	change(&o)
	s.state.Objects[name] = o
}

// sweepPaired sweeps in pod 1 of two that are paired, and does something meanwhile.
func sweepPaired(t *testing.T, observed func(), meanwhile func(pods map[int]*listedServer)) error {
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
	watcher := Watcher{Runner: &r, Replicas: func(context.Context) int { return 2 }, Observed: observed}
	go func() { ended <- watcher.sweep(ctx) }()
	meanwhile(listed)
	cancel()
	return <-ended
}

func TestSweep_AsksTheOthersRarelyWhileAllPairsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		err := sweepPaired(t, func() { asked++ }, func(pods map[int]*listedServer) {
			time.Sleep(2*askAllEvery*sweepInterval + time.Second)
			for number, pod := range pods {
				if pod.mu.Lock(); pod.asked != 2 {
					t.Errorf("pod %d was asked %d times in %d observations", number, pod.asked, 2*askAllEvery)
				}
				pod.mu.Unlock()
			}
		})
		if !errors.Is(err, context.Canceled) || asked != 2 {
			t.Errorf("%v; %d observations of all pods were reported", err, asked)
		}
	})
}

func TestSweep_AsksTheOthersAtOnceWhenAPeerIsNotConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_ = sweepPaired(t, func() {}, func(pods map[int]*listedServer) {
			time.Sleep(2*sweepInterval + time.Second)
			pods[1].mu.Lock()
			pods[1].alone = map[string]bool{"AKU_REP_01": true}
			pods[1].mu.Unlock()
			time.Sleep(3 * sweepInterval)
			pods[0].mu.Lock()
			defer pods[0].mu.Unlock()
			if pods[0].asked != 1+3 {
				t.Errorf("the peer was asked %d times, once at first and in each of three observations", pods[0].asked)
			}
		})
	})
}

func TestSweep_AsksAPeerThatIsAwayOnlyWhetherItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_ = sweepPaired(t, func() {}, func(pods map[int]*listedServer) {
			asked := func(when string, want int) {
				pods[0].mu.Lock()
				defer pods[0].mu.Unlock()
				if pods[0].asked != want {
					t.Errorf("%s the peer was asked %d times for all that it has, want %d", when, pods[0].asked, want)
				}
			}
			setAway := func(away bool) {
				pods[0].mu.Lock()
				defer pods[0].mu.Unlock()
				pods[0].away = away
			}
			setAway(true)
			pods[1].edit("AKU_REP_01", func(o *akucore.Object) { o.Sender = akucore.SenderRetry })
			time.Sleep(5*sweepInterval + time.Second)
			asked("away,", 1)
			setAway(false)
			time.Sleep(sweepInterval)
			asked("back,", 2)
		})
	})
}

func TestSweep_ThatWaitsForAnotherPodToChangeItsListFirst_AsksItEachTime(t *testing.T) {
	m := changedMesh(1)
	w := newWorld(m).open(0, 1, 2).lists("T1")
	w.both(w.running, 0, 1).both(w.running, 0, 2).both(w.running, 1, 2)
	servers := pods{}
	for pod := range m.ServerCount {
		servers[pod] = &listedServer{state: w.view.Pods[pod].State}
	}
	s := sweep{Watcher: &Watcher{Runner: &Runner{Mesh: m, Servers: servers, Log: slog.New(slog.DiscardHandler)}, Observed: func() {}}}
	for n := range 3 {
		if err := s.once(t.Context(), n == 0, m.ServerCount); err != nil || s.todo != "" || !s.wait {
			t.Fatal(err, s.todo, s.wait)
		}
	}
	if asked := servers[2].(*listedServer).asked; asked != 3 {
		t.Errorf("pod 2 was asked in %d of three observations", asked)
	}
}

func TestSweep_SeesAtOnceThatAListHasAnotherLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := sweepPaired(t, func() {}, func(pods map[int]*listedServer) {
			time.Sleep(3*sweepInterval + time.Second)
			for _, pod := range pods {
				pod.edit("AKU_REP_01", func(o *akucore.Object) { o.Tables = append(o.Tables, akucore.Table{User: "SYS", Name: "MORE"}) })
			}
			// The second observation with the same verdict is acted on.
			time.Sleep(2 * sweepInterval)
		})
		if !errors.Is(err, ErrGone) {
			t.Errorf("the copy has other tables than the configuration, and the sweep ends with %v", err)
		}
	})
}

func TestSweep_LastsOnlyWhileEachPairIsSeenToRun(t *testing.T) {
	object := func(change func(*akucore.Traffic)) func(map[string]akucore.Traffic, akucore.View) {
		return func(own map[string]akucore.Traffic, _ akucore.View) {
			side := own["AKU_REP_12"]
			change(&side)
			own["AKU_REP_12"] = side
		}
	}
	for name, test := range map[string]struct {
		change   func(own map[string]akucore.Traffic, seen akucore.View)
		replicas int
		lasts    bool
	}{
		"as it was":                        {replicas: 3, lasts: true},
		"nobody tells how many there are":  {replicas: -1, lasts: true},
		"more pods are to come, are asked": {replicas: 4, lasts: true},
		"a pod is to go":                   {replicas: 2},
		"a pod has gone and left no log":   {replicas: 2, lasts: true, change: object(func(t *akucore.Traffic) { *t = akucore.Traffic{XSN: akucore.Unset, Items: 2} })},
		"stopped":                          {replicas: 3, change: object(func(t *akucore.Traffic) { t.Started = false })},
		"reset":                            {replicas: 3, change: object(func(t *akucore.Traffic) { t.XSN = akucore.Unset })},
		"the own sender has lost its peer": {replicas: 3, change: object(func(t *akucore.Traffic) { t.Sender = akucore.SenderRetry })},
		"the peer's sender is away":        {replicas: 3, change: object(func(t *akucore.Traffic) { t.Receiver = nil })},
		"another number of tables":         {replicas: 3, change: object(func(t *akucore.Traffic) { t.Items++ })},
		"dropped":                          {replicas: 3, change: func(own map[string]akucore.Traffic, _ akucore.View) { delete(own, "AKU_REP_12") }},
		"one object more":                  {replicas: 3, change: func(own map[string]akucore.Traffic, _ akucore.View) { own["OTHER_12"] = akucore.Traffic{} }},
		"another object in its place": {replicas: 2, change: func(own map[string]akucore.Traffic, _ akucore.View) {
			delete(own, "AKU_REP_12")
			own["OTHER_12"] = akucore.Traffic{}
		}},
		"a peer was closed": {replicas: 3, change: func(_ map[string]akucore.Traffic, v akucore.View) {
			v.Pods[2] = akucore.Pod{State: akucore.State{Instance: akucore.Instance{AdminMode: true}}}
		}},
		"a peer was away, which is asked": {replicas: 3, lasts: true, change: func(own map[string]akucore.Traffic, v akucore.View) {
			v.Pods[2] = akucore.Pod{Err: akucore.ErrUnreachable}
			object(func(t *akucore.Traffic) { t.Sender, t.Receiver = akucore.SenderRetry, nil })(own, v)
		}},
		"a peer was away, and its side was stopped since": {replicas: 3, change: func(own map[string]akucore.Traffic, v akucore.View) {
			v.Pods[2] = akucore.Pod{Err: akucore.ErrUnreachable}
			object(func(t *akucore.Traffic) { t.Started = false })(own, v)
		}},
		"no observation has worked": {replicas: 3, change: func(_ map[string]akucore.Traffic, v akucore.View) { clear(v.Pods) }},
	} {
		t.Run(name, func(t *testing.T) {
			m := mesh(1)
			m.ServerCount = 4
			w := newWorld(m).open(0, 1, 2).away(3)
			w.both(w.running, 0, 1).both(w.running, 1, 2)
			if test.replicas < 0 {
				w.view.ServerCount = 3
			}
			own := map[string]akucore.Traffic{}
			for name, o := range w.view.Pods[1].Objects {
				o.Items = len(o.Tables)
				w.view.Pods[1].Objects[name] = o
				own[name] = akucore.Traffic{Started: true, XSN: o.XSN, Items: o.Items, Sender: akucore.SenderRunning, Receiver: &akucore.Received{}}
			}
			if test.change != nil {
				test.change(own, w.view)
			}
			if lasts := w.view.Unchanged(own, test.replicas); lasts != test.lasts {
				t.Errorf("lasts: %v", lasts)
			}
		})
	}
}
