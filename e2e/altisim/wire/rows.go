package wire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/store"
)

// Object ids of PostgreSQL's types.
const (
	oidInt8      = 20
	oidInt2      = 21
	oidInt4      = 23
	oidText      = 25
	oidFloat8    = 701
	oidChar      = 1042
	oidVarchar   = 1043
	oidTimestamp = 1114
	oidNumeric   = 1700
)

// longText is the length from which a computed text counts as long.
const longText = 4000

type columnType struct {
	oid      uint32
	size     int16
	modifier int32
	pad      int
}

// typeOf is the type of a column: the declared one, or for a computed column the type of its values.
func typeOf(r *store.Result, i int) columnType {
	c := r.Columns[i]
	base, length := c.Declared, 0
	if n := strings.IndexByte(base, '('); n >= 0 {
		length, _ = strconv.Atoi(strings.TrimSuffix(base[n+1:], ")"))
		base = base[:n]
	}
	switch base {
	case "INTEGER":
		return columnType{oidInt4, 4, -1, 0}
	case "SMALLINT":
		return columnType{oidInt2, 2, -1, 0}
	case "BIGINT":
		return columnType{oidInt8, 8, -1, 0}
	case "DOUBLE", "REAL", "NUMERIC":
		return columnType{oidFloat8, 8, -1, 0}
	case "VARCHAR", "NVARCHAR":
		return columnType{oidVarchar, -1, int32(length) + 4, 0}
	case "CHAR", "NCHAR":
		return columnType{oidChar, -1, int32(length) + 4, length}
	case "ALTIDATE_TEXT":
		return columnType{oidTimestamp, 8, -1, 0}
	case "CLOB", "BLOB":
		return columnType{oidText, -1, -1, 0}
	}
	if c.Name == "SYSDATE" || c.Name == "SYSTIMESTAMP" {
		return columnType{oidTimestamp, 8, -1, 0}
	}
	longest := 1
	for _, row := range r.Rows {
		switch v := row[i].(type) {
		case int64:
			return columnType{oidInt8, 8, -1, 0}
		case float64:
			return columnType{oidFloat8, 8, -1, 0}
		case string:
			longest = max(longest, len(v)) // lengths are bytes, as on the real server
		case []byte:
			longest = max(longest, len(v))
		}
	}
	if longest > longText {
		return columnType{oidText, -1, -1, 0}
	}
	return columnType{oidVarchar, -1, int32(longest) + 4, 0}
}

func rowDescription(r *store.Result) *pgproto3.RowDescription {
	d := &pgproto3.RowDescription{}
	for i, c := range r.Columns {
		t := typeOf(r, i)
		d.Fields = append(d.Fields, pgproto3.FieldDescription{
			Name: []byte(c.Name), DataTypeOID: t.oid, DataTypeSize: t.size, TypeModifier: t.modifier,
		})
	}
	return d
}

func sendRows(b *pgproto3.Backend, r *store.Result) {
	pads := make([]int, len(r.Columns))
	for i := range pads {
		pads[i] = typeOf(r, i).pad
	}
	for _, row := range r.Rows {
		d := &pgproto3.DataRow{Values: make([][]byte, len(row))}
		for i, v := range row {
			d.Values[i] = text(v)
			for v != nil && len(d.Values[i]) < pads[i] {
				d.Values[i] = append(d.Values[i], ' ')
			}
		}
		b.Send(d)
	}
}

func text(v any) []byte {
	switch v := v.(type) {
	case nil:
		return nil
	case int64:
		return strconv.AppendInt(nil, v, 10)
	case float64:
		return strconv.AppendFloat(nil, v, 'g', -1, 64)
	case string:
		return []byte(v)
	case []byte:
		return v
	}
	return fmt.Append(nil, v)
}

// states are the SQLSTATEs of errors other than HY000.
var states = map[int]string{
	0x01044: "HYT00", 0x11041: "25S03", 0x11075: "HYT00", 0x01043: "HY008", 0x11058: "23000", 0x31001: "42000", 0x31010: "3D000", 0x31031: "42S02", 0x31053: "21S01",
	0x31058: "42S22", 0x4102E: "28000", 0x91015: "08S01",
}

// errorResponse puts the real server's error number into the message's text, because the protocol has no
// place for it.
func errorResponse(severity string, err error) *pgproto3.ErrorResponse {
	state := "HY000"
	var e *engine.Error
	if errors.As(err, &e) {
		if s, ok := states[e.Code]; ok {
			state = s
		}
	}
	return &pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: state, Message: err.Error()}
}
