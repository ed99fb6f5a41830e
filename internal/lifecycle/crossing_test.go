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

// copiedServer shows the one list of transactions before a SYNC, and the other one after it.
type copiedServer struct {
	*lockServer
	before, then []Transaction
	takes        time.Duration
	fails        bool // the SYNC
	refuses      bool // to begin a probe
	loses        bool // the COMMIT of the probe
	late         bool // it reads the beat table after a minute

	began time.Time
	limit time.Duration // of the probe
	did   []string
}

func (s *copiedServer) do(what string) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.did = append(s.did, what)
}

// since is how long ago the SYNC began; negative before it did.
func (s *copiedServer) since() time.Duration {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.began.IsZero() {
		return -1
	}
	return time.Since(s.began)
}

func (s *copiedServer) OpenTransactions(context.Context) ([]Transaction, bool, error) {
	if s.since() >= 0 {
		return slices.Clone(s.then), true, nil
	}
	return slices.Clone(s.before), true, nil
}

func (s *copiedServer) Sync(_ context.Context, _ string, _ int, _ []akucore.Table, wait time.Duration) error {
	s.do("SYNC")
	if s.limit > 0 && s.limit <= 2*wait {
		s.do("queues longer than the probe lasts") // a server may take twice as long
	}
	s.of.mu.Lock()
	s.began = time.Now()
	s.of.mu.Unlock()
	time.Sleep(s.takes)
	s.do("copied")
	if s.fails {
		return errSyncFailed
	}
	return nil
}

func (s *copiedServer) SyncProgress(context.Context, string) ([]SyncProgress, error) {
	if s.since() < 100*time.Millisecond {
		return []SyncProgress{{Table: "T1", SN: 5}, {Table: "AKU_REP_BEAT", SN: 5}}, nil // of the copy before
	}
	progress := []SyncProgress{{Table: "T1", Records: 1, SN: 7}, {Table: "AKU_REP_BEAT", SN: 5}}
	if !s.late || s.since() > time.Minute {
		progress[1].SN = 7
	}
	return progress, nil
}

func (s *copiedServer) BeginProbe(_ context.Context, limit time.Duration) (Probe, error) {
	s.limit = limit
	if s.refuses {
		return nil, akucore.ErrClosed
	}
	s.do("BEGIN")
	return &copiedProbe{s: s}, nil
}

type copiedProbe struct{ s *copiedServer }

func (p *copiedProbe) Commit(_ context.Context, t akucore.Table, pod int) error {
	p.s.do(fmt.Sprintf("COMMIT %s of %d", t, pod))
	if p.s.loses {
		return akucore.ErrUnreachable
	}
	return nil
}

func (p *copiedProbe) GiveUp(context.Context) { p.s.do("ROLLBACK") }

func transactionOf(id, session int64) Transaction {
	return Transaction{ID: id, Session: session, Since: time.Now()}
}

// crosses is a runner that copies from the master to pod 2, and what it reports as given up.
func crosses(server *copiedServer) (r *Runner, said func() string) {
	m, of := mesh(2), &lockedMesh{}
	servers := lockedServers(of, m)
	server.lockServer = servers[akucore.Master].(*lockServer)
	servers[akucore.Master] = server
	var texts []string
	r = &Runner{Mesh: m, Servers: servers, Log: slog.New(slog.DiscardHandler), LockWait: 20 * time.Second, Report: func(e Event) {
		if e.Kind == GivenUp {
			texts = append(texts, e.Err.Error())
		}
	}}
	return r, func() string { return strings.Join(texts, "; ") }
}

func copyTo2(r *Runner, pinned bool) error {
	step := akucore.Step{Do: akucore.Sync, Side: akucore.Side{On: akucore.Master, Peer: 2}, Pinned: pinned}
	return r.stage(context.Background(), akucore.Stage{Steps: []akucore.Step{step}}, 0)
}

func TestSync_TransactionsThatBeganBeforeItAndAreOpenAfterIt_AreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		before, then []Transaction
		want         string
	}{
		"it goes on":               {[]Transaction{transactionOf(1, 7), transactionOf(2, 8)}, []Transaction{transactionOf(2, 8), transactionOf(3, 9)}, "transactions of session 8 began before the copy"},
		"it has ended":             {[]Transaction{transactionOf(1, 7)}, nil, ""},
		"it began later":           {nil, []Transaction{transactionOf(3, 9)}, ""},
		"a receiver, not a user's": {[]Transaction{transactionOf(1, 0)}, []Transaction{transactionOf(1, 0)}, ""},
	} {
		for kind, server := range map[string]copiedServer{
			"the log is not pinned":   {},
			"the probe is refused":    {refuses: true},
			"the probe loses its end": {loses: true},
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server.before, server.then = c.before, c.then
					r, said := crosses(&server)
					if err := copyTo2(r, server.refuses || server.loses); err != nil {
						t.Fatal(err)
					}
					if text := said(); (text == "") != (c.want == "") || !strings.Contains(text, c.want) {
						t.Errorf("it says %q, want %q", text, c.want)
					}
				})
			})
		}
	}
}

// A probe begins before the SYNC and ends after it, also when the SYNC fails.
func TestSync_FromAPinnedLog_IsCrossedByAProbe(t *testing.T) {
	const commit = "COMMIT SYS.AKU_REP_BEAT of -102"
	for name, c := range map[string]struct {
		takes               time.Duration
		fails, late, pinned bool
		want                []string
	}{
		"a short one":           {10 * time.Millisecond, false, false, true, []string{"BEGIN", "SYNC", "copied", commit}},
		"a long one":            {time.Hour, false, false, true, []string{"BEGIN", "SYNC", commit, "copied"}},
		"the beat table last":   {30 * time.Second, false, true, true, []string{"BEGIN", "SYNC", "copied", commit}},
		"the beat table late":   {2 * time.Minute, false, true, true, []string{"BEGIN", "SYNC", commit, "copied"}},
		"one that fails":        {time.Minute, true, false, true, []string{"BEGIN", "SYNC", commit, "copied"}},
		"one that fails before": {10 * time.Millisecond, true, false, true, []string{"BEGIN", "SYNC", "copied", "ROLLBACK"}},
		"one that is not":       {10 * time.Millisecond, false, false, false, []string{"SYNC", "copied"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := copiedServer{takes: c.takes, fails: c.fails, late: c.late, then: []Transaction{transactionOf(1, 7)}}
				r, said := crosses(&server)
				if err := copyTo2(r, c.pinned); errors.Is(err, errSyncFailed) != c.fails {
					t.Fatal(err)
				}
				if !slices.Equal(server.did, c.want) || said() != "" {
					t.Errorf("it did %q, want %q; it says %q", server.did, c.want, said())
				}
			})
		})
	}
}

// probedServer has beats, and beats arrive on it.
type probedServer struct {
	*beatServer
	has    map[int]akucore.Beats
	forgot []int
}

func (s *probedServer) Beats(context.Context, akucore.Table) (map[int]akucore.Beats, error) {
	return s.has, nil
}

func (s *probedServer) ForgetBeats(_ context.Context, _ akucore.Table, pod int) error {
	s.forgot = append(s.forgot, pod)
	return nil
}

func TestDeliver_ToTheOwnPod_LooksForTheRowOfTheProbe(t *testing.T) {
	older, newer := akucore.Beat{Number: 4, Life: 4, At: 4}, akucore.Beat{Number: 9, Life: 9, At: 9}
	beats := func(pod int, beats ...akucore.Beat) map[int]akucore.Beats { return map[int]akucore.Beats{pod: beats} }
	for name, c := range map[string]struct {
		self         int
		source, here map[int]akucore.Beats
		crossed      any // as kept since the copy
		want         string
		forgets      bool
	}{
		"it is there":                     {1, beats(-101, older, newer), beats(-101, older, newer), nil, "", true},
		"there is none":                   {1, beats(0, newer), nil, nil, "", false},
		"of a copy from another pod":      {1, beats(-121, newer), nil, nil, "", false},
		"of a copy to another pod":        {0, beats(-101, newer), nil, nil, "", false},
		"missing":                         {1, beats(-101, older, newer), beats(-101, older), []Transaction{transactionOf(1, 7)}, "began before it (open then: session 7) may be missing there", true},
		"missing beside nobody":           {1, beats(-101, newer), nil, []Transaction(nil), "began before it may be missing there", true},
		"missing, of an earlier process":  {1, beats(-101, newer), nil, nil, "began before it may be missing there", true},
		"the number of another beat here": {1, beats(-101, newer), beats(-101, akucore.Beat{Number: 9, Life: 9, At: 8}), nil, "began before it may be missing there", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pair := &beatServer{failed: []int64{0}, links: []string{"a"}, carries: true, sender: akucore.SenderRunning, began: time.Now()}
				source, here := &probedServer{pair, c.source, nil}, &probedServer{pair, c.here, nil}
				said := ""
				r := Runner{Mesh: mesh(c.self), Servers: pods{0: source, 1: here}, Log: slog.New(slog.DiscardHandler), Report: func(e Event) {
					if e.Kind == GivenUp {
						said += e.Err.Error()
					}
				}}
				if c.crossed != nil {
					r.crossed.Store("AKU_REP_01", c.crossed)
				}
				deliver := akucore.Step{Do: akucore.Deliver, Side: akucore.Side{On: 0, Peer: 1}}
				if err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{deliver}}}}); err != nil {
					t.Fatal(err)
				}
				if (said == "") != (c.want == "") || !strings.Contains(said, c.want) {
					t.Errorf("it says %q, want %q", said, c.want)
				}
				if slices.Equal(source.forgot, []int{-101}) != c.forgets || len(here.forgot) > 0 {
					t.Errorf("it forgets %v at the source, %v here", source.forgot, here.forgot)
				}
			})
		})
	}
}
