// Package akuconf reads aku.conf, the configuration file of the vendor's utility, in all its known
// forms, and writes it as values of the Helm chart.
//
// The known forms are: values with and without quotes; comments after #; one REPLICATIONS list, or
// several blocks in a row, with or without commas; tables as USER.TABLE, as USER.TABLE PARTITION P,
// or as ( USER_NAME = … TABLE_NAME = … ); and AKU_SYS_PASWWORD, an early spelling of the password's
// name.
package akuconf

import (
	"errors"
	"fmt"
	"strings"
)

// Config is the content of a file.
type Config struct {
	Properties   map[string]Property
	Replications []Replication
}

// Property is a value and its line.
type Property struct {
	Value string
	Line  int
}

// Replication is one block of REPLICATIONS.
type Replication struct {
	Prefix   Property
	Parallel Property // "" for the default
	Tables   []string
	line     int
	lines    []int // of the tables
}

// parser reads token by token and collects all faults.
type parser struct {
	tokens []token
	at     int
	faults []string
}

func (p *parser) fault(line int, format string, args ...any) {
	p.faults = append(p.faults, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != end {
		p.at++
	}
	return t
}

func (p *parser) accept(k kind) bool {
	if p.peek().kind == k {
		p.next()
		return true
	}
	return false
}

// Parse reads a file. Its error lists every fault with its line.
func Parse(text string) (Config, error) { return parseFrom(text, 1) }

// parseFrom reads a file whose first line has the given number.
func parseFrom(text string, first int) (Config, error) {
	p := &parser{}
	p.tokens = p.scan(text, first)
	c := Config{Properties: map[string]Property{}}
	for p.peek().kind != end {
		t := p.next()
		switch {
		case t.kind == comma && p.peek().kind == open:
			// A further block follows the first one.
			p.next()
			p.block(&c, t.line)
		case t.kind == open && len(c.Replications) > 0:
			p.block(&c, t.line)
		case t.kind != word:
			p.fault(t.line, "%q where a property is expected", t.text)
		default:
			p.property(&c, t)
		}
	}
	if len(p.faults) == 0 {
		p.check(c)
	}
	if len(p.faults) > 0 {
		return c, errors.New(strings.Join(p.faults, "\n"))
	}
	return c, nil
}

// property reads NAME = value at the top of the file.
func (p *parser) property(c *Config, name token) {
	if !p.accept(equals) {
		p.fault(name.line, "= is missing behind %s", name.text)
		p.skipLine(name.line)
		return
	}
	upper := strings.ToUpper(name.text)
	if upper == "REPLICATIONS" {
		line := p.peek().line
		if !p.accept(open) {
			p.fault(line, "( is missing behind REPLICATIONS =")
			return
		}
		p.block(c, line)
		return
	}
	value, ok := p.value(name)
	if !ok {
		return
	}
	switch _, known := properties[upper]; {
	case upper == misspelt || upper == password:
		upper = password
		p.skipLine(name.line) // it may be the password, so no fault may show it
	case !known:
		p.fault(name.line, "%s is not a property of aku", name.text)
		return
	}
	if first, twice := c.Properties[upper]; twice {
		p.fault(name.line, "%s is on line %d already", name.text, first.Line)
		return
	}
	c.Properties[upper] = Property{value.text, value.line}
}

// value reads the value after =, which is on the same line.
func (p *parser) value(name token) (token, bool) {
	t := p.peek()
	if t.kind != word || t.line != name.line {
		p.fault(name.line, "%s has no value", name.text)
		return t, false
	}
	return p.next(), true
}

func (p *parser) skipLine(line int) {
	for p.peek().kind != end && p.peek().line == line {
		p.next()
	}
}

// block reads one replication after its opening parenthesis. Several blocks may share a pair of
// parentheses.
func (p *parser) block(c *Config, line int) {
	r := Replication{line: line}
	nested := false
	for {
		t := p.next()
		switch {
		case t.kind == end:
			p.fault(line, "the parenthesis is not closed")
			return
		case t.kind == shut:
			if !nested {
				c.Replications = append(c.Replications, r)
			}
			return
		case t.kind == comma && nested:
		case t.kind == open && (nested || r.Prefix.Value == "" && r.Parallel.Value == "" && len(r.Tables) == 0 && p.isBlock()):
			nested = true
			p.block(c, t.line)
		case t.kind == open:
			p.tables(&r, t.line)
		case t.kind != word:
			p.fault(t.line, "%q where a property of the replication is expected", t.text)
		case !p.accept(equals):
			p.fault(t.line, "= is missing behind %s", t.text)
			p.skipLine(t.line)
		default:
			value, ok := p.value(t)
			switch name := strings.ToUpper(t.text); {
			case !ok:
			case name == "REPLICATION_NAME_PREFIX":
				r.Prefix = Property{value.text, value.line}
			case name == "SYNC_PARALLEL_COUNT":
				r.Parallel = Property{value.text, value.line}
			default:
				p.fault(t.line, "%s is not a property of a replication", t.text)
			}
		}
	}
}

// isBlock tells a block from a list of tables.
func (p *parser) isBlock() bool {
	name := strings.ToUpper(p.peek().text)
	return name == "REPLICATION_NAME_PREFIX" || name == "SYNC_PARALLEL_COUNT"
}

// tables reads a list of tables after its opening parenthesis.
func (p *parser) tables(r *Replication, line int) {
	for {
		t := p.next()
		switch t.kind {
		case end:
			p.fault(line, "the parenthesis is not closed")
			return
		case shut:
			return
		case comma:
		case open:
			p.oldTable(r, t.line)
		case word:
			table := t.raw
			if strings.EqualFold(p.peek().text, "PARTITION") && p.peek().kind == word {
				p.next()
				if name := p.peek(); name.kind == word {
					table += " PARTITION " + p.next().raw
				} else {
					p.fault(name.line, "the name of the partition is missing")
				}
			}
			p.add(r, table, t.line)
		default:
			p.fault(t.line, "%q where a table is expected", t.text)
		}
	}
}

// oldTable reads USER_NAME = … TABLE_NAME = … after its opening parenthesis.
func (p *parser) oldTable(r *Replication, line int) {
	parts := map[string]string{}
	for {
		t := p.next()
		switch {
		case t.kind == end:
			p.fault(line, "the parenthesis is not closed")
			return
		case t.kind == comma:
		case t.kind == shut:
			if parts["USER_NAME"] == "" || parts["TABLE_NAME"] == "" {
				p.fault(line, "a table needs USER_NAME and TABLE_NAME")
				return
			}
			table := parts["USER_NAME"] + "." + parts["TABLE_NAME"]
			if parts["PARTITION_NAME"] != "" {
				table += " PARTITION " + parts["PARTITION_NAME"]
			}
			p.add(r, table, line)
			return
		case t.kind != word || !p.accept(equals):
			p.fault(t.line, "%q where USER_NAME = or TABLE_NAME = is expected", t.text)
		default:
			name := strings.ToUpper(t.text)
			if name != "USER_NAME" && name != "TABLE_NAME" && name != "PARTITION_NAME" {
				p.fault(t.line, "%s is not a property of a table", t.text)
			}
			if value, ok := p.value(t); ok {
				parts[name] = value.text
			}
		}
	}
}
