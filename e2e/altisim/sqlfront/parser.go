package sqlfront

import (
	"strconv"
	"strings"

	"aku/e2e/altisim/engine"
)

// parser reads a statement token by token. Its first failure stays.
type parser struct {
	st     Statement
	at     int
	failed error
}

func (p *parser) peek() Token {
	if p.at < len(p.st.Tokens) {
		return p.st.Tokens[p.at]
	}
	return Token{Kind: End, From: len(p.st.Source), To: len(p.st.Source)}
}

func (p *parser) next() Token {
	t := p.peek()
	p.at++
	return t
}

func (p *parser) fail() {
	if p.failed == nil {
		p.failed = SyntaxError(p.st.Source, p.peek().From)
	}
}

// accept takes the given words if all of them come next.
func (p *parser) accept(words ...string) bool {
	for i, w := range words {
		if p.at+i >= len(p.st.Tokens) || !p.st.Tokens[p.at+i].Is(w) {
			return false
		}
	}
	p.at += len(words)
	return true
}

func (p *parser) need(words ...string) {
	if !p.accept(words...) {
		p.fail()
		p.at = len(p.st.Tokens)
	}
}

// reserved are reserved words of the real server. The list is not complete.
var reserved = words(`ALL ALTER AND ANY AS ASC BEGIN BETWEEN BY CASE CASCADE CHECK CLOSE COLUMN COMMENT COMMIT CONNECT CONNECT_BY_ROOT
	CONSTRAINT CONTINUE CREATE CROSS CURRENT_USER CURSOR DECLARE DEFAULT DELETE DESC DISTINCT DROP EACH ELSE END ESCAPE EXCEPTION EXEC
	EXECUTE EXISTS EXIT FETCH FIXED FOR FOREIGN FROM FULL FUNCTION GOTO GRANT GROUP HAVING IF IN INDEX INNER INSERT INTERSECT INTO IS JOIN
	KEEP KEY LATERAL LEFT LEVEL LIKE LIMIT LINK LOB LOCK LOOP MERGE MINUS MODE MODIFY MOVE NEW NOT NULL OF OFF OLD ON OPEN OR ORDER OUT
	OUTER OVER PACKAGE PARALLEL PARTITION PRIMARY PRIOR PROCEDURE PURGE QUEUE RAISE READ REFERENCES RENAME REPLACE RETURN REVOKE RIGHT
	ROLLBACK ROW ROWNUM SAVEPOINT SELECT SEQUENCE SESSION SET SHARD SOME SPLIT START STATEMENT STEP STORAGE STORE SYNONYM TABLE TABLESPACE
	THEN TO TOP TRIGGER TRUNCATE TYPE UNION UNIQUE UNLOCK UNTIL UPDATE USING VALUES VARIABLE VC2COLL VIEW WAIT WHEN WHERE WHILE WITH WORK
	WRITE`)

func (p *parser) name() string {
	t := p.next()
	if t.Kind != Word && t.Kind != Quoted || t.Kind == Word && reserved[t.Text] {
		p.at--
		p.fail()
	}
	return t.Text
}

// qualified reads [user.]name.
func (p *parser) qualified(user string) (string, string) {
	n := p.name()
	if p.accept(".") {
		return n, p.name()
	}
	return user, n
}

func (p *parser) text() string {
	t := p.next()
	if t.Kind != Text {
		p.at--
		p.fail()
	}
	return t.Text
}

func (p *parser) number() int {
	t := p.next()
	n, err := strconv.Atoi(t.Text)
	if t.Kind != Number || err != nil {
		p.at--
		p.fail()
	}
	return n
}

// value reads the right side of a SET.
func (p *parser) value() string {
	if p.accept("-") {
		return "-" + p.next().Text
	}
	t := p.next()
	if t.Kind == Op || t.Kind == End || t.Kind == Param {
		p.at--
		p.fail()
	}
	return t.Text
}

func (p *parser) end() error {
	if p.failed == nil && p.peek().Kind != End {
		p.fail()
	}
	return p.failed
}

// skip drops everything up to the end.
func (p *parser) skip() { p.at = len(p.st.Tokens) }

// list reads ( a, b, … ).
func (p *parser) list() (out []string) {
	p.need("(")
	for {
		out = append(out, p.name())
		p.accept("ASC")
		p.accept("DESC")
		if !p.accept(",") {
			break
		}
	}
	p.need(")")
	return out
}

// balanced reads a piece in parentheses as it is written.
func (p *parser) balanced() string {
	start, depth := p.peek().From, 0
	for {
		t := p.next()
		switch {
		case t.Kind == End:
			p.fail()
			return ""
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		}
		if depth == 0 {
			return p.st.Source[start:t.To]
		}
	}
}

// CreateTable parses CREATE TABLE.
func CreateTable(st Statement, user string) (*engine.Table, error) {
	p := &parser{st: st}
	p.need("CREATE", "TABLE")
	t := &engine.Table{}
	t.User, t.Name = p.qualified(user)
	p.need("(")
	for p.failed == nil {
		constraint := ""
		if p.accept("CONSTRAINT") {
			constraint = p.name()
		}
		switch {
		case p.accept("PRIMARY", "KEY"):
			t.PrimaryKey, t.KeyName = p.list(), constraint
		case p.accept("UNIQUE"):
			t.Unique = append(t.Unique, p.list())
		case p.accept("CHECK"):
			p.balanced()
		default:
			t.Columns = append(t.Columns, p.column(t))
		}
		if !p.accept(",") {
			break
		}
	}
	p.need(")")
	if p.failed != nil {
		return nil, p.failed
	}
	t.Partitions = partitions(p)
	p.skip()
	for _, k := range t.PrimaryKey {
		c := t.Column(k)
		if c == nil {
			return nil, ColumnNotFound(st)
		}
		c.NotNull = true
	}
	return t, p.end()
}

var dataTypes = map[string]int{ // with their default precision
	"INTEGER": 0, "INT": 0, "BIGINT": 0, "SMALLINT": 0, "DOUBLE": 0, "REAL": 0, "FLOAT": 38, "NUMBER": 38, "NUMERIC": 38, "DECIMAL": 38,
	"CHAR": 1, "VARCHAR": 1, "NCHAR": 1, "NVARCHAR": 1, "DATE": 0, "BLOB": 0, "CLOB": 0,
	"BYTE": 1, "VARBYTE": 1, "NIBBLE": 1, "BIT": 1, "VARBIT": 1, "GEOMETRY": 0,
}

func (p *parser) column(t *engine.Table) engine.Column {
	c := engine.Column{Name: p.name()}
	c.Type = p.name()
	precision, known := dataTypes[c.Type]
	if !known {
		p.at--
		p.fail()
		return c
	}
	c.Precision = precision
	if c.Type == "INT" {
		c.Type = "INTEGER"
	}
	if p.accept("(") {
		c.Precision = p.number()
		if p.accept(",") {
			c.Scale = p.number()
		}
		p.need(")")
	}
	for p.failed == nil {
		switch {
		case p.accept("CONSTRAINT"):
			p.name()
		case p.accept("PRIMARY", "KEY"):
			t.PrimaryKey = []string{c.Name}
		case p.accept("UNIQUE"):
			t.Unique = append(t.Unique, []string{c.Name})
		case p.accept("NOT", "NULL"):
			c.NotNull = true
		case p.accept("NULL"), p.accept("FIXED"), p.accept("VARIABLE"):
		case p.accept("IN", "ROW"):
			p.number()
		case p.accept("DEFAULT"):
			c.Default = p.defaultValue()
		case p.accept("CHECK"):
			p.balanced()
		default:
			return c
		}
	}
	return c
}

func (p *parser) defaultValue() string {
	t := p.peek()
	switch {
	case t.Is("("):
		return p.balanced()
	case t.Is("SYSDATE"):
		p.next()
		return "(" + sysdate + ")"
	case t.Kind == Text:
		p.next()
		return "'" + strings.ReplaceAll(t.Text, "'", "''") + "'"
	}
	return p.value()
}

// partitions are the names in PARTITION BY … ( PARTITION name …, … ).
func partitions(p *parser) (out []string) {
	by := false
	for i := p.at; i+1 < len(p.st.Tokens); i++ {
		t, n := p.st.Tokens[i], p.st.Tokens[i+1]
		if t.Is("PARTITION") && n.Is("BY") {
			by = true
		} else if by && t.Is("PARTITION") && (n.Kind == Word || n.Kind == Quoted) {
			out = append(out, n.Text)
		}
	}
	return out
}

// TableName parses statements with a table's name after the given words: DROP TABLE, TRUNCATE TABLE.
func TableName(st Statement, user string, words ...string) (string, string, error) {
	p := &parser{st: st}
	p.need(words...)
	u, n := p.qualified(user)
	p.accept("CASCADE", "CONSTRAINTS")
	p.accept("CASCADE")
	return u, n, p.end()
}

// UserPassword parses CREATE USER and ALTER USER … IDENTIFIED BY. An unquoted password is folded to upper
// case, like every name.
func UserPassword(st Statement) (user, password string, err error) {
	p := &parser{st: st}
	if !p.accept("CREATE", "USER") {
		p.need("ALTER", "USER")
	}
	user = p.name()
	p.need("IDENTIFIED", "BY")
	t := p.next()
	if t.Kind == End || t.Kind == Op || t.Text == "" || strings.Contains(t.Text, "'") {
		p.at--
		p.fail()
	}
	password = t.Text
	p.skip() // DEFAULT TABLESPACE …
	return user, password, p.end()
}

// DropName parses DROP <what> name.
func DropName(st Statement, what string) (string, error) {
	p := &parser{st: st}
	p.need("DROP", what)
	n := p.name()
	p.accept("CASCADE")
	return n, p.end()
}

// Setting parses ALTER SYSTEM SET n = v and ALTER SESSION SET n = v.
func Setting(st Statement) (name, value string, err error) {
	p := &parser{st: st}
	p.next()
	p.next()
	p.need("SET")
	name = p.name()
	p.need("=")
	value = p.value()
	return name, value, p.end()
}

// AlterDatabase is a parsed ALTER DATABASE.
type AlterDatabase struct {
	Name     string
	Close    int64 // session id
	Shutdown bool
}

// ParseAlterDatabase parses ALTER DATABASE … SESSION CLOSE and SHUTDOWN.
func ParseAlterDatabase(st Statement) (a AlterDatabase, err error) {
	p := &parser{st: st}
	p.need("ALTER", "DATABASE")
	a.Name = p.name()
	switch {
	case p.accept("SESSION", "CLOSE"):
		a.Close = int64(p.number())
	case p.accept("SHUTDOWN"):
		a.Shutdown = true
		if !p.accept("IMMEDIATE") && !p.accept("NORMAL") {
			p.need("ABORT")
		}
	default:
		p.fail()
	}
	return a, p.end()
}
