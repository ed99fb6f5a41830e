package anyserver

import (
	"bufio"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReport_HasAnOutcomeForEachCase_AndThoseLeftOut(t *testing.T) {
	r := &report{lines: bufio.NewScanner(strings.NewReader(`three servers of altisim:dev
=== RUN   TestUnseen
=== RUN   TestUnseen/01-a
=== RUN   TestUnseen/01-a/one
--- PASS: TestUnseen/01-a/one (0.10s)
=== RUN   TestUnseen/01-a/one_more
    conformance_test.go:9: want 1
      got 2
    --- FAIL: TestUnseen/01-a/one_more (2.00s)
=== RUN   TestUnseen/01-a/a/b
--- SKIP: TestUnseen/01-a/a/b (0.00s)
--- FAIL: TestUnseen/01-a (2.10s)
cases left out here: 2
  01-a.txt:3 one: no login comes over loopback
  02-b.txt:8 two: why: because
=== RUN   TestConformance/02-b/three
panic: it ends here
`))}
	type found struct{ Test, Verdict, Said string }
	var got []found
	for {
		test, more := r.nextCase()
		if !more {
			break
		}
		verdict, said := r.outcome(test)
		got = append(got, found{test, verdict, said})
	}
	want := []found{
		{"TestUnseen/01-a/one", "PASS", ""},
		{"TestUnseen/01-a/one_more", "FAIL", "    conformance_test.go:9: want 1\n      got 2"},
		{"TestUnseen/01-a/a/b", "SKIP", ""},
		{"TestConformance/02-b/three", "", "panic: it ends here"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cases (-want +got):\n%s", diff)
	}
	listed := []string{"01-a.txt:3 one: no login comes over loopback", "02-b.txt:8 two: why: because"}
	if diff := cmp.Diff(listed, r.leftOut()); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
}
