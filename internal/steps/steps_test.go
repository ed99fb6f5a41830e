package steps

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

func TestRecorder_StepsThatRunTogetherCountOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Recorder
		r.Record(lifecycle.Event{Kind: lifecycle.StepRetried}) // before Begin
		r.Begin()
		began := time.Now()
		step := func(kind lifecycle.EventKind, do akucore.Verb, peer int) {
			r.Record(lifecycle.Event{Kind: kind, Step: akucore.Step{Do: do, Side: akucore.Side{Peer: peer}}})
		}
		begun := func(do akucore.Verb, peer int) { step(lifecycle.StepBegun, do, peer) }
		done := func(do akucore.Verb, peer int) { step(lifecycle.StepDone, do, peer) }
		begun(akucore.Start, 2) // 0-3
		time.Sleep(time.Second)
		begun(akucore.Start, 1) // 1-2
		time.Sleep(time.Second)
		done(akucore.Start, 1)
		time.Sleep(time.Second)
		done(akucore.Start, 2)
		time.Sleep(time.Second)
		begun(akucore.StartRetry, 1) // 4-5
		begun(akucore.Start, 1)      // from 4
		begun(akucore.Stop, 1)
		r.Record(lifecycle.Event{Kind: lifecycle.StepFailed, Step: akucore.Step{Do: akucore.Stop}, Err: akucore.ErrTimeout}) // takes no time
		time.Sleep(time.Second)
		done(akucore.StartRetry, 1)
		r.Record(lifecycle.Event{Kind: lifecycle.StepRetried})
		r.Record(lifecycle.Event{Kind: lifecycle.Copied, Step: akucore.Step{Side: akucore.Side{Peer: 1}}, Rows: 5})
		r.Record(lifecycle.Event{Kind: lifecycle.Copied, Step: akucore.Step{Side: akucore.Side{Peer: 1}}, Rows: 9})
		r.Record(lifecycle.Event{Kind: lifecycle.Copied, Step: akucore.Step{Side: akucore.Side{Peer: 1}, Block: 1}, Rows: 1})
		want := Summary{
			Began: began, Seconds: 5, Steps: map[string]float64{"start": 4, "start_retry": 1, "stop": 0},
			Retries: 1, Rows: 10, Failures: []lifecycle.Reason{lifecycle.ReasonTimeout},
		}
		if diff := cmp.Diff(want, r.End(errors.New("failed"))); diff != "" {
			t.Error(diff)
		}
	})
}

// A start that fails all day neither grows nor slows down.
func TestRecorder_IsBoundedHoweverLongAStartFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Recorder
		r.Begin()
		for range 24 * 60 * 60 {
			for _, kind := range []lifecycle.EventKind{lifecycle.StepBegun, lifecycle.StepFailed} {
				for _, do := range []akucore.Verb{akucore.Start, akucore.Stop} {
					r.Record(lifecycle.Event{Kind: kind, Step: akucore.Step{Do: do}, Err: akucore.ErrTimeout})
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
		s := r.End(errors.New("failed"))
		for _, name := range []string{"start", "stop"} {
			if got, want := s.Steps[name], 8640.0; got < want-1 || got > want+1 {
				t.Errorf("%s ran for %.1f s, want %.0f", name, got, want)
			}
		}
		if len(s.Failures) > 50 {
			t.Errorf("%d failures are kept", len(s.Failures))
		}
	})
}

func TestFile_SaysWhatTheLastEndDid(t *testing.T) {
	dir := t.TempDir()
	if _, ok, err := Read(dir); ok || err != nil {
		t.Errorf("before any end: %t, %v", ok, err)
	}
	want := Summary{Began: time.Unix(1, 0).UTC(), Seconds: 2, OK: true, Steps: map[string]float64{"stop": 1}, Retries: 3}
	for range 2 {
		if err := Write(dir, want); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, fileName)); err != nil || info.Mode().Perm()&0o044 != 0o044 {
		t.Errorf("another user cannot read it: %v, %v", info.Mode(), err)
	}
	got, ok, err := Read(dir)
	if !ok || err != nil {
		t.Fatalf("%t, %v", ok, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
