package anyserver

import (
	"bufio"
	"strings"
)

// A report is what the suite of conformance prints.
type report struct {
	lines *bufio.Scanner
	said  []string // all lines so far
}

func (r *report) next() (line string, more bool) {
	if !r.lines.Scan() {
		return "", false
	}
	line = r.lines.Text()
	r.said = append(r.said, line)
	return line, true
}

// nextCase goes on to the next case that begins, and returns its test. Tests of whole files and of all files are
// none.
func (r *report) nextCase() (test string, more bool) {
	for {
		line, more := r.next()
		if !more {
			return "", false
		}
		test, begins := strings.CutPrefix(line, "=== RUN   ")
		if begins && strings.Count(test, "/") >= 2 {
			return test, true
		}
	}
}

// outcome reads up to the end of a test. It returns PASS, FAIL or SKIP, or "" when the report ends before, and
// what the test said.
func (r *report) outcome(test string) (verdict, said string) {
	first := len(r.said)
	for {
		line, more := r.next()
		if !more {
			return "", strings.Join(r.said[first:], "\n")
		}
		verdict, of, ends := strings.Cut(strings.TrimPrefix(strings.TrimLeft(line, " "), "--- "), ": ")
		if ends && strings.HasPrefix(of, test+" (") && strings.HasPrefix(strings.TrimLeft(line, " "), "--- ") {
			return verdict, strings.Join(r.said[first:len(r.said)-1], "\n")
		}
	}
}

const leftOutTitle = "cases left out here: "

// leftOut are the cases that the report lists as left out, with the reason.
func (r *report) leftOut() (cases []string) {
	listed := false
	for _, line := range r.said {
		item, indented := strings.CutPrefix(line, "  ")
		listed = strings.HasPrefix(line, leftOutTitle) || listed && indented
		if listed && indented {
			cases = append(cases, item)
		}
	}
	return cases
}
