//go:build integration

package integration

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"aku/internal/events"
)

func TestEvents_RealBinaryGoesOnWhenTheSidecarIsRestarted_NothingIsToldTwice(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	slave := c.pods[1]
	run := slave.launch(t, "exec aku-init events -o json")
	run.waitSaid("in_service: in service")
	for restart := range 2 {
		slave.kill()
		run.waitSaid("altibase-1: ")
		slave.runAgain()
		for deadline := time.Now().Add(patience); strings.Count(run.said(), "in_service: in service") < restart+2; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("it does not go on after restart %d:\n%s", restart+1, run.said())
			}
		}
	}
	slave.do("ALTER SYSTEM SET ADMIN_MODE = 1") // later events arrive, too
	run.waitSaid("waiting: the own server left service")
	run.mustEnd()

	var last time.Time
	lines := 0
	for line := range strings.Lines(run.said()) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var e events.Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if !e.Time.After(last) {
			t.Errorf("told twice, or out of order: %s", line)
		}
		last = e.Time
		lines++
	}
	if lines < 10 {
		t.Errorf("%d events are too few to show anything:\n%s", lines, run.said())
	}
	if trouble := strings.Count(run.said(), "trying again"); trouble == 0 || trouble > 8 {
		t.Errorf("it said %d times that it tries again, want once or twice for each loss of the stream:\n%s", trouble, run.said())
	}
}
