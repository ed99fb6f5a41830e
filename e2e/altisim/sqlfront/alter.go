package sqlfront

import "aku/e2e/altisim/engine"

// Alteration is a parsed change of a table's schema.
type Alteration struct {
	User, Name string
	Kind       engine.Alteration // 0: no visible change

	Add, Modify []engine.Column
	Default     *engine.Column // with its name and new default
	Drop        []string       // columns
	Unique      []string       // columns of a constraint
	Index       *engine.Index
	Column, To  string   // RENAME COLUMN; To alone: the table's new name
	Truncate    string   // partition
	Partitions  []string // that must exist
}

// ParseAlterTable parses ALTER TABLE. It also parses changes that only a replicated table refuses, and that
// altisim does not carry out.
func ParseAlterTable(st Statement, user string) (a Alteration, err error) {
	p := &parser{st: st}
	p.need("ALTER", "TABLE")
	a.User, a.Name = p.qualified(user)
	a.Kind = engine.AlterLightly
	switch {
	case p.accept("ADD", "CONSTRAINT"):
		p.name()
		p.constraint(&a)
	case p.accept("ADD", "UNIQUE"):
		a.Kind, a.Unique = engine.AlterShape, p.list()
	case p.accept("ADD", "PARTITION"):
		a.Kind = engine.AlterName
		p.skip()
	case p.accept("ADD"):
		p.accept("COLUMN")
		var with engine.Table
		a.Add = p.columns(&with)
		for _, c := range a.Add {
			if c.NotNull || len(with.Unique) > 0 {
				a.Kind = engine.AlterShape
			}
		}
	case p.accept("MODIFY"):
		p.accept("COLUMN")
		a.Kind, a.Modify = engine.AlterShape, p.columns(&engine.Table{})
	case p.accept("ALTER", "COLUMN"):
		a.Default = p.newDefault()
	case p.accept("RENAME", "COLUMN"):
		a.Kind, a.Column = engine.AlterName, p.name()
		p.need("TO")
		a.To = p.name()
	case p.accept("RENAME", "PARTITION"):
		a.Kind = engine.AlterPartitionName
		p.skip()
	case p.accept("TRUNCATE", "PARTITION"):
		a.Truncate = p.name()
	case p.accept("SPLIT", "PARTITION"), p.accept("DROP", "PARTITION"):
		a.Kind, a.Partitions = engine.AlterPartitions, []string{p.name()}
		p.skip()
	case p.accept("MERGE", "PARTITIONS"):
		a.Kind, a.Partitions = engine.AlterPartitions, []string{p.name()}
		p.need(",")
		a.Partitions = append(a.Partitions, p.name())
		p.skip()
	case p.accept("DROP"):
		p.accept("COLUMN")
		if p.peek().Is("(") {
			a.Drop = p.list()
		} else {
			a.Drop = []string{p.name()}
		}
	case p.accept("COMPACT"):
		a.Kind = 0
	default:
		p.fail()
	}
	return a, p.end()
}

func (p *parser) constraint(a *Alteration) {
	a.Kind = engine.AlterShape
	switch {
	case p.accept("UNIQUE"):
		a.Unique = p.list()
	case p.accept("CHECK"):
		p.balanced()
	default:
		p.fail()
	}
}

// columns reads ( name type …, … ).
func (p *parser) columns(t *engine.Table) (out []engine.Column) {
	p.need("(")
	for p.failed == nil {
		out = append(out, p.column(t))
		if !p.accept(",") {
			break
		}
	}
	p.need(")")
	return out
}

// newDefault reads ( name SET DEFAULT value ) or ( name DROP DEFAULT ).
func (p *parser) newDefault() *engine.Column {
	p.need("(")
	c := &engine.Column{Name: p.name()}
	if !p.accept("DROP", "DEFAULT") {
		p.need("SET", "DEFAULT")
		c.Default = p.defaultValue()
	}
	p.need(")")
	return c
}

// ParseCreateIndex parses CREATE [UNIQUE] INDEX.
func ParseCreateIndex(st Statement, user string) (a Alteration, err error) {
	p := &parser{st: st}
	p.need("CREATE")
	a.Kind, a.Index = engine.AlterLightly, &engine.Index{}
	if p.accept("UNIQUE") {
		a.Kind, a.Index.Unique = engine.AlterShape, true
	}
	p.need("INDEX")
	a.Index.User, a.Index.Name = p.qualified(user)
	p.need("ON")
	a.User, a.Name = p.qualified(user)
	a.Index.Columns = p.list()
	p.skip() // TABLESPACE …
	return a, p.end()
}

// DropIndex parses DROP INDEX.
func DropIndex(st Statement, user string) (owner, name string, err error) {
	p := &parser{st: st}
	p.need("DROP", "INDEX")
	owner, name = p.qualified(user)
	return owner, name, p.end()
}

// ParseRename parses RENAME table TO name.
func ParseRename(st Statement, user string) (a Alteration, err error) {
	p := &parser{st: st}
	p.need("RENAME")
	a.User, a.Name = p.qualified(user)
	a.Kind = engine.AlterName
	p.need("TO")
	a.To = p.name()
	return a, p.end()
}

// ParseComment parses COMMENT ON TABLE and COMMENT ON COLUMN.
func ParseComment(st Statement, user string) (a Alteration, err error) {
	p := &parser{st: st}
	p.need("COMMENT", "ON")
	if p.accept("TABLE") {
		a.User, a.Name = p.qualified(user)
	} else {
		p.need("COLUMN")
		a.User, a.Name = user, p.name()
		p.need(".")
		if column := p.name(); p.accept(".") {
			a.User, a.Name = a.Name, column
			p.name()
		}
	}
	p.need("IS")
	p.text()
	return a, p.end()
}
