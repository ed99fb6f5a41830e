package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// excerptLines bounds what is shown of a package that ended before its tests: so many lines before a crash,
// and so many of the crash.
const excerptLines = 60

// crashes begin the report of the Go runtime. Its beginning has the reason, and for a timeout the running
// tests; stacks of all goroutines follow.
var crashes = []string{"panic: ", "fatal error: ", "SIGQUIT: "}

// stopped notes that a test ended, or waits to run in parallel.
func (t *testRun) stopped(e event) {
	t.running[e.Package] = slices.DeleteFunc(t.running[e.Package], func(test string) bool { return test == e.Test })
}

// forget drops what is kept of a package until it ends.
func (t *testRun) forget(pkg string) {
	delete(t.running, pkg)
	delete(t.output, pkg)
}

// showInterrupted shows the packages that have not ended although go test has.
func (t *testRun) showInterrupted() {
	for _, pkg := range slices.Sorted(maps.Keys(t.running)) {
		t.showUnfinished("interrupted", pkg)
	}
}

// showUnfinished shows which tests of a package were running when it ended, and why it may have ended. The
// reason is in the output of any of them: a line that names no test counts as printed by the one named last.
func (t *testRun) showUnfinished(verdict, pkg string) {
	fmt.Fprintf(t.show, "%s: %s", verdict, shortName(pkg))
	if running := t.running[pkg]; len(running) > 0 {
		fmt.Fprintf(t.show, ", running were %s", strings.Join(running, ", "))
	}
	fmt.Fprintln(t.show)
	var lines []string
	for _, p := range t.output[pkg] {
		lines = append(lines, p.line)
	}
	fmt.Fprint(t.show, strings.Join(excerpt(lines), ""))
}

// excerpt is the end of the lines, or where a program crashed the lines around the crash's beginning.
func excerpt(lines []string) []string {
	crash := slices.IndexFunc(lines, func(line string) bool {
		return slices.ContainsFunc(crashes, func(begin string) bool { return strings.HasPrefix(line, begin) })
	})
	if crash < 0 {
		crash = len(lines)
	}
	first, end := max(0, crash-excerptLines), min(len(lines), crash+excerptLines)
	return slices.Concat(linesLeftOut(first), lines[first:end], linesLeftOut(len(lines)-end))
}

func linesLeftOut(n int) []string {
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("[%d lines left out]\n", n)}
}
