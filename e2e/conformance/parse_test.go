package conformance

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse_ReadsMarksAndSteps(t *testing.T) {
	f, err := Parse("x.txt", `let Q = SELECT C1
altisim scale 2.5: why
N1> CREATE TABLE T1 (C1 INTEGER)
=== seen
shows: a b
not altisim: why
N1.a begin
N2.w within 3s> {Q} FROM T1
  CANCELLED
  took with the one before 1s..2s
N1 anew
N3 queue 2 500ms
=== not seen
unseen: what needs it
N3.b login user=U1 password="a b" sysdba
`)
	if err != nil {
		t.Fatal(err)
	}
	seen, unseen := f.Cases[0], f.Cases[1]
	if diff := cmp.Diff([]string{"a", "b"}, seen.Shows); diff != "" || seen.Unseen != "" || seen.Not["altisim"] != "why" {
		t.Errorf("%+v %s", seen, diff)
	}
	if len(unseen.Shows) > 0 || unseen.Unseen != "what needs it" {
		t.Errorf("%+v", unseen)
	}
	want := []Step{
		{Place: "x.txt:7", Session: "a", Verb: "begin"},
		{
			Place: "x.txt:8", Server: 1, Session: "w", Verb: "within", Limit: 3 * time.Second, Text: "SELECT C1 FROM T1",
			Want: Want{Word: Cancelled, Timed: true, Summed: true, Least: time.Second, Most: 2 * time.Second},
		},
		{Place: "x.txt:11", Verb: "anew"},
		{Place: "x.txt:12", Server: 2, Verb: "queue", Count: 2, Limit: 500 * time.Millisecond},
	}
	if diff := cmp.Diff(want, seen.Steps); diff != "" || f.Scale != 2.5 {
		t.Error(f.Scale, diff)
	}
	if _, err := Parse("x.txt", "N1 fly"); err == nil {
		t.Error("an unknown step was taken")
	}
}

func TestParse_RefusesUnseenInAName(t *testing.T) {
	for _, name := range []string{"rows are told apart (unseen)", "keys are found (unseen: of blanks alone)"} {
		_, err := Parse("x.txt", "=== "+name+"\nshows: a\nN1> SELECT 1 FROM DUAL\n")
		if err == nil || !strings.Contains(err.Error(), "x.txt:1: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMade_FindsQuotedNamesAndSequences(t *testing.T) {
	f, err := Parse("x.txt", "N1> CREATE TABLE \"한글표\" (C1 INTEGER)\n=== c\nN1> CREATE TABLE U1.TU (C1 INTEGER)\nN1> CREATE SEQUENCE SQ1\nN1> ALTER SYSTEM SET A = 1\n")
	if err != nil {
		t.Fatal(err)
	}
	want := Objects{Tables: []string{"한글표"}, Sequences: []string{"SQ1"}, Properties: []string{"A"}}
	if diff := cmp.Diff(want, Made([]File{f})); diff != "" {
		t.Error(diff)
	}
}
