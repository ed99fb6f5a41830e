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

	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

func TestReport_HasPlanTriesAndOutcomeOfAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		again := errors.New("Handshake Process Error")
		var reported []string
		r := Runner{
			Mesh: mesh(0), Servers: oneServer{&stopServer{fail: 1, with: again}}, Log: slog.New(slog.DiscardHandler), RetryCount: 1, RetryDelay: time.Second,
			Report: func(e Event) { reported = append(reported, fmt.Sprint(e.Kind, e.Step.Do, e.At, e.Took, e.Err)) },
		}
		plan := akucore.Plan{Stages: []akucore.Stage{{}, {Steps: []akucore.Step{{Do: akucore.Stop, Side: akucore.Side{On: 0, Peer: 1}}}}}}
		if err := r.Run(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		r.Servers = oneServer{&stopServer{fail: 1, with: akucore.ErrFatal}}
		if err := r.Run(t.Context(), plan); err == nil {
			t.Fatal("no error")
		}
		at := Place{1, 0}
		want := []string{
			fmt.Sprint(Planned, akucore.Verb(""), Place{}, time.Duration(0), nil),
			fmt.Sprint(StepBegun, akucore.Stop, at, time.Duration(0), nil),
			fmt.Sprint(StepRetried, akucore.Stop, at, time.Duration(0), again),
			fmt.Sprint(StepDone, akucore.Stop, at, time.Second, nil),
			fmt.Sprint(Planned, akucore.Verb(""), Place{}, time.Duration(0), nil),
			fmt.Sprint(StepBegun, akucore.Stop, at, time.Duration(0), nil),
			fmt.Sprint(StepFailed, akucore.Stop, at, time.Duration(0), akucore.ErrFatal),
		}
		if diff := cmp.Diff(want, reported); diff != "" {
			t.Error(diff)
		}
	})
}

// copyServer copies for some time and shows rows on the way; a table that is done shows -1.
type copyServer struct{ idleServer }

func (copyServer) Sync(ctx context.Context, _ string, _ int, _ []akucore.Table, _ time.Duration) error {
	return pulse.Sleep(ctx, 3500*time.Millisecond)
}

var copied = []int64{100, 250, -1}

func TestReport_HasTheRowsThatWereCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rows []int64
		server := &progressServer{began: time.Now()}
		r := Runner{Mesh: mesh(0), Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler), Report: func(e Event) {
			if e.Kind == Copied {
				rows = append(rows, e.Rows)
			}
		}}
		if err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Sync, Side: akucore.Side{On: 0, Peer: 1}}}}}}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int64{100, 250, 250}, rows); diff != "" {
			t.Error(diff)
		}
	})
}

type progressServer struct {
	copyServer
	began time.Time
}

func (s *progressServer) SyncProgress(context.Context, string) ([]SyncProgress, error) {
	second := int(time.Since(s.began) / time.Second)
	if second == 0 {
		return nil, nil
	}
	return []SyncProgress{{Table: "T1", Records: copied[second-1], SN: 1}}, nil
}

func TestReasonOf_IsOneWord(t *testing.T) {
	for want, err := range map[Reason]error{
		"":                 nil,
		ReasonMasterFailed: fmt.Errorf("start: %w", &humanError{plan: akucore.Plan{Human: akucore.MasterFailed}}),
		ReasonSlaveFailed:  &humanError{plan: akucore.Plan{Human: akucore.SlaveFailed}},
		ReasonTables:       &waitError{reason: ReasonTables},
		ReasonPeer:         &waitError{reason: ReasonPeer},
		ReasonPassword:     fmt.Errorf("own server: %w", akucore.ErrPassword),
		ReasonUnreachable:  akucore.ErrUnreachable,
		ReasonOther:        errors.New("no idea"),
	} {
		if got := ReasonOf(err); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}

func TestReasonOf_EachKindOfErrorHasItsOwn(t *testing.T) {
	for err, want := range map[error]Reason{
		akucore.ErrPassword: ReasonPassword, akucore.ErrStranger: ReasonStranger, akucore.ErrSurplus: ReasonSurplus, akucore.ErrForeign: ReasonForeign, akucore.ErrFatal: ReasonFatal, akucore.ErrClosed: ReasonClosed, akucore.ErrBusy: ReasonBusy,
		akucore.ErrCopyLimit: ReasonCopyLimit, akucore.ErrTimeout: ReasonTimeout, akucore.ErrUnreachable: ReasonUnreachable, errors.New("other"): ReasonOther,
	} {
		if got := ReasonOf(fmt.Errorf("own server: %w", err)); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
		if !slices.Contains(Reasons, want) {
			t.Errorf("%s is not among all reasons", want)
		}
	}
}
