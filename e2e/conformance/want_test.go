package conformance

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"github.com/alexbrainman/odbc"
)

// The suite must be able to fail, so every kind of difference has to be found.
func TestWant_FindsEveryDifference(t *testing.T) {
	missing := errors.New("SQLExecute: {HY000} ERROR: [ERR-6111B : Undefined replication name. The replication …];\nError")
	native := &odbc.Error{Diag: []odbc.DiagRecord{{State: "HY000", NativeError: 0x6111B, Message: "Undefined replication name."}}}
	refused := &odbc.Error{Diag: []odbc.DiagRecord{{State: "08001", NativeError: 101, Message: "connection refused"}}}
	rows := func(r ...string) Outcome {
		return Outcome{Rows: r, Columns: []string{"A", "B"}, Types: []string{"int64", "[]uint8"}}
	}
	for _, c := range []struct {
		want  string // lines joined by ;
		got   Outcome
		wrong string // "": all is well
	}{
		{"", Outcome{}, ""},
		{"", rows("1|x"), ""},
		{"", Failure(missing), "want success"},
		{"ERR-6111B", Failure(missing), ""},
		{"ERR-6111B", Failure(native), ""},
		{"ERR-6111B Undefined replication name.", Failure(native), ""},
		{"ERR-6111B Undefined*name. The", Failure(missing), ""},
		{"ERR-6111B Another text", Failure(native), "Another text"},
		{"ERR-6111A", Failure(missing), "got ERR-6111B"},
		{"ERR-6111B", Outcome{}, "got success"},
		{"REFUSED", Failure(refused), ""},
		{"REFUSED", Failure(native), "want REFUSED"},
		{"CUT", Failure(driver.ErrBadConn), ""},
		{"CUT", Outcome{}, "want CUT"},
		{"CANCELLED", Failure(context.DeadlineExceeded), ""},
		{"ERROR", Failure(native), ""},
		{"ERROR", Failure(driver.ErrBadConn), "got CUT"},
		{"ERROR", Outcome{}, "got success"},
		{"no rows", rows(), ""},
		{"no rows", rows("1|x"), "too much 1|x"},
		{"1|x;2|y", rows("1|x", "2|y"), ""},
		{"1|x;2|y", rows("1|x"), "missing  2|y"},
		{"1|x", rows("1|y"), "row 1    1|y"},
		{"1", rows("1|y"), "row 1"},
		{"*|x", rows("7|x"), ""},
		{"$a|$a", rows("7|7"), ""},
		{"$a|$a", rows("7|8"), "row 1"},
		{">5|x", rows("6|x"), ""},
		{">5|x", rows("5|x"), "row 1"},
		{">=$known|x", rows("41|x"), "where $known is 42"},
		{">=$known|x", rows("42|x"), ""},
		{"!=$known|x", rows("42|x"), "row 1"},
		{"<0|x", rows("NULL|x"), "row 1"},
		{"columns: A B", rows("1|x"), ""},
		{"columns: A C", rows("1|x"), "columns A B"},
		{"types: int64|[]uint8", rows("1|x"), ""},
		{"types: int32|[]uint8", rows("1|x"), "types int64"},
	} {
		var w Want
		for _, line := range strings.FieldsFunc(c.want, func(r rune) bool { return r == ';' }) {
			if err := w.add(line); err != nil {
				t.Fatal(err)
			}
		}
		wrong := w.Check(c.got, Vars{"known": "42"})
		if c.wrong == "" && wrong != "" || !strings.Contains(wrong, c.wrong) {
			t.Errorf("want %q, got %+v: says %q, should say %q", c.want, c.got, wrong, c.wrong)
		}
	}
}

func TestWant_BindsOnlyWhenAllIsWell(t *testing.T) {
	w := Want{HasRows: true, Rows: []string{"$a|1"}}
	vars := Vars{}
	w.Check(Outcome{Rows: []string{"7|2"}}, vars)
	if len(vars) != 0 {
		t.Errorf("bound %v by rows that are wrong", vars)
	}
	w.Check(Outcome{Rows: []string{"7|1"}}, vars)
	if vars.Expand("CLOSE $a, $b") != "CLOSE 7, $b" {
		t.Errorf("bound %v", vars)
	}
}

func TestVars_CompareNumbersByTheirOrder(t *testing.T) {
	v := Vars{"a": "5", "b": "9"}
	for text, ok := range map[string]bool{
		"$a < $b": true, "$a > $b": false, "$a = 5": true, "$a = $b": false, "$a >= 5": true, "$nosuch > 1": false, "$a <": false,
	} {
		if err := v.Compare(text); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestParse_ReadsStepsAndWhatTheyLeadTo(t *testing.T) {
	f, err := Parse("x.txt", `# a comment
let Q = SELECT 1
N1> CREATE TABLE T1 (C1 INTEGER, \
    C2 INTEGER)
=== first
not vendor: because
N2.a still 2s> {Q}
  1
  took 1s..2s
N3 restart A=1
wait 300ms
check $a < $b
=== second
N1.s login user=U1 sysdba
  ERR-41043 Invalid
`)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Setup) != 1 || f.Setup[0].Text != "CREATE TABLE T1 (C1 INTEGER, C2 INTEGER)" || f.Setup[0].Place != "x.txt:3" {
		t.Errorf("setup %+v", f.Setup)
	}
	if len(f.Cases) != 2 || f.Cases[0].Not["vendor"] != "because" || len(f.Cases[0].Steps) != 4 {
		t.Fatalf("cases %+v", f.Cases)
	}
	if s := f.Cases[0].Steps[0]; s.Server != 1 || s.Session != "a" || s.Verb != "still" || s.Text != "SELECT 1" || !s.Want.Timed || s.Want.Rows[0] != "1" {
		t.Errorf("step %+v", s)
	}
	if s := f.Cases[1].Steps[0]; s.Verb != "login" || s.Want.Code != 0x41043 || s.Want.Text != "Invalid" {
		t.Errorf("step %+v", s)
	}
	if made := Made([]File{f}); len(made.Tables) != 1 || made.Tables[0] != "T1" {
		t.Errorf("made %+v", made)
	}
}

func TestParse_SaysWhatItCannotRead(t *testing.T) {
	for _, line := range []string{
		"N4> SELECT 1", "N1 fly> SELECT 1", "N1 still> SELECT 1", "N1 until 3s> SELECT 1", "N1 explode", "wait long", "SELECT 1", "  rows of nothing",
		"N1> SELECT 1\n  took 3s..1s", "N1> SELECT 1\n  took soon..later",
	} {
		if _, err := Parse("x.txt", line); err == nil || !strings.Contains(err.Error(), "x.txt:") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// A step that nobody can do here leaves the case out. It does not fail.
func TestMissing_SaysWhatAServerCannotDo(t *testing.T) {
	f, err := Parse("x.txt", "=== a\nnot vendor: x\n=== b\nN2 kill\n=== c\nN1> {N3.name}\n=== d\nN1.x login from=afar\n=== e\nN1> SELECT 1 FROM DUAL\n")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range f.Cases {
		if reason := (Target{Kind: "vendor"}).Missing(f, c); reason != "" {
			got = append(got, c.Name+": "+reason)
		}
	}
	want := "a: x; b: no way is known to kill the server; c: N3 has no name, only an address; d: all logins come over loopback"
	if strings.Join(got, "; ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "; "), want)
	}
}

// All case files can be read, and no name is used twice in a file.
func TestCases_AllCanBeRead(t *testing.T) {
	files, err := Load(Cases())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names := map[string]bool{}
		for _, c := range f.Cases {
			if names[c.Name] || len(c.Steps) == 0 {
				t.Errorf("%s.txt:%d: %q is there twice, or empty", f.Name, c.Line, c.Name)
			}
			names[c.Name] = true
		}
	}
}
