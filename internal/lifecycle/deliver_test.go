package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

// beatServer is both sides of a pair: a beat arrives after a while.
type beatServer struct {
	idleServer
	arrives   time.Duration
	failed    []int64 // that the receiver has counted, one read after the other
	links     []string
	carries   bool
	noTable   bool
	peerLacks bool // the beat table: aku had none up to 0.1.2
	sender    akucore.SenderState
	deaf      bool          // the peer cannot be asked
	up        time.Duration // since the sender's server started
	still     time.Duration // since the newest beat that the peer has
	alone     bool          // the sender runs, and the peer has no receiver for it until it is started anew
	reset     bool          // somebody resets what is found stopped
	end       int64         // of the sender's log
	applied   int64         // of it, by the receiver

	began   time.Time
	reads   int
	flushes []time.Duration
	said    []string
	created []string

	locks    time.Duration // REPLICATION_LOCK_TIMEOUT
	locksErr error
}

func (s *beatServer) ReceiverLockTimeout(context.Context) (time.Duration, error) {
	return s.locks, s.locksErr
}

func (s *beatServer) Stop(context.Context, string) error {
	s.said = append(s.said, "STOP")
	return nil
}

func (s *beatServer) Brief(context.Context) (akucore.State, error) {
	object := akucore.Object{Name: "AKU_REP_01", XSN: 100}
	if s.reset && slices.Contains(s.said, "STOP") {
		object.XSN = akucore.Unset
	}
	return akucore.State{Objects: map[string]akucore.Object{object.Name: object}}, nil
}

func (s *beatServer) Start(context.Context, string) error {
	s.said = append(s.said, "START")
	s.alone, s.arrives = false, time.Since(s.began)+time.Second
	return nil
}

func (s *beatServer) Traffic(context.Context) (map[string]akucore.Traffic, error) {
	if s.deaf {
		return nil, akucore.ErrClosed
	}
	if s.alone {
		return map[string]akucore.Traffic{"AKU_REP_01": {}}, nil
	}
	i := min(s.reads, len(s.failed)-1)
	s.reads++
	return map[string]akucore.Traffic{"AKU_REP_01": {
		Gap:      &akucore.Gap{LastSN: s.end},
		Receiver: &akucore.Received{Link: s.links[i], AppliedSN: s.applied, Failed: akucore.Changes{Inserts: s.failed[i]}},
	}}, nil
}

func (s *beatServer) Beat(context.Context, akucore.Table, int) (akucore.Beat, error) {
	if s.noTable {
		return akucore.Beat{}, akucore.ErrNoTable
	}
	return akucore.Beat{Number: 7}, nil
}

func (s *beatServer) Create(_ context.Context, spec akucore.ObjectSpec, _ time.Duration) error {
	s.created = append(s.created, spec.Name)
	return nil
}

func (s *beatServer) Instance(context.Context) (akucore.Instance, error) {
	return akucore.Instance{StartTime: time.Now().Add(-s.up).Unix()}, nil
}

func (s *beatServer) Beats(context.Context, akucore.Table) (map[int]akucore.Beats, error) {
	if s.noTable {
		return nil, akucore.ErrNoTable
	}
	return map[int]akucore.Beats{1: {{Number: 1, Life: 1, At: time.Now().Add(-s.still).UnixMilli()}}}, nil
}

func (s *beatServer) Arrived(context.Context, akucore.Table, int, int64) (bool, error) {
	if s.peerLacks {
		return false, akucore.ErrNoTable
	}
	return time.Since(s.began) >= s.arrives, nil
}

func (s *beatServer) Carries(context.Context, string, akucore.Table) (bool, error) {
	return s.carries, nil
}
func (s *beatServer) Sender(context.Context, string) (akucore.SenderState, error) {
	return s.sender, nil
}

func (s *beatServer) Flush(_ context.Context, _ string, wait time.Duration) error {
	s.flushes = append(s.flushes, wait)
	return nil
}

func TestDeliver_IsProvenByABeatAndByFailuresThatDidNotRise(t *testing.T) {
	well := func(change func(*beatServer)) *beatServer {
		s := &beatServer{arrives: 9 * time.Millisecond, locks: time.Hour, failed: []int64{3, 3}, links: []string{"a", "a"}, carries: true, sender: akucore.SenderRunning}
		change(s)
		return s
	}
	tests := []struct {
		name     string
		server   *beatServer
		lax      bool
		seen     bool
		beatless bool
		err      error
		says     string
		flushes  int
		told     int // of rows that were given up
		noted    bool
	}{
		{name: "it arrives", server: well(func(*beatServer) {})},
		{name: "rows before it may have been given up for a lock", server: well(func(s *beatServer) { s.failed[1], s.up, s.still = 5, 2*time.Hour, time.Hour }), err: ErrGivenUp, says: "2 rows", told: 1, noted: true},
		{name: "the same where nothing is given up after it", server: well(func(s *beatServer) { s.failed[1], s.up, s.still = 5, 2*time.Hour, time.Hour }), lax: true, told: 1},
		{name: "the stream moved too lately for that", server: well(func(s *beatServer) { s.failed[1], s.up, s.still = 5, 2*time.Hour, 59*time.Minute }), told: 1},
		{name: "somebody has set a shorter time there", server: well(func(s *beatServer) {
			s.failed[1], s.up, s.still, s.locks = 5, 2*time.Hour, 59*time.Minute, 5*time.Second
		}), err: ErrGivenUp, says: "2 rows", told: 1, noted: true},
		{name: "that time is not known", server: well(func(s *beatServer) { s.failed[1], s.up, s.locksErr = 5, 2*time.Hour, akucore.ErrUnreachable }), err: ErrGivenUp, says: "2 rows", told: 1, noted: true},
		{name: "the server started too lately for that", server: well(func(s *beatServer) { s.failed[1], s.up, s.still = 5, 59*time.Minute, 2*time.Hour }), told: 1},
		{name: "it stood still, and nothing failed", server: well(func(s *beatServer) { s.up, s.still = 2*time.Hour, 2*time.Hour })},
		{name: "another connection counts what comes twice", server: well(func(s *beatServer) { s.failed[1], s.links[1] = 5, "b" })},
		{name: "another connection after the stream stood still", server: well(func(s *beatServer) {
			s.failed[1], s.links[1], s.up, s.still = 5, "b", 2*time.Hour, 2*time.Hour
		}), err: ErrGivenUp, says: "5 rows since the connection is new", told: 1, noted: true},
		{name: "the same, and nothing failed", server: well(func(s *beatServer) {
			s.failed[1], s.links[1], s.up, s.still = 0, "b", 2*time.Hour, 2*time.Hour
		})},
		{name: "the same where nothing is given up after another connection", lax: true, server: well(func(s *beatServer) {
			s.failed[1], s.links[1], s.up, s.still = 5, "b", 2*time.Hour, 2*time.Hour
		})},
		{name: "what comes twice after a new connection comes before the first beat", seen: true, lax: true, server: well(func(s *beatServer) { s.failed, s.links = []int64{3, 5, 5}, []string{"a", "a", "a"} })},
		{name: "what fails after that is new", seen: true, lax: true, server: well(func(s *beatServer) { s.failed, s.links = []int64{3, 5, 6}, []string{"a", "a", "a"} }), told: 1},
		{name: "a stream that stood still may have left rows out, too", seen: true, lax: true, server: well(func(s *beatServer) {
			s.failed, s.links, s.up, s.still = []int64{3, 5, 5}, []string{"a", "a", "a"}, 2*time.Hour, time.Hour
		}), told: 1},
		{name: "the peer cannot be asked", server: well(func(s *beatServer) { s.deaf = true }), flushes: 1},
		{name: "the peer cannot be asked, and must be", server: well(func(s *beatServer) { s.deaf = true }), seen: true, err: akucore.ErrClosed, says: "altibase-0"},
		{name: "there is no beat table yet", server: well(func(s *beatServer) { s.noTable = true }), flushes: 1},
		{name: "the peer has no beat table yet", server: well(func(s *beatServer) { s.peerLacks = true }), flushes: 1},
		{name: "the pair does not carry it yet", server: well(func(s *beatServer) { s.carries, s.arrives = false, time.Hour }), flushes: 1},
		{name: "a pod that opens, on a pair from an aku without beats", seen: true, beatless: true, server: well(func(s *beatServer) { s.peerLacks = true }), flushes: 1},
		{name: "a pod that opens while the peer has no beat table", seen: true, server: well(func(s *beatServer) { s.peerLacks = true }), err: errors.New(""), says: "does not carry the table SYS.AKU_REP_BEAT"},
		{name: "a pod that opens while it has no beat table", seen: true, server: well(func(s *beatServer) { s.noTable = true }), err: errors.New(""), says: "no row can prove"},
		{name: "a pod that opens while the pair does not carry it", seen: true, server: well(func(s *beatServer) { s.carries, s.arrives = false, time.Hour }), err: errors.New(""), says: "no row can prove"},
		{name: "the sender is stopped", server: well(func(s *beatServer) { s.sender, s.arrives = akucore.SenderNone, time.Hour }), err: errors.New(""), says: "it is stopped"},
		{name: "the sender sleeps, and is woken", server: well(func(s *beatServer) { s.sender, s.arrives = akucore.SenderRetry, 2*time.Second }), flushes: 1},
		{name: "the peer has passed it without having it", server: well(func(s *beatServer) { s.arrives, s.end, s.applied = time.Hour, 500, 500 }), err: ErrSkipped, says: "altibase-0 has applied the log of altibase-1 up to 500"},
		{name: "the peer has passed it, and it is seen only then", server: well(func(s *beatServer) { s.arrives, s.end, s.applied = 6005*time.Millisecond, 500, 500 })},
		{name: "it never arrives", server: well(func(s *beatServer) { s.arrives, s.end, s.applied = time.Hour, 500, 499 }), err: akucore.ErrTimeout, says: "a beat of altibase-1 has not arrived on altibase-0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.server.began = time.Now()
				m, told := mesh(1), 0
				r := Runner{Mesh: m, Servers: oneServer{test.server}, Log: slog.New(slog.DiscardHandler), Report: func(e Event) {
					if e.Kind == GivenUp {
						told++
					}
				}}
				err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Deliver, Side: akucore.Side{On: 1, Peer: 0}, For: 20 * time.Second, Strict: !test.lax, Seen: test.seen, Beatless: test.beatless}}}}})
				switch {
				case (err != nil) != (test.err != nil):
					t.Fatalf("error %v", err)
				case err != nil && !strings.Contains(err.Error(), test.says):
					t.Errorf("error %v, want %s", err, test.says)
				case test.err != nil && test.err.Error() != "" && !errors.Is(err, test.err):
					t.Errorf("error %v, want %v", err, test.err)
				}
				if noted := slices.Equal(test.server.created, []string{"AKU_GIVEN_UP_10"}); told != test.told || noted != test.noted {
					t.Errorf("said %d times that rows were given up, left the signs %v", told, test.server.created)
				}
				if len(test.server.flushes) != test.flushes {
					t.Errorf("flushed %v", test.server.flushes)
				}
			})
		})
	}
}

// A peer that went without a word leaves a sender that runs and sends to nobody.
func TestDeliver_ASenderWhosePeerHasNoReceiverIsStartedAnew(t *testing.T) {
	for _, test := range []struct {
		alone, reset bool
		want         string
		err          error
	}{
		{alone: true, want: "STOP START"},
		{alone: true, reset: true, want: "STOP", err: errReset},
		{want: "", err: akucore.ErrTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &beatServer{alone: test.alone, reset: test.reset, arrives: time.Hour, failed: []int64{0}, links: []string{"a"}, carries: true, sender: akucore.SenderRunning, began: time.Now()}
			r := Runner{Mesh: mesh(1), Servers: oneServer{s}, Log: slog.New(slog.DiscardHandler)}
			err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Deliver, Side: akucore.Side{On: 0, Peer: 1}, For: time.Minute, Seen: true}}}}})
			if said := strings.Join(s.said, " "); said != test.want || !errors.Is(err, test.err) {
				t.Errorf("without a receiver %t, reset %t: said %q, error %v; want %q and %v", test.alone, test.reset, said, err, test.want, test.err)
			}
		})
	}
}
