package wire

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/jackc/pgx/v5/pgproto3"

	"aku/e2e/altisim/server"
	"aku/e2e/altisim/sqlfront"
)

type prepared struct {
	st     sqlfront.Statement
	empty  bool
	types  []uint32
	params int
}

type portal struct {
	prepared
	args []any
	out  *server.Output // the result of running it for a description
}

// fail reports an error and skips what the client has sent after it.
func (c *client) fail(err error) {
	c.back.Send(errorResponse("ERROR", err))
	c.failed = true
}

func (c *client) parse(m *pgproto3.Parse) error {
	statements, err := sqlfront.Split(m.Query)
	if err == nil && len(statements) > 1 {
		err = sqlfront.SyntaxError(m.Query, len(statements[0].Source))
	}
	if err != nil {
		c.fail(err)
		return nil
	}
	p := prepared{empty: len(statements) == 0, types: append([]uint32(nil), m.ParameterOIDs...)}
	if !p.empty {
		p.st = statements[0]
		for _, t := range p.st.Tokens {
			if t.Kind != sqlfront.Param {
				continue
			}
			if n, err := strconv.Atoi(t.Text[1:]); err == nil {
				p.params = max(p.params, n)
			} else {
				p.params++
			}
		}
	}
	c.prepared[m.Name] = p
	c.back.Send(&pgproto3.ParseComplete{})
	return nil
}

func (c *client) bind(m *pgproto3.Bind) error {
	p := c.prepared[m.PreparedStatement]
	o := &portal{prepared: p}
	for i, v := range m.Parameters {
		format := int16(0)
		if len(m.ParameterFormatCodes) == 1 {
			format = m.ParameterFormatCodes[0]
		} else if i < len(m.ParameterFormatCodes) {
			format = m.ParameterFormatCodes[i]
		}
		oid := uint32(0)
		if i < len(p.types) {
			oid = p.types[i]
		}
		o.args = append(o.args, argument(v, oid, format == 1))
	}
	c.portals[m.DestinationPortal] = o
	c.back.Send(&pgproto3.BindComplete{})
	return nil
}

// argument is a parameter's value. An empty text is NULL.
func argument(v []byte, oid uint32, isBinary bool) any {
	if len(v) == 0 {
		return nil
	}
	if isBinary {
		switch oid {
		case oidInt2:
			return int64(int16(binary.BigEndian.Uint16(v)))
		case oidInt4:
			return int64(int32(binary.BigEndian.Uint32(v)))
		case oidInt8:
			return int64(binary.BigEndian.Uint64(v))
		case oidFloat8:
			return math.Float64frombits(binary.BigEndian.Uint64(v))
		}
		return string(v)
	}
	text := string(v)
	switch oid {
	case oidInt2, oidInt4, oidInt8:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case oidFloat8, oidNumeric:
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
	}
	return text
}

func (c *client) describe(m *pgproto3.Describe) error {
	if m.ObjectType == 'S' {
		p := c.prepared[m.Name]
		d := &pgproto3.ParameterDescription{}
		for i := range p.params {
			oid := uint32(oidVarchar)
			if i < len(p.types) && p.types[i] != 0 {
				oid = p.types[i]
			}
			d.ParameterOIDs = append(d.ParameterOIDs, oid)
		}
		c.back.Send(d)
		return c.describeRows(&portal{prepared: p, args: make([]any, p.params)})
	}
	if o := c.portals[m.Name]; o != nil {
		return c.describeRows(o)
	}
	c.back.Send(&pgproto3.NoData{})
	return nil
}

// describeRows runs a reading statement to learn its columns.
func (c *client) describeRows(o *portal) error {
	if verb := o.st.First(1); o.empty || verb != "SELECT" && verb != "WITH" && verb != "SHOW" {
		c.back.Send(&pgproto3.NoData{})
		return nil
	}
	out, err := c.run(o.st, o.args)
	if err != nil {
		c.fail(err)
		return nil
	}
	o.out = &out
	c.back.Send(rowDescription(out.Rows))
	return nil
}

func (c *client) execute(m *pgproto3.Execute) error {
	o := c.portals[m.Portal]
	if o == nil || o.empty {
		c.back.Send(&pgproto3.EmptyQueryResponse{})
		return nil
	}
	out := o.out
	o.out = nil
	if out == nil {
		got, err := c.run(o.st, o.args)
		if err != nil {
			c.fail(err)
			return nil
		}
		out = &got
	}
	c.sendResult(*out)
	if out.After != nil {
		c.ready()
		err := c.back.Flush()
		out.After()
		return err
	}
	return nil
}
