package main

import (
	"io"
	"strings"
	"testing"
)

func TestEventsOfGoTest_AreCounted(t *testing.T) {
	tests := []struct {
		name                    string
		events                  []string
		passed, failed, skipped int
	}{
		{
			name:   "a test with subtests is counted as its subtests",
			events: []string{"pass A/x", "pass A/y/1", "pass A/y", "pass A", "pass B", "pass"},
			passed: 3,
		},
		{
			name:   "a failed subtest fails its parent, once",
			events: []string{"pass A/x", "fail A/y", "fail A", "fail"},
			passed: 1, failed: 1,
		},
		{
			name:   "a parent that fails after its subtests passed",
			events: []string{"pass A/x", "fail A", "fail"},
			passed: 1, failed: 1,
		},
		{
			name:    "skipped tests are seen at any level",
			events:  []string{"skip A/x", "pass A", "skip B", "pass"},
			skipped: 2,
		},
		{
			name:   "a package that does not build or ends without a failed test",
			events: []string{"fail"},
			failed: 1,
		},
		{
			name:   "an interrupted package keeps what it had",
			events: []string{"pass A"},
			passed: 1,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var r result
			run := newTestRun(&r)
			run.show.out = io.Discard
			for _, e := range test.events {
				action, name, _ := strings.Cut(e, " ")
				run.take([]byte(`{"Action":"` + action + `","Package":"aku/p","Test":"` + name + `"}`))
			}
			run.count()
			if r.passed != test.passed || r.failed != test.failed || r.skipped != test.skipped {
				t.Errorf("counted %d passed, %d failed, %d skipped; want %d, %d, %d",
					r.passed, r.failed, r.skipped, test.passed, test.failed, test.skipped)
			}
		})
	}
}

func TestWhatAPackagePrintsItself_IsShownWhenItPassed(t *testing.T) {
	var out strings.Builder
	run := newTestRun(&result{})
	run.show.out = &out
	for _, e := range []string{
		`{"Action":"output","Package":"aku/p","Test":"A","Output":"of a test\n"}`,
		`{"Action":"pass","Package":"aku/p","Test":"A"}`,
		`{"Action":"output","Package":"aku/p","Output":"PASS\n"}`,
		`{"Action":"output","Package":"aku/p","Output":"cases left out here: 1\n"}`,
		`{"Action":"output","Package":"aku/p","Output":"ok  \taku/p\t1.0s\n"}`,
		`{"Action":"pass","Package":"aku/p"}`,
	} {
		run.take([]byte(e))
	}
	if want := "   pass p  1 tests  0.0 s\n   cases left out here: 1\n"; out.String() != want {
		t.Errorf("shown %q, want %q", out.String(), want)
	}
}

func TestWhatAPackageSaysItLeavesOut_IsListed_AndIsNoSkippedTest(t *testing.T) {
	var r result
	run := newTestRun(&r)
	run.show.out = io.Discard
	for _, e := range []string{
		`{"Action":"skip","Package":"aku/p","Test":"A"}`,
		`{"Action":"skip","Package":"aku/p","Test":"B"}`,
		`{"Action":"pass","Package":"aku/p","Test":"C"}`,
		`{"Action":"output","Package":"aku/p","Output":"left out: A: no server can do it\n"}`,
		`{"Action":"pass","Package":"aku/p"}`,
	} {
		run.take([]byte(e))
	}
	run.count()
	if r.passed != 1 || r.skipped != 1 || len(r.leftOut) != 1 || r.leftOut[0] != "A: no server can do it" {
		t.Errorf("got %+v, want one passed, one skipped, one left out", r)
	}
}

func TestSummary_IsGoodOnlyWhenEverythingRanAndPassed(t *testing.T) {
	tests := []struct {
		name   string
		result result
		ok     bool
		last   string
	}{
		{"passed", result{passed: 2}, true, "2 passed, 0 failed"},
		{"failed", result{passed: 1, failed: 1}, false, "1 passed, 1 failed"},
		{"skipped", result{passed: 1, skipped: 1}, false, "1 passed, 0 failed, 1 skipped (a skipped test counts as a failure)"},
		{"fault outside a test", result{faults: []string{"interrupted"}}, false, "0 passed, 1 failed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if ok := summarise(&out, []result{test.result}); ok != test.ok {
				t.Errorf("ok = %v", ok)
			}
			if lines := strings.Split(strings.TrimSpace(out.String()), "\n"); lines[len(lines)-1] != test.last {
				t.Errorf("last line %q, want %q", lines[len(lines)-1], test.last)
			}
		})
	}
}
