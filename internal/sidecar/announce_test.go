package sidecar

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
	"aku/internal/kube"
	"aku/internal/lifecycle"
	"aku/internal/metrics"
)

// announced plays a story to an announcer, and gives the Events that it made.
func announced(t *testing.T, fails int, story func(a *announcer)) []kube.Note {
	t.Helper()
	var made []kube.Note
	synctest.Test(t, func(t *testing.T) {
		a := newAnnouncer(func(_ context.Context, e kube.Note) error {
			if fails > 0 {
				fails--
				return errors.New("no answer")
			}
			made = append(made, e)
			return nil
		}, logTo(t))
		ctx, cancel := context.WithCancel(t.Context())
		go a.run(ctx)
		story(a)
		synctest.Wait()
		cancel()
	})
	return made
}

const lost = akucore.MasterFailed + "\nSay aku.recover.\n    altibase-0> TRUNCATE TABLE SYS.T1;\n"

func TestTrouble_IsAnnouncedOnce_AndThatItIsOver(t *testing.T) {
	t.Parallel()
	got := announced(t, 0, func(a *announcer) {
		a.note(metrics.Waiting, "", "starting")
		for range 60 {
			a.note(metrics.Joining, "", "start of the master")
			a.note(metrics.Human, lifecycle.ReasonMasterFailed, lost)
			time.Sleep(time.Second)
		}
		a.note(metrics.InService, "", "in service")
		a.note(metrics.InService, "", "in service")
	})
	want := []kube.Note{
		{Warning: true, Reason: "MasterFailed", Text: akucore.MasterFailed + " Say aku.recover."},
		{Reason: "InService", Text: "the pod is in service"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTrouble_ThatOnlySomebodyEnds_IsAnnounced(t *testing.T) {
	t.Parallel()
	want := map[lifecycle.Reason]string{
		lifecycle.ReasonMasterFailed: "MasterFailed", lifecycle.ReasonSlaveFailed: "SlaveFailed", lifecycle.ReasonTables: "TablesNotReady",
		lifecycle.ReasonPassword: "WrongPassword", lifecycle.ReasonStranger: "WrongServer", lifecycle.ReasonSurplus: "PodNumberTooHigh",
		lifecycle.ReasonForeign: "OtherUtility", lifecycle.ReasonCopyLimit: "CopyTooSlow", lifecycle.ReasonKept: "CopyKept", lifecycle.ReasonFatal: "CannotReplicate",
	}
	for _, reason := range lifecycle.Reasons {
		got := announced(t, 0, func(a *announcer) { a.note(metrics.Waiting, reason, "it is so") })
		switch name := want[reason]; {
		case name == "" && len(got) > 0:
			t.Errorf("%s heals by itself: %v", reason, got)
		case name != "" && (len(got) != 1 || got[0].Reason != name || !got[0].Warning || got[0].Text != "it is so"):
			t.Errorf("%s: %v, want %s", reason, got, name)
		}
	}
}

func TestTroubleThatLasts_IsAnnouncedAnewBeforeKubernetesForgetsIt(t *testing.T) {
	t.Parallel()
	got := announced(t, 0, func(a *announcer) {
		for range 100 {
			a.note(metrics.Human, lifecycle.ReasonSlaveFailed, akucore.SlaveFailed)
			time.Sleep(time.Minute)
		}
	})
	if len(got) != 4 {
		t.Errorf("%d Events in 100 minutes, want 4: %v", len(got), got)
	}
}

func TestService_WithoutTroubleBeforeIsNotAnnounced(t *testing.T) {
	t.Parallel()
	got := announced(t, 0, func(a *announcer) {
		for _, reason := range []lifecycle.Reason{"", lifecycle.ReasonPeer, lifecycle.ReasonUnreachable, lifecycle.ReasonClosed, lifecycle.ReasonBusy, lifecycle.ReasonTimeout} {
			a.note(metrics.Waiting, reason, "it heals by itself")
		}
		a.note(metrics.InService, "", "in service")
	})
	if len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestTrouble_IsAnnouncedWhenTheAPIAnswersAgain_InItsOrder(t *testing.T) {
	t.Parallel()
	got := announced(t, 3, func(a *announcer) {
		a.note(metrics.Waiting, lifecycle.ReasonTables, "no table")
		a.note(metrics.Waiting, lifecycle.ReasonPassword, "no password")
		a.note(metrics.InService, "", "in service")
		time.Sleep(time.Minute)
	})
	var reasons []string
	for _, e := range got {
		reasons = append(reasons, e.Reason)
	}
	if diff := cmp.Diff([]string{"TablesNotReady", "WrongPassword", "InService"}, reasons); diff != "" {
		t.Error(diff)
	}
}

func TestSYSDBATakenForLongerThanAMinute_IsAnnounced(t *testing.T) {
	t.Parallel()
	const taken = "own server: ERR-41041 Another SYSDBA session is already running."
	wait := func(a *announcer, d time.Duration) {
		for range d / time.Second {
			a.note(metrics.Waiting, lifecycle.ReasonBusy, taken)
			time.Sleep(time.Second)
		}
	}
	if got := announced(t, 0, func(a *announcer) {
		wait(a, 50*time.Second)
		a.note(metrics.Joining, "", "start of a slave")
		wait(a, 50*time.Second)
	}); len(got) != 0 {
		t.Errorf("it was free in between: %v", got)
	}
	got := announced(t, 0, func(a *announcer) { wait(a, 10*time.Minute) })
	if len(got) != 1 || got[0].Reason != "SYSDBATaken" || !got[0].Warning {
		t.Errorf("%v", got)
	}
}

func TestLeftService_IsAnnouncedOnceForEachReason_AndAgainMuchLater(t *testing.T) {
	t.Parallel()
	const dropped, closed = "the own server left service: full join", "the own server left service: it is closed to users"
	got := announced(t, 0, func(a *announcer) {
		for range 60 {
			a.note(metrics.InService, "", "in service")
			a.left(dropped)
			a.note(metrics.Joining, "", "full join")
			time.Sleep(time.Second)
		}
		a.left(closed)
		time.Sleep(announceAgain)
		a.left(dropped)
	})
	var reasons []string
	for _, e := range got {
		if !e.Warning || e.Reason != "LeftService" || !strings.Contains(e.Text, "another tool") {
			t.Errorf("%+v", e)
		}
		why, _, _ := strings.Cut(e.Text, ". ")
		reasons = append(reasons, why)
	}
	if diff := cmp.Diff([]string{dropped, closed, dropped}, reasons); diff != "" {
		t.Error(diff)
	}
}
