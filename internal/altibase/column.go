package altibase

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"aku/internal/akucore"
)

// Column is a column of a table.
type Column struct {
	Name string
	Type int // SYS_COLUMNS_.DATA_TYPE
}

// dateForm keeps a whole DATE, down to the microsecond.
const dateForm = "'YYYY-MM-DD HH24:MI:SS.SSSSSS'"

// dataType says how to read values of a type, and how to write them into a condition.
type dataType struct {
	name string
	// read is the expression that is selected; %s is the column.
	read string
	// literal writes a value that was read into a condition.
	literal func(value any) (string, error)
}

// dataTypes are the types of a server, by their numbers in SYS_COLUMNS_. Types without an
// expression cannot be read as values.
var dataTypes = map[int]dataType{
	1:  {"CHAR", "%s", padded},
	12: {"VARCHAR", "%s", text},
	-8: {"NCHAR", "%s", padded},
	-9: {"NVARCHAR", "%s", text},

	5:  {"SMALLINT", "%s", number},
	4:  {"INTEGER", "%s", number},
	-5: {"BIGINT", "%s", number},
	// The driver would turn numbers of arbitrary precision into float64.
	2:     {"NUMERIC", "CAST(%s AS VARCHAR(60))", number},
	6:     {"FLOAT", "CAST(%s AS VARCHAR(60))", number},
	10002: {"NUMBER", "CAST(%s AS VARCHAR(60))", number},
	// A plain number is decimal, and does not equal a binary one.
	7: {"REAL", "%s", binary("REAL", 32)},
	8: {"DOUBLE", "%s", binary("DOUBLE", 64)},

	9: {"DATE", "TO_CHAR(%s, " + dateForm + ")", date},

	// The driver has types of its own for these, which ODBC does not know.
	20001: {"BYTE", "TO_CHAR(%s)", typed("BYTE", "0123456789ABCDEF")},
	20003: {"VARBYTE", "TO_CHAR(%s)", typed("VARBYTE", "0123456789ABCDEF")},
	20002: {"NIBBLE", "TO_CHAR(%s)", typed("NIBBLE", "0123456789ABCDEF")},
	-7:    {"BIT", "TO_CHAR(%s)", typed("BIT", "01")},
	-100:  {"VARBIT", "TO_CHAR(%s)", typed("VARBIT", "01")},

	30:    {name: "BLOB"},
	40:    {name: "CLOB"},
	10003: {name: "GEOMETRY"},
}

// dataType is the type of the column. A column of an unknown type is read as it is, and no row is
// looked up by it.
func (c Column) dataType() dataType {
	if t, ok := dataTypes[c.Type]; ok {
		return t
	}
	return dataType{name: fmt.Sprintf("type %d", c.Type), read: "%s"}
}

func (c Column) String() string { return c.Name + " (" + c.dataType().name + ")" }

// named is the column of the table T.
func (c Column) named() string { return "T." + quoted(c.Name) }

// selected is the column in a list of columns.
func (c Column) selected() string { return fmt.Sprintf(c.dataType().read, c.named()) }

// literal is a value of the column in a condition.
func (c Column) literal(value any) (string, error) {
	t := c.dataType()
	if t.literal == nil {
		return "", fmt.Errorf("%w: rows cannot be looked up by the key column %s", akucore.ErrFatal, c)
	}
	made, err := t.literal(value)
	if err != nil {
		return "", fmt.Errorf("%w: a value of the key column %s is %w", akucore.ErrFatal, c, err)
	}
	return made, nil
}

func text(value any) (string, error) { return literal(row{value}.text(0)), nil }

// padded is for types that are padded with blanks. A text that is only blanks must not
// become ”, which is NULL.
func padded(value any) (string, error) {
	held := row{value}.text(0)
	if held == "" {
		held = " "
	}
	return literal(held), nil
}

func date(value any) (string, error) {
	return "TO_DATE(" + literal(row{value}.text(0)) + ", " + dateForm + ")", nil
}

// number accepts only numbers, because the server's answer goes into a statement.
func number(value any) (string, error) {
	held := strings.TrimSpace(row{value}.text(0))
	if f, ok := value.(float64); ok {
		held = strconv.FormatFloat(f, 'g', -1, 64)
	}
	if _, err := strconv.ParseFloat(held, 64); err != nil || strings.Trim(held, "+-.0123456789eE") != "" {
		return "", fmt.Errorf("no number: %q", held)
	}
	return held, nil
}

// binary is for floating point numbers: it gives the shortest text that reads as the same
// number.
func binary(name string, bits int) func(any) (string, error) {
	return func(value any) (string, error) {
		f, ok := value.(float64)
		if !ok {
			var err error
			if f, err = strconv.ParseFloat(strings.TrimSpace(row{value}.text(0)), bits); err != nil {
				return "", fmt.Errorf("no number: %w", err)
			}
		}
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return "", fmt.Errorf("no number: %g", f)
		}
		return name + "'" + strconv.FormatFloat(f, 'g', -1, bits) + "'", nil
	}
}

// typed is for types whose values are written as digits after their name.
func typed(name, digits string) func(any) (string, error) {
	return func(value any) (string, error) {
		held := row{value}.text(0)
		if strings.Trim(held, digits) != "" {
			return "", fmt.Errorf("not made of %s: %q", digits, held)
		}
		return name + "'" + held + "'", nil
	}
}
