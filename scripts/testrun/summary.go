package main

import (
	"fmt"
	"io"
	"time"
)

// A result is the outcome of one stage.
type result struct {
	stage                   string
	passed, failed, skipped int
	faults                  []string // failures outside a test
	leftOut                 []string // with the reason
	took                    time.Duration
}

func (r result) ok() bool { return r.failed == 0 && r.skipped == 0 && len(r.faults) == 0 }

// summarise prints a line for each stage and the totals, and reports whether all is well.
func summarise(w io.Writer, results []result) bool {
	fmt.Fprintf(w, "\n%-12s %-7s %7s %7s %7s %9s\n", "stage", "result", "passed", "failed", "skipped", "seconds")
	var total result
	ok := true
	for _, r := range results {
		verdict := "passed"
		if !r.ok() {
			verdict = "FAILED"
			ok = false
		}
		fmt.Fprintf(w, "%-12s %-7s %7d %7d %7d %9.1f\n", r.stage, verdict, r.passed, r.failed+len(r.faults), r.skipped, r.took.Seconds())
		for _, fault := range r.faults {
			fmt.Fprintf(w, "             %s\n", fault)
		}
		for _, tests := range r.leftOut {
			fmt.Fprintf(w, "             left out: %s\n", tests)
		}
		total.passed += r.passed
		total.failed += r.failed + len(r.faults)
		total.skipped += r.skipped
	}
	if total.skipped > 0 {
		fmt.Fprintf(w, "\n%d passed, %d failed, %d skipped (a skipped test counts as a failure)\n", total.passed, total.failed, total.skipped)
	} else {
		fmt.Fprintf(w, "\n%d passed, %d failed\n", total.passed, total.failed)
	}
	return ok
}
