package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// slow is the time after which a running test gets a line of its own.
const slow = 2 * time.Second

// An event is a line of `go test -json`; see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Elapsed float64 // seconds
	Output  string
}

// goTest runs `… go test …` and adds its tests to r.
func goTest(ctx context.Context, r *result, args []string) error {
	var own result // a stage may run go test more than once
	err := newTestRun(&own).follow(ctx, args)
	r.passed, r.failed, r.skipped = r.passed+own.passed, r.failed+own.failed, r.skipped+own.skipped
	r.leftOut = append(r.leftOut, own.leftOut...)
	switch {
	case err != nil && own.failed > 0:
		return nil // the counts already show it
	case err != nil:
		return err
	case own.passed+own.failed+own.skipped == 0:
		return fmt.Errorf("no tests ran")
	}
	return nil
}

// A testRun follows the events of one `go test`.
type testRun struct {
	r        *result
	show     *indenter
	outcomes map[string]map[string]string // package → test → its last action
	leftOut  map[string]map[string]bool   // package → tests that it reports as left out
	running  map[string][]string          // package that has not ended → its running tests
	output   map[string][]printed         // package → what it and its unfinished tests printed
}

// A printed line has the test that was named when it came, "" for the package itself.
type printed struct {
	test, line string
}

func newTestRun(r *result) *testRun {
	return &testRun{
		r:        r,
		show:     &indenter{out: os.Stdout},
		outcomes: map[string]map[string]string{},
		leftOut:  map[string]map[string]bool{},
		running:  map[string][]string{},
		output:   map[string][]printed{},
	}
}

// follow runs `… go test …` and counts its tests.
func (t *testRun) follow(ctx context.Context, args []string) error {
	at := slices.Index(args, "test") + 1
	err := stream(ctx, slices.Insert(slices.Clone(args), at, "-json"), t.take)
	t.showInterrupted()
	t.count()
	return err
}

func (t *testRun) take(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil || e.Action == "" {
		fmt.Fprintf(t.show, "%s", line) // not a line of go test
		return
	}
	switch e.Action {
	case "output":
		t.output[e.Package] = append(t.output[e.Package], printed{e.Test, e.Output})
	case "build-output":
		fmt.Fprint(t.show, e.Output)
	case "run", "cont":
		t.running[e.Package] = append(t.running[e.Package], e.Test)
	case "pause":
		t.stopped(e)
	case "pass", "fail", "skip":
		took := time.Duration(e.Elapsed * float64(time.Second))
		if e.Test == "" {
			t.packageEnded(e, took)
		} else {
			t.testEnded(e, took)
		}
	}
}

func (t *testRun) testEnded(e event, took time.Duration) {
	t.stopped(e)
	output := t.takeOutput(e.Package, e.Test)
	tests := t.outcomes[e.Package]
	if tests == nil {
		tests = map[string]string{}
		t.outcomes[e.Package] = tests
	}
	tests[e.Test] = e.Action
	if e.Action != "pass" {
		fmt.Fprintf(t.show, "%s: %s %s\n%s", strings.ToUpper(e.Action), shortName(e.Package), e.Test, strings.Join(output, ""))
	} else if took > slow {
		fmt.Fprintf(t.show, "%-5s%s %s  %.1f s\n", e.Action, shortName(e.Package), e.Test, took.Seconds())
	}
}

// takeOutput removes and returns what a test printed, or with "" the package itself.
func (t *testRun) takeOutput(pkg, test string) (lines []string) {
	t.output[pkg] = slices.DeleteFunc(t.output[pkg], func(p printed) bool {
		if p.test == test {
			lines = append(lines, p.line)
		}
		return p.test == test
	})
	return lines
}

func (t *testRun) packageEnded(e event, took time.Duration) {
	defer t.forget(e.Package)
	if e.Action == "skip" {
		return // a package without tests
	}
	t.leaveOut(e.Package)
	passed, failed, skipped := tally(t.outcomes[e.Package], t.leftOut[e.Package])
	if e.Action == "fail" && failed == 0 {
		// It did not build, was killed, panicked outside a test, or failed in TestMain.
		t.r.failed++
	}
	if e.Action == "fail" && (failed == 0 || len(t.running[e.Package]) > 0) {
		t.showUnfinished("FAIL", e.Package)
	}
	fmt.Fprintf(t.show, "%-5s%s  %d tests  %.1f s\n", e.Action, shortName(e.Package), passed+failed+skipped, took.Seconds())
	if e.Action == "pass" {
		fmt.Fprint(t.show, strings.Join(ownWords(t.takeOutput(e.Package, "")), ""))
	}
}

// leftOut begins a package's line about a test that it does not run, and why: "left out: TestX: reason".
const leftOut = "left out: "

// leaveOut collects these lines.
func (t *testRun) leaveOut(pkg string) {
	tests := map[string]bool{}
	for _, p := range t.output[pkg] {
		if what, found := strings.CutPrefix(strings.TrimSpace(p.line), leftOut); found && p.test == "" {
			t.r.leftOut = append(t.r.leftOut, what)
			name, _, _ := strings.Cut(what, ": ")
			tests[name] = true
		}
	}
	t.leftOut[pkg] = tests
}

// ownWords are the lines that a package printed outside its tests, without those of go test and of the
// summary.
func ownWords(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return line == "PASS\n" || strings.HasPrefix(line, "ok  \t") || strings.HasPrefix(line, leftOut)
	})
}

// count adds the tests of all packages to the result, interrupted packages included.
func (t *testRun) count() {
	for pkg, tests := range t.outcomes {
		passed, failed, skipped := tally(tests, t.leftOut[pkg])
		t.r.passed += passed
		t.r.failed += failed
		t.r.skipped += skipped
	}
}

// tally counts the tests of a package. A test with subtests counts only when it failed by itself; its
// subtests count. A test that is left out counts neither way.
func tally(tests map[string]string, leftOut map[string]bool) (passed, failed, skipped int) {
	subtests := map[string]bool{}
	failedSubtests := map[string]bool{}
	for name, action := range tests {
		for parent := name; strings.Contains(parent, "/"); {
			parent = parent[:strings.LastIndex(parent, "/")]
			subtests[parent] = true
			failedSubtests[parent] = failedSubtests[parent] || action == "fail"
		}
	}
	for name, action := range tests {
		switch {
		case action == "fail" && !failedSubtests[name]:
			failed++
		case subtests[name]:
		case action == "pass":
			passed++
		case action == "skip" && !leftOut[name]:
			skipped++
		}
	}
	return passed, failed, skipped
}

// shortName is the package's path within the module.
func shortName(importPath string) string {
	_, short, found := strings.Cut(importPath, "/")
	if !found {
		return importPath
	}
	return short
}
