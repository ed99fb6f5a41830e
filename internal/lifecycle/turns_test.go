package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

// tickServer stops one sender a second; one of them fails, one never ends.
type tickServer struct {
	Server
	fails, hangs string
	stopped      []string
}

func (s *tickServer) Stop(ctx context.Context, object string) error {
	if object == s.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if err := pulse.Sleep(ctx, time.Second); err != nil {
		return err
	}
	s.stopped = append(s.stopped, object)
	if object == s.fails {
		return fmt.Errorf("%w: it fails", akucore.ErrFatal)
	}
	return nil
}

func (s *tickServer) Reset(context.Context, string) error { return nil }

// stops has pod 3 stop its pairs.
func stops(limit time.Duration) akucore.Stage {
	var stage akucore.Stage
	for _, peer := range []int{1, 2, 0} {
		stage.Steps = append(stage.Steps, akucore.Step{Do: akucore.Stop, Side: akucore.Side{On: 3, Peer: peer}, For: limit}, akucore.Step{Do: akucore.Reset, Side: akucore.Side{On: 3, Peer: peer}, For: limit})
	}
	return stage
}

func TestStops_OfOneServer_AreSentInTheOrderGiven(t *testing.T) {
	for _, fails := range []string{"", "AKU_REP_13"} {
		synctest.Test(t, func(t *testing.T) {
			server := &tickServer{fails: fails}
			m := mesh(3)
			m.ServerCount = 4
			r := Runner{Mesh: m, Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler)}
			err := r.RunAll(t.Context(), akucore.Plan{Stages: []akucore.Stage{stops(time.Minute)}})
			if (err != nil) != (fails != "") {
				t.Error(err)
			}
			if want := []string{"AKU_REP_13", "AKU_REP_23", "AKU_REP_03"}; !slices.Equal(server.stopped, want) {
				t.Errorf("stopped %v, want %v", server.stopped, want)
			}
		})
	}
}

func TestStops_OneThatHangs_CostsTheOthersNoMoreThanTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &tickServer{hangs: "AKU_REP_13"}
		m := mesh(3)
		m.ServerCount = 4
		r := Runner{Mesh: m, Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler)}
		began := time.Now()
		err := r.RunAll(t.Context(), akucore.Plan{Stages: []akucore.Stage{stops(5 * time.Second)}})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}
