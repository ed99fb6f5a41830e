package altibase

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"aku/internal/akucore"
)

// contentTimeout bounds one statement that reads rows or counts them.
const contentTimeout = 90 * time.Second

// Relation is a replicated table, or one partition of it, with what is needed to
// read it in the order of its primary key.
type Relation struct {
	Table   akucore.Table
	Columns []Column
	Key     []Column // in key order
	// Skipped are columns that cannot be read as values (LOB, GEOMETRY).
	Skipped []string
}

// Column is a column of a table.
type Column struct {
	Name string
	Type int // SYS_COLUMNS_.DATA_TYPE
}

// Data types of SYS_COLUMNS_ that are not read as they are.
const (
	typeChar     = 1
	typeNumeric  = 2
	typeInteger  = 4
	typeSmallint = 5
	typeFloat    = 6
	typeReal     = 7
	typeDouble   = 8
	typeDate     = 9
	typeVarchar  = 12
	typeBlob     = 30
	typeClob     = 40
	typeNumber   = 10002
	typeGeometry = 10003
	typeBigint   = -5
	typeNchar    = -8
	typeNvarchar = -9
)

// dateForm keeps all that a DATE holds, down to the microsecond.
const dateForm = "'YYYY-MM-DD HH24:MI:SS.SSSSSS'"

// Key is the primary key of a row as SQL literals, one for each key column.
type Key []string

func (k Key) String() string { return strings.Join(k, ", ") }

// Sum is the checksum of a row's values.
type Sum [16]byte

// Row is a row by its key and checksum.
type Row struct {
	Key Key
	Sum Sum
}

// look runs a task that changes nothing, within the limit, once more on a new
// session when the first one turns out to be broken.
func (s *Server) look(ctx context.Context, limit time.Duration, task func(context.Context, *session) error) error {
	err := s.with(ctx, limit, task)
	if errors.Is(err, akucore.ErrUnreachable) && !isAbandoned(err) {
		err = s.with(ctx, limit, task)
	}
	return err
}

// Relation reads columns and primary key of a table from the catalogue.
func (s *Server) Relation(ctx context.Context, t akucore.Table) (Relation, error) {
	r := Relation{Table: t}
	of := fmt.Sprintf("U.USER_ID = T.USER_ID AND U.USER_NAME = %s AND T.TABLE_NAME = %s AND C.TABLE_ID = T.TABLE_ID", literal(t.User), literal(t.Name))
	err := s.look(ctx, contentTimeout, func(ctx context.Context, c *session) error {
		r.Columns, r.Key, r.Skipped = nil, nil, nil
		columns, err := c.query(ctx, "SELECT C.COLUMN_NAME, C.DATA_TYPE, C.COLUMN_ID FROM SYSTEM_.SYS_USERS_ U, SYSTEM_.SYS_TABLES_ T, SYSTEM_.SYS_COLUMNS_ C WHERE "+
			of+" ORDER BY C.COLUMN_ORDER")
		if err != nil {
			return err
		}
		if len(columns) == 0 {
			return fmt.Errorf("%w: the table does not exist", akucore.ErrFatal)
		}
		byID := map[int64]Column{}
		for _, found := range columns {
			column := Column{found.text(0), int(int32(uint32(found.int(1))))}
			byID[found.int(2)] = column
			switch column.Type {
			case typeBlob, typeClob, typeGeometry:
				r.Skipped = append(r.Skipped, column.Name)
			default:
				r.Columns = append(r.Columns, column)
			}
		}
		// CONSTRAINT_TYPE 3 is PRIMARY KEY.
		key, err := c.query(ctx, "SELECT K.COLUMN_ID FROM SYSTEM_.SYS_USERS_ U, SYSTEM_.SYS_TABLES_ T, SYSTEM_.SYS_CONSTRAINTS_ C, SYSTEM_.SYS_CONSTRAINT_COLUMNS_ K WHERE "+
			of+" AND C.CONSTRAINT_TYPE = 3 AND K.CONSTRAINT_ID = C.CONSTRAINT_ID AND K.TABLE_ID = T.TABLE_ID ORDER BY K.CONSTRAINT_COL_ORDER")
		if err != nil {
			return err
		}
		for _, k := range key {
			r.Key = append(r.Key, byID[k.int(0)])
		}
		if len(r.Key) == 0 {
			return fmt.Errorf("%w: it has no primary key", akucore.ErrFatal)
		}
		return nil
	})
	if err != nil {
		return r, fmt.Errorf("%s: %w", t, err)
	}
	return r, nil
}

// Partitions are the names of a table's partitions, none when it has none or the
// catalogue does not tell.
func (s *Server) Partitions(ctx context.Context, t akucore.Table) ([]string, error) {
	var names []string
	err := s.look(ctx, contentTimeout, func(ctx context.Context, c *session) error {
		rows, err := c.query(ctx, fmt.Sprintf("SELECT P.PARTITION_NAME FROM SYSTEM_.SYS_USERS_ U, SYSTEM_.SYS_TABLES_ T, SYSTEM_.SYS_TABLE_PARTITIONS_ P "+
			"WHERE U.USER_ID = T.USER_ID AND U.USER_NAME = %s AND T.TABLE_NAME = %s AND P.TABLE_ID = T.TABLE_ID", literal(t.User), literal(t.Name)))
		names = nil
		for _, r := range rows {
			names = append(names, r.text(0))
		}
		return unlessUnknown(err)
	})
	return names, err
}

// CountRows counts the rows of a table or partition.
func (s *Server) CountRows(ctx context.Context, t akucore.Table) (int64, error) {
	var count int64
	err := s.look(ctx, contentTimeout, func(ctx context.Context, c *session) error {
		rows, err := c.query(ctx, "SELECT COUNT(*) FROM "+from(t))
		if err == nil && len(rows) == 1 {
			count = rows[0].int(0)
		}
		return err
	})
	return count, err
}

// Rows reads at most limit rows with after < key ≤ upTo in the order of the key. A
// nil key is no bound.
func (s *Server) Rows(ctx context.Context, r Relation, after, upTo Key, limit int) ([]Row, error) {
	var where []string
	if after != nil {
		where = append(where, r.beyond(after, ">"))
	}
	if upTo != nil {
		where = append(where, "("+r.beyond(upTo, "<")+" OR "+r.at(upTo)+")")
	}
	return s.rows(ctx, r, strings.Join(where, " AND "), limit)
}

// RowsAt reads the rows with the given keys.
func (s *Server) RowsAt(ctx context.Context, r Relation, keys []Key) ([]Row, error) {
	where := make([]string, len(keys))
	for i, k := range keys {
		where[i] = r.at(k)
	}
	return s.rows(ctx, r, strings.Join(where, " OR "), len(keys)+1)
}

func (s *Server) rows(ctx context.Context, r Relation, where string, limit int) ([]Row, error) {
	// The key comes first, as it is needed for a literal; then all columns.
	var selected, order []string
	for _, k := range r.Key {
		selected = append(selected, k.selected())
		order = append(order, quoted(k.Name))
	}
	for _, c := range r.Columns {
		selected = append(selected, c.selected())
	}
	if where != "" {
		where = " WHERE " + where
	}
	statement := fmt.Sprintf("SELECT %s FROM %s%s ORDER BY %s LIMIT %d",
		strings.Join(selected, ", "), from(r.Table), where, strings.Join(order, ", "), limit)
	var rows []Row
	err := s.look(ctx, contentTimeout, func(ctx context.Context, c *session) error {
		found, err := c.query(ctx, statement)
		rows = make([]Row, len(found))
		for i, values := range found {
			for n, column := range r.Key {
				literal, err := column.literal(values[n])
				if err != nil {
					return fmt.Errorf("%s: %w", r.Table, err)
				}
				rows[i].Key = append(rows[i].Key, literal)
			}
			rows[i].Sum = values[len(r.Key):].sum()
		}
		return err
	})
	return rows, err
}

// sum is the checksum of the values. Lengths keep neighbours apart, and NULL is no
// value that a column can hold.
func (r row) sum() Sum {
	hash := sha256.New()
	for i, value := range r {
		if value == nil {
			fmt.Fprint(hash, "-;")
			continue
		}
		text := r.text(i)
		if when, ok := value.(time.Time); ok {
			text = when.Format(time.RFC3339Nano)
		}
		fmt.Fprintf(hash, "%d:%s;", len(text), text)
	}
	return Sum(hash.Sum(nil))
}

// selected is the column in a list of columns. Numbers of arbitrary precision come
// as text, because the driver would make them float64; dates too, in one form.
func (c Column) selected() string {
	switch c.Type {
	case typeNumeric, typeNumber, typeFloat:
		return "CAST(" + quoted(c.Name) + " AS VARCHAR(60))"
	case typeDate:
		return "TO_CHAR(" + quoted(c.Name) + ", " + dateForm + ")"
	}
	return quoted(c.Name)
}

// literal is a value of the column in a condition.
func (c Column) literal(value any) (string, error) {
	text := row{value}.text(0)
	switch c.Type {
	case typeNumeric, typeNumber, typeFloat, typeInteger, typeSmallint, typeBigint, typeReal, typeDouble:
		if f, ok := value.(float64); ok {
			text = strconv.FormatFloat(f, 'g', -1, 64)
		}
		// What the server gave goes into a statement, so it has to be what it should.
		if text = strings.TrimSpace(text); !isNumber(text) {
			return "", fmt.Errorf("column %s is no number: %q", c.Name, text)
		}
		return text, nil
	case typeChar, typeNchar:
		// A CHAR is padded, and compared without its padding.
		return literal(strings.TrimRight(text, " ")), nil
	case typeVarchar, typeNvarchar:
		return literal(text), nil
	case typeDate:
		return "TO_DATE(" + literal(text) + ", " + dateForm + ")", nil
	}
	return "", fmt.Errorf("%w: its key column %s has type %d, by which rows cannot be looked up", akucore.ErrFatal, c.Name, c.Type)
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil && strings.Trim(text, "+-.0123456789eE") == ""
}

// beyond is the condition that a row's key is behind (>) or before (<) a key. The
// first column is named alone as well, so that the index is used.
func (r Relation) beyond(k Key, direction string) string {
	var either []string
	for i, column := range r.Key {
		var all []string
		for before := range i {
			all = append(all, quoted(r.Key[before].Name)+" = "+k[before])
		}
		all = append(all, quoted(column.Name)+" "+direction+" "+k[i])
		either = append(either, strings.Join(all, " AND "))
	}
	if len(either) == 1 {
		return either[0]
	}
	return quoted(r.Key[0].Name) + " " + direction + "= " + k[0] + " AND ((" + strings.Join(either, ") OR (") + "))"
}

// at is the condition that a row has the key.
func (r Relation) at(k Key) string {
	parts := make([]string, len(r.Key))
	for i, column := range r.Key {
		parts[i] = quoted(column.Name) + " = " + k[i]
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

// from is a table or partition in a query.
func from(t akucore.Table) string {
	text := identifier(t.User) + "." + identifier(t.Name)
	if t.Partition != "" {
		text += " PARTITION (" + identifier(t.Partition) + ")"
	}
	return text
}
