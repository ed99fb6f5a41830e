package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Want is the expected outcome of a step. The zero Want is success with any rows.
type Want struct {
	Code        int    // error number; 0: success
	Text        string // of the error; * stands for anything
	Word        string // CUT, REFUSED or CANCELLED instead of a number
	Rows        []string
	Columns     string
	Types       string
	Timed       bool
	Least, Most time.Duration // on the server's clock
	Summed      bool          // the times are of this statement and the one before it in the session
	HasRows     bool
}

// Outcomes without a number of the server.
const (
	Cut       = "CUT"       // the connection is gone
	Refused   = "REFUSED"   // nobody listens
	Cancelled = "CANCELLED" // by the client
	Failed    = "ERROR"     // any error; its number is not known
)

var (
	errorLine = regexp.MustCompile(`^ERR-([0-9A-F]{5})(?: (.*))?$`)
	tookLine  = regexp.MustCompile(`^took (with the one before )?(\S+)\.\.(\S+)$`)
)

func (w *Want) add(line string) error {
	if m := tookLine.FindStringSubmatch(line); m != nil {
		var err1, err2 error
		w.Least, err1 = time.ParseDuration(m[2])
		w.Most, err2 = time.ParseDuration(m[3])
		if err1 != nil || err2 != nil || w.Most < w.Least {
			return fmt.Errorf("took needs two durations, not %q", line)
		}
		w.Timed, w.Summed = true, m[1] != ""
		return nil
	}
	if m := errorLine.FindStringSubmatch(line); m != nil {
		code, err := strconv.ParseInt(m[1], 16, 32)
		w.Code, w.Text = int(code), m[2]
		return err
	}
	switch {
	case line == Cut || line == Refused || line == Cancelled || line == Failed:
		w.Word = line
	case line == "no rows":
		w.HasRows = true
	case strings.HasPrefix(line, "columns: "):
		w.Columns = strings.Join(strings.Fields(strings.TrimPrefix(line, "columns: ")), " ")
	case strings.HasPrefix(line, "types: "):
		w.Types = strings.TrimPrefix(line, "types: ")
	default:
		w.HasRows = true
		w.Rows = append(w.Rows, line)
	}
	return nil
}

func (w Want) String() string {
	switch {
	case w.Code != 0:
		return strings.TrimSpace(fmt.Sprintf("ERR-%05X %s", w.Code, w.Text))
	case w.Word != "":
		return w.Word
	case w.HasRows && len(w.Rows) == 0:
		return "no rows"
	case w.HasRows:
		return strings.Join(w.Rows, "\n")
	}
	return "success"
}

// Check compares an outcome with the expected one. It returns the fault, or "". It binds names to values of
// the rows only when all is well.
func (w Want) Check(o Outcome, vars Vars) string {
	if wrong := w.checkError(o); wrong != "" {
		return wrong
	}
	if w.Columns != "" && strings.Join(o.Columns, " ") != w.Columns {
		return fmt.Sprintf("columns %s\n  want %s", strings.Join(o.Columns, " "), w.Columns)
	}
	if w.Types != "" && strings.Join(o.Types, "|") != w.Types {
		return fmt.Sprintf("types %s\n want %s", strings.Join(o.Types, "|"), w.Types)
	}
	if !w.HasRows {
		return ""
	}
	bound := vars.clone()
	var wrong string
	for i := range max(len(o.Rows), len(w.Rows)) {
		switch {
		case i >= len(o.Rows):
			wrong += fmt.Sprintf("missing  %s\n", w.Rows[i])
		case i >= len(w.Rows):
			wrong += fmt.Sprintf("too much %s\n", o.Rows[i])
		case !bound.matchRow(o.Rows[i], w.Rows[i]):
			wrong += fmt.Sprintf("row %d    %s\nwant     %s\n", i+1, o.Rows[i], w.Rows[i])
		}
	}
	if wrong != "" {
		return wrong + vars.explain(w.Rows)
	}
	for k, v := range bound {
		vars[k] = v
	}
	return ""
}

func (w Want) checkError(o Outcome) string {
	got := "success"
	if o.Err != nil {
		got = fmt.Sprintf("%s (%v)", o.kind(), o.Err)
	}
	ok := o.Err == nil
	switch {
	case w.Word == Failed:
		ok = o.Err != nil && o.Word != Cut
	case w.Word != "":
		ok = o.Err != nil && o.Word == w.Word
	case w.Code != 0:
		ok = o.Code == w.Code && contains(o.Err, w.Text)
	}
	if ok {
		return ""
	}
	if w.Word == "" && w.Code == 0 {
		return fmt.Sprintf("got %s, want success", got)
	}
	return fmt.Sprintf("got %s, want %s", got, w)
}

func contains(err error, pattern string) bool {
	if pattern == "" {
		return true
	}
	parts := strings.Split(pattern, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(strings.Join(parts, `[\s\S]*`)).MatchString(err.Error())
}

// Vars are values bound to names.
type Vars map[string]string

func (v Vars) clone() Vars {
	n := Vars{}
	for k, x := range v {
		n[k] = x
	}
	return n
}

var variable = regexp.MustCompile(`\$[a-z]\w*`)

// Expand replaces names by their values.
func (v Vars) Expand(text string) string {
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		if value, ok := v[name[1:]]; ok {
			return value
		}
		return name
	})
}

func (v Vars) explain(rows []string) string {
	names := variable.FindAllString(strings.Join(rows, " "), -1)
	slices.Sort(names)
	var out string
	for _, n := range slices.Compact(names) {
		if value, ok := v[n[1:]]; ok {
			out += fmt.Sprintf("where %s is %s\n", n, value)
		}
	}
	return out
}

func (v Vars) matchRow(got, want string) bool {
	g, w := strings.Split(got, "|"), strings.Split(want, "|")
	if len(g) != len(w) {
		return false
	}
	for i := range g {
		if !v.matchCell(strings.TrimRight(g[i], " "), strings.TrimSpace(w[i])) {
			return false
		}
	}
	return true
}

var relation = regexp.MustCompile(`^(>=|<=|>|<|!=)\s*(\S+)$`)

// matchCell compares a value. * matches anything, $name is bound or compared, and > >= < <= != compare with
// the value after them.
func (v Vars) matchCell(got, want string) bool {
	if want == "*" {
		return true
	}
	if name, ok := strings.CutPrefix(want, "$"); ok {
		if value, bound := v[name]; bound {
			return got == value
		}
		v[name] = got
		return true
	}
	if m := relation.FindStringSubmatch(want); m != nil {
		ok, err := compare(got, m[1], v.Expand(m[2]))
		return err == nil && ok
	}
	return got == want
}

func compare(a, op, b string) (bool, error) {
	if op == "!=" {
		return a != b, nil
	}
	x, err := strconv.ParseInt(a, 10, 64)
	if err != nil {
		return false, err
	}
	y, err := strconv.ParseInt(b, 10, 64)
	if err != nil {
		return false, err
	}
	switch op {
	case ">":
		return x > y, nil
	case ">=":
		return x >= y, nil
	case "<":
		return x < y, nil
	case "<=":
		return x <= y, nil
	}
	return false, fmt.Errorf("no relation %q", op)
}

// Compare decides a line such as "$a < $b".
func (v Vars) Compare(text string) error {
	f := strings.Fields(v.Expand(text))
	if len(f) != 3 {
		return fmt.Errorf("want two values and a relation, not %q", text)
	}
	ok := f[0] == f[2]
	var err error
	if f[1] != "=" {
		ok, err = compare(f[0], f[1], f[2])
	}
	if err == nil && !ok {
		err = fmt.Errorf("%s does not hold: %s", text, strings.Join(f, " "))
	}
	return err
}
