package sqlfront

import (
	"fmt"
	"strconv"
	"strings"

	"aku/e2e/altisim/engine"
)

const sysdate = "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"

// Names resolves the tables of a query.
type Names struct {
	User      string // the schema of unqualified names
	SessionID int64
	UserID    int
	Database  string
	Table     func(user, name string) (physical string, err error)
	// Virtual returns a system table or view, or nil.
	Virtual func(name string) *Virtual
}

// Virtual is a system table or view. The server makes its rows when they are read.
type Virtual struct {
	Columns []string
	Rows    func() [][]any
}

// Query is a statement rewritten for SQLite.
type Query struct {
	SQL string
	// Labels are the column names of a SELECT, or nil when SQLite's are right.
	Labels []string
}

// TableNotFound is ERR-31031.
func TableNotFound(st Statement) error {
	return engine.Errorf(0x31031, "Table or view was not found : \n0001 : %s\n  ^  ^\n", st.Source)
}

// ColumnNotFound is ERR-31058.
func ColumnNotFound(st Statement) error {
	return engine.Errorf(0x31058, "Column not found\n0001 : %s\n  ^  ^\n", st.Source)
}

// notAnAlias are the words that can follow a table's name.
var notAnAlias = words(`WHERE GROUP ORDER HAVING UNION MINUS INTERSECT EXCEPT LIMIT SET VALUES ON USING JOIN INNER LEFT RIGHT FULL CROSS OUTER
	CONNECT START FOR SELECT PARTITION NATURAL DEFAULT`)

// endOfFrom are the words after which no table's name follows.
var endOfFrom = words(`WHERE GROUP ORDER HAVING UNION MINUS INTERSECT EXCEPT LIMIT SET VALUES SELECT CONNECT`)

func words(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

type rewriter struct {
	st       Statement
	n        Names
	out      []string
	at       int
	virtuals map[string]*Virtual
	order    []string
	with     map[string]bool
	frames   []frame
}

// frame is the state inside one pair of parentheses.
type frame struct{ inFrom, expect bool }

// Rewrite turns SELECT, INSERT, UPDATE and DELETE into SQLite's dialect.
func Rewrite(st Statement, n Names) (Query, error) {
	r := &rewriter{st: st, n: n, virtuals: map[string]*Virtual{}, with: map[string]bool{}, frames: []frame{{}}}
	for i, t := range st.Tokens {
		if t.Is("AS") && i > 0 && i+1 < len(st.Tokens) && st.Tokens[i+1].Is("(") && st.First(1) == "WITH" {
			r.with[st.Tokens[i-1].Text] = true
		}
	}
	for r.at < len(st.Tokens) {
		if err := r.step(); err != nil {
			return Query{}, err
		}
	}
	q := Query{SQL: strings.Join(r.out, " "), Labels: labels(st)}
	if err := duplicateAlias(st, q.Labels); err != nil {
		return Query{}, err
	}
	if len(r.order) == 0 {
		return q, nil
	}
	var ctes []string
	for _, name := range r.order {
		ctes = append(ctes, cte(name, r.virtuals[name]))
	}
	head := "WITH " + strings.Join(ctes, ", ")
	if rest, ok := strings.CutPrefix(q.SQL, "WITH "); ok {
		q.SQL = head + ", " + rest
	} else {
		q.SQL = head + " " + q.SQL
	}
	return q, nil
}

func (r *rewriter) emit(s ...string) { r.out = append(r.out, s...) }

func (r *rewriter) tok(ahead int) Token {
	if r.at+ahead < len(r.st.Tokens) {
		return r.st.Tokens[r.at+ahead]
	}
	return Token{Kind: End}
}

func (r *rewriter) is(words ...string) bool {
	for i, w := range words {
		if !r.tok(i).Is(w) {
			return false
		}
	}
	return true
}

func (r *rewriter) step() error {
	f := &r.frames[len(r.frames)-1]
	t := r.tok(0)
	if f.expect && (t.Kind == Quoted || t.Kind == Word && !notAnAlias[t.Text]) {
		f.expect = false
		return r.table()
	}
	switch {
	case r.is("FOR", "UPDATE"):
		r.at = len(r.st.Tokens)
		return nil
	case t.Is("::"): // a cast by the ODBC driver
		r.at += 2
		if r.is("(") {
			for !r.is(")") && r.at < len(r.st.Tokens) {
				r.at++
			}
			r.at++
		}
		return nil
	case t.Is("("):
		f.expect = false
		r.frames = append(r.frames, frame{})
	case t.Is(")"):
		if len(r.frames) == 1 {
			return SyntaxError(r.st.Source, t.From)
		}
		r.frames = r.frames[:len(r.frames)-1]
	case t.Is(","):
		f.expect = f.inFrom
	case t.Is("FROM"), t.Is("INTO"), t.Is("UPDATE") && r.at == 0:
		f.inFrom, f.expect = t.Is("FROM"), true
	case t.Is("JOIN"):
		f.expect = true
	case t.Kind == Word && endOfFrom[t.Text]:
		f.inFrom, f.expect = false, false
	}
	return r.plain(t)
}

// plain rewrites a token that names no table.
func (r *rewriter) plain(t Token) error {
	r.at++
	switch t.Kind {
	case Word:
		call := r.is("(")
		switch {
		case r.typed(t):
		case t.Text == "SYSDATE", t.Text == "SYSTIMESTAMP":
			r.emit("(" + sysdate + ")")
		case t.Text == "MINUS":
			r.emit("EXCEPT")
		case call && t.Text == "NVL":
			r.emit("IFNULL")
		case call && (t.Text == "TO_CHAR" || t.Text == "TO_DATE" || t.Text == "TO_NUMBER"):
			// A DATE is the stored text in any form.
			r.emit(map[string]string{"TO_CHAR": "printf('%s',", "TO_DATE": "printf('%s',", "TO_NUMBER": "(0 +"}[t.Text])
			r.at++
			r.frames = append(r.frames, frame{})
		case r.is("(", ")") && t.Text == "SESSION_ID":
			r.constant(strconv.FormatInt(r.n.SessionID, 10))
		case r.is("(", ")") && t.Text == "USER_ID":
			r.constant(strconv.Itoa(r.n.UserID))
		case r.is("(", ")") && t.Text == "USER_NAME":
			r.constant(literal(r.n.User))
		case r.is("(", ")") && t.Text == "DB_NAME":
			r.constant(literal(r.n.Database))
		case r.is(".") && r.tok(2).Is(".") && (r.tok(1).Kind == Word || r.tok(1).Kind == Quoted):
			r.at++ // user.table.column: the table is enough
		default:
			r.emit(t.Text)
		}
	case Quoted:
		r.emit(quote(t.Text))
	case Text:
		if t.Text == "" {
			r.emit("NULL")
		} else {
			r.emit(literal(t.Text))
		}
	case Param:
		r.emit(strings.Replace(t.Text, "$", "?", 1))
	default:
		if t.Text == "^=" {
			t.Text = "<>"
		}
		r.emit(t.Text)
	}
	return nil
}

// constant replaces a call without arguments.
func (r *rewriter) constant(s string) {
	r.at += 2
	r.emit(s)
}

// table rewrites the name of a table. It adds an alias if there is none, so that columns can still be
// qualified with the plain name.
func (r *rewriter) table() error {
	insert := r.at > 0 && r.st.Tokens[r.at-1].Is("INTO")
	user, name := "", r.tok(0).Text
	r.at++
	if r.is(".") {
		user, name = name, r.tok(1).Text
		r.at += 2
	}
	switch {
	case user == "" && r.with[name]:
		r.emit(quote(name))
		return nil
	case name == "DUAL" && (user == "" || user == "SYS"):
		r.dual()
		return nil
	case user == "SYSTEM_" || user == "" && (strings.HasPrefix(name, "V$") || strings.HasPrefix(name, "X$")):
		v := r.n.Virtual(name)
		if v == nil {
			return TableNotFound(r.st)
		}
		if r.virtuals[name] == nil {
			r.virtuals[name] = v
			r.order = append(r.order, name)
		}
		r.emit(quote(name))
	default:
		if user == "" {
			user = r.n.User
		}
		p, err := r.n.Table(user, name)
		if err != nil {
			return err
		}
		if p == "" {
			return TableNotFound(r.st)
		}
		r.emit(p)
	}
	if r.is("PARTITION", "(") { // the rows of one partition are not kept apart
		r.at += 4
	}
	t := r.tok(0)
	hasAlias := t.Is("AS") || t.Kind == Quoted || t.Kind == Word && !notAnAlias[t.Text]
	if !hasAlias && !insert {
		r.emit("AS", quote(name))
	}
	return nil
}

// dual is the table of one row, or of n rows with CONNECT BY LEVEL <= n.
func (r *rewriter) dual() {
	if !r.is("CONNECT", "BY", "LEVEL") {
		r.emit("(SELECT 'X' AS DUMMY) AS DUAL")
		return
	}
	op, limit := r.tok(3).Text, r.tok(4)
	n := strings.Replace(limit.Text, "$", "?", 1)
	if op == "<" {
		n += " - 1"
	}
	r.at += 5
	r.emit("(WITH RECURSIVE S(LEVEL) AS (SELECT 1 UNION ALL SELECT LEVEL + 1 FROM S WHERE LEVEL < " + n + ") SELECT LEVEL FROM S) AS DUAL")
}

func cte(name string, v *Virtual) string {
	cols := make([]string, len(v.Columns))
	for i, c := range v.Columns {
		cols[i] = quote(c)
	}
	rows := v.Rows()
	var b strings.Builder
	fmt.Fprintf(&b, "%s(%s) AS (", quote(name), strings.Join(cols, ", "))
	if len(rows) == 0 {
		b.WriteString("SELECT " + strings.TrimSuffix(strings.Repeat("NULL, ", len(cols)), ", ") + " WHERE 0")
	} else {
		b.WriteString("VALUES ")
	}
	for i, row := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		vals := make([]string, len(row))
		for j, v := range row {
			switch v := v.(type) {
			case nil:
				vals[j] = "NULL"
			case string:
				if v == "" {
					vals[j] = "NULL"
				} else {
					vals[j] = literal(v)
				}
			default:
				vals[j] = fmt.Sprint(v)
			}
		}
		b.WriteString("(" + strings.Join(vals, ", ") + ")")
	}
	b.WriteString(")")
	return b.String()
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// labels are the column names of a SELECT on the real server: an alias, the column's name, or the
// expression's text in upper case.
func labels(st Statement) (out []string) {
	if st.First(1) != "SELECT" {
		return nil
	}
	i := 1
	for i < len(st.Tokens) && (st.Tokens[i].Is("DISTINCT") || st.Tokens[i].Is("ALL")) {
		i++
	}
	depth, from := 0, i
	for ; ; i++ {
		end := i >= len(st.Tokens)
		switch {
		case end:
		case st.Tokens[i].Is("("):
			depth++
		case st.Tokens[i].Is(")"):
			depth--
		case st.Tokens[i].Is("*") && depth == 0 && (i == from || st.Tokens[i-1].Is(".")):
			return nil
		}
		last := end || depth == 0 && (st.Tokens[i].Is("FROM") || st.Tokens[i].Is("UNION") || st.Tokens[i].Is("LIMIT") || st.Tokens[i].Is("ORDER"))
		if last || depth == 0 && st.Tokens[i].Is(",") {
			if i == from {
				return nil
			}
			out = append(out, label(st, st.Tokens[from:i]))
			from = i + 1
		}
		if last {
			return out
		}
	}
}

func label(st Statement, item []Token) string {
	last := item[len(item)-1]
	if last.Kind == Word || last.Kind == Quoted {
		if len(item) == 1 {
			return last.Text
		}
		before := item[len(item)-2]
		if before.Kind != Op || before.Is(")") || before.Is(".") {
			return last.Text
		}
	}
	return strings.ToUpper(st.Source[item[0].From:last.To])
}
