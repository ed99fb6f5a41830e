package sidecar

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/rundir"
	"aku/internal/settings"
	"aku/internal/wiring"
)

func TestTroubleThatLasts_IsLoggedAtOnceAndThenEveryHalfMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := Sidecar{Log: slog.New(slog.NewTextHandler(&log, nil))}
		for range 90 {
			s.warn("a", errors.New("one"))
			s.warn("b", errors.New("two"))
			time.Sleep(time.Second)
		}
		if n := strings.Count(log.String(), "one"); n != 3 {
			t.Errorf("logged %d times in 90 s, want 3", n)
		}
		log.Reset()
		s.warn("a", errors.New("three"))
		s.warn("a", nil)
		s.warn("a", errors.New("three"))
		if n := strings.Count(log.String(), "three"); n != 2 {
			t.Errorf("logged %d times: what is new, or comes back, is said at once", n)
		}
	})
}

// What is done again and again while the pod is in service fails again and again, too.
func TestMarkerAndBeatsThatFail_AreSaidAtOnceAndThenEveryHalfMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := Sidecar{Log: slog.New(slog.NewTextHandler(&log, nil)), dir: rundir.Dir(filepath.Join(t.TempDir(), "away"))}
		for range 90 {
			s.markAgain()
			s.warnBeatless(errors.New("the log volume is full"))
			time.Sleep(time.Second)
		}
		for _, trouble := range []string{"write the marker", "no beat could be inserted"} {
			if n := strings.Count(log.String(), trouble); n != 3 {
				t.Errorf("%s: logged %d times in 90 s, want 3", trouble, n)
			}
		}
		s.warnBeatless(nil)
		s.warnBeatless(nil)
		if n := strings.Count(log.String(), "beats are inserted again"); n != 1 {
			t.Errorf("that it is over is said %d times", n)
		}
	})
}

func TestRecoveryOrderThatCannotBeRead_IsInTheLogOfTheSidecar(t *testing.T) {
	file := filepath.Join(t.TempDir(), "order")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	var global bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&global, nil)))
	var log bytes.Buffer
	s := Sidecar{Settings: settings.Settings{RecoverFile: file}, Log: slog.New(slog.NewJSONHandler(&log, nil))}
	for range 10 {
		s.startOptions()
	}
	if n := strings.Count(log.String(), "the order of a recovery is not followed"); n != 1 {
		t.Errorf("it is there %d times: %s", n, log.String())
	}
	if global.Len() > 0 {
		t.Errorf("a log that nobody reads has %q", global.String())
	}
}

func TestReplicasThatAreNotKnown_AreInTheLogOfTheSidecar(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	var log bytes.Buffer
	s := Sidecar{Settings: settings.Settings{ReplicationResetAtEnd: "auto"}, Log: slog.New(slog.NewJSONHandler(&log, nil))}
	for range 10 {
		if n := s.replicas(t.Context()); n != wiring.Unasked {
			t.Errorf("%d pods", n)
		}
	}
	if n := strings.Count(log.String(), "the replica count is not known, so nothing is reset"); n != 1 {
		t.Errorf("it is there %d times: %s", n, log.String())
	}
}
