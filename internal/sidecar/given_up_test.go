package sidecar

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"aku/internal/akucore"
	"aku/internal/kube"
	"aku/internal/lifecycle"
	"aku/internal/status"
)

// The sidecar tells of rows that it saw given up, and of those that the hook saw, which has ended since.
func TestRowsGivenUp_AreInTheMetricTheEventsAndThePage(t *testing.T) {
	settings, err := settingsOf(t, "altibase-1")
	if err != nil {
		t.Fatal(err)
	}
	s := New(settings, noServers{}, logTo(t))
	s.announce = newAnnouncer(func(context.Context, kube.Note) error { return nil }, s.Log)

	s.report(lifecycle.Event{Kind: lifecycle.GivenUp, Step: akucore.Step{}, Err: errors.New("altibase-0: changes of altibase-1: 2 rows\nby a conflict")})
	// The hook, and a command that recovers, are other programs.
	if err := s.dir.NoteGivenUp("altibase-1: changes of altibase-0: 3 rows\nfor a lock"); err != nil {
		t.Fatal(err)
	}
	s.takeGivenUp()
	s.takeGivenUp() // it is told once

	get := func(page string) string {
		answer := httptest.NewRecorder()
		switch page {
		case "metrics":
			s.metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
		default:
			s.givenUp.ServeHTTP(answer, httptest.NewRequest("GET", status.GivenUpPage, nil))
		}
		return answer.Body.String()
	}
	if metrics := get("metrics"); !strings.Contains(metrics, "\naku_replication_given_up_total 2\n") {
		t.Errorf("the metric is not 2: %s", metrics)
	}
	lines := strings.Split(strings.TrimSpace(get("page")), "\n")
	if len(lines) != 2 || !strings.HasSuffix(lines[0], "Z altibase-0: changes of altibase-1: 2 rows by a conflict") || !strings.HasSuffix(lines[1], "Z altibase-1: changes of altibase-0: 3 rows for a lock") {
		t.Errorf("the page has %q", lines)
	}
	if n := len(s.announce.waiting); n != 2 {
		t.Errorf("%d Events", n)
	}

	for i := range 2 * status.MostGivenUp {
		s.rowsGivenUp(fmt.Sprint("number ", i))
	}
	lines = strings.Split(strings.TrimSpace(get("page")), "\n")
	if len(lines) != status.MostGivenUp || !strings.HasSuffix(lines[len(lines)-1], fmt.Sprint("number ", 2*status.MostGivenUp-1)) {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}
