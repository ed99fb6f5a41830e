package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
	"aku/internal/pulse/pulsetest"
)

// silence is how long nothing beats at most while something is done.
func silence(t *testing.T, do func(context.Context)) time.Duration {
	t.Helper()
	var moves pulse.Pulse
	longest := pulsetest.Silence(&moves)
	do(pulse.With(t.Context(), &moves))
	return longest()
}

// scriptServer takes its time for scripts.
type scriptServer struct{ idleServer }

func (scriptServer) Initialize(context.Context, []Script) error {
	time.Sleep(time.Hour)
	return nil
}

func TestLongWork_Beats(t *testing.T) {
	for name, do := range map[string]func(context.Context) error{
		"scripts of a new database": func(ctx context.Context) error {
			return (&Starter{Scripts: func() []Script { return []Script{{Name: "a.sql"}} }}).initialize(ctx, scriptServer{})
		},
		"a copy": func(ctx context.Context) error {
			server := &slowServer{began: time.Now(), takes: time.Hour}
			r := Runner{Mesh: mesh(1), Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler)}
			return r.Run(ctx, akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Sync, Side: akucore.Side{On: 0, Peer: 1}}}}}})
		},
		"users that leave": func(ctx context.Context) error {
			r := Runner{Mesh: mesh(1), Servers: oneServer{&crowdedServer{}}, Log: slog.New(slog.DiscardHandler), DrainTime: time.Hour}
			return r.Run(ctx, akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Close, Side: akucore.Side{On: 1}}}}}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				silent := silence(t, func(ctx context.Context) {
					if err := do(ctx); err != nil {
						t.Error(err)
					}
				})
				if took := time.Since(began); silent > 2*time.Second || took < time.Hour {
					t.Errorf("nothing has moved for %s of %s", silent, took)
				}
			})
		})
	}
}

func TestReasonToWait_IsSaidAtOnceAndThenEveryHalfMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := Starter{Runner: &Runner{Log: slog.New(slog.NewTextHandler(&log, nil))}}
		for range 90 {
			s.say(errors.New("the master is away"))
			time.Sleep(time.Second)
		}
		s.say(errors.New("the master is closed"))
		if n, other := strings.Count(log.String(), "is away"), strings.Count(log.String(), "is closed"); n != 3 || other != 1 {
			t.Errorf("said %d times in 90 s, want 3, and another one %d times:\n%s", n, other, log.String())
		}
	})
}
