package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAnnouncement_SaysWhatEachStageDoesAndHowLongItTookWhenItLastPassed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test", "durations.json")
	chosen := []stage{{name: "setup", does: "tools"}, {name: "unit", does: "tests of Go"}}
	announced := func() []string {
		var text strings.Builder
		announce(&text, chosen, loadDurations(file))
		return strings.Split(strings.TrimSpace(text.String()), "\n")
	}
	const head, nothing = "stage         last time  alone                  does", "          -  "
	first := announced()
	if want := []string{head, "setup       " + nothing + "make setup             tools", "unit        " + nothing + "make test-unit         tests of Go"}; !cmp.Equal(want, first[:3]) ||
		!strings.Contains(first[3], "Nothing passed here before") {
		t.Errorf("at first:\n%s", cmp.Diff(want, first))
	}
	ran := func(results ...result) {
		d := loadDurations(file)
		d.add(results...)
		if err := d.save(file); err != nil {
			t.Fatal(err)
		}
	}
	ran(result{stage: "setup", passed: 1, took: 8 * time.Second}, result{stage: "unit", failed: 1, took: time.Second})
	if last := announced()[3]; last != "all                 8 s  and what did not pass here before" {
		t.Errorf("one has passed: %s", last)
	}
	ran(result{stage: "unit", passed: 9, took: 3 * time.Minute})
	ran(result{stage: "unit", failed: 1, took: time.Second})
	want := []string{
		head,
		"setup               8 s  make setup             tools",
		"unit              3 min  make test-unit         tests of Go",
		"all               3 min",
	}
	if diff := cmp.Diff(want, announced()); diff != "" {
		t.Errorf("both have passed (-want +got):\n%s", diff)
	}
	if err := os.WriteFile(file, []byte("half of"), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, announced()); diff != "" {
		t.Errorf("a file that cannot be read (-want +got):\n%s", diff)
	}
}

// TestStages_EachOneCanBeRunAlone checks the commands in the announcement.
func TestStages_EachOneCanBeRunAlone(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stages {
		target, _ := strings.CutPrefix(s.alone(), "make ")
		if s.does == "" || !strings.Contains(string(makefile), "\n"+target+":") {
			t.Errorf("stage %s does %q, alone by %s", s.name, s.does, s.alone())
		}
	}
}
