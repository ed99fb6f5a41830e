package altibase

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
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
	Columns []Column // columns that can be read
	Key     []int    // indexes of the key columns, in key order
	// Skipped are columns whose values cannot be read, with the reason.
	Skipped []string
}

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

// Relation reads columns and primary key of a table from the catalogue.
func (s *Server) Relation(ctx context.Context, t akucore.Table) (Relation, error) {
	r, err := read(ctx, s, contentTimeout, func(c *session, ctx context.Context) (Relation, error) { return c.relation(ctx, t) })
	if err != nil {
		return r, fmt.Errorf("%s: %w", t, err)
	}
	return r, nil
}

func (c *session) relation(ctx context.Context, t akucore.Table) (Relation, error) {
	r := Relation{Table: t}
	of := fmt.Sprintf("U.USER_ID = T.USER_ID AND U.USER_NAME = %s AND T.TABLE_NAME = %s AND C.TABLE_ID = T.TABLE_ID", literal(t.User), literal(t.Name))
	columns, err := c.query(ctx, "SELECT C.COLUMN_NAME, C.DATA_TYPE, C.COLUMN_ID FROM SYSTEM_.SYS_USERS_ U, SYSTEM_.SYS_TABLES_ T, SYSTEM_.SYS_COLUMNS_ C WHERE "+
		of+" ORDER BY C.COLUMN_ORDER")
	if err != nil {
		return r, err
	}
	if len(columns) == 0 {
		return r, fmt.Errorf("%w: the table does not exist", akucore.ErrFatal)
	}
	// CONSTRAINT_TYPE 3 is PRIMARY KEY.
	key, err := c.query(ctx, "SELECT K.COLUMN_ID FROM SYSTEM_.SYS_USERS_ U, SYSTEM_.SYS_TABLES_ T, SYSTEM_.SYS_CONSTRAINTS_ C, SYSTEM_.SYS_CONSTRAINT_COLUMNS_ K WHERE "+
		of+" AND C.CONSTRAINT_TYPE = 3 AND K.CONSTRAINT_ID = C.CONSTRAINT_ID AND K.TABLE_ID = T.TABLE_ID ORDER BY K.CONSTRAINT_COL_ORDER")
	if err != nil {
		return r, err
	}
	if len(key) == 0 {
		return r, fmt.Errorf("%w: it has no primary key", akucore.ErrFatal)
	}
	var all []Column
	byID := map[int64]Column{}
	for _, found := range columns {
		column := Column{found.text(0), int(int32(uint32(found.int(1))))}
		byID[found.int(2)] = column
		all = append(all, column)
	}
	if r.Columns, r.Skipped, err = c.readable(ctx, t, all); err != nil {
		return r, err
	}
	for _, k := range key {
		at := slices.Index(r.Columns, byID[k.int(0)])
		if at < 0 {
			return r, fmt.Errorf("%w: its key cannot be read: %s", akucore.ErrFatal, strings.Join(r.Skipped, ", "))
		}
		r.Key = append(r.Key, at)
	}
	return r, nil
}

// readable separates the columns whose values cannot be read. It asks server and driver,
// because both know more types than this program, and differ by version.
func (c *session) readable(ctx context.Context, t akucore.Table, all []Column) (columns []Column, skipped []string, err error) {
	for _, column := range all {
		if column.dataType().read == "" {
			skipped = append(skipped, column.String())
			continue
		}
		columns = append(columns, column)
	}
	if len(columns) == 0 || c.canRead(ctx, t, columns...) == nil {
		return columns, skipped, nil
	}
	all, columns = columns, nil
	for _, column := range all {
		err := c.canRead(ctx, t, column)
		switch {
		case err == nil:
			columns = append(columns, column)
		case errors.Is(err, akucore.ErrUnreachable) || ctx.Err() != nil:
			return nil, nil, err
		default:
			skipped = append(skipped, fmt.Sprintf("%s: %v", column, err))
		}
	}
	return columns, skipped, nil
}

// canRead selects the columns, but no row.
func (c *session) canRead(ctx context.Context, t akucore.Table, columns ...Column) error {
	r := Relation{Table: t, Columns: columns}
	_, err := c.query(ctx, r.query("1 = 0", 1))
	return err
}

// Partitions are the names of a table's partitions. There are none when the table has none, or
// when the catalogue does not show them.
func (s *Server) Partitions(ctx context.Context, t akucore.Table) ([]string, error) {
	rows, err := s.query(ctx, contentTimeout, fmt.Sprintf("SELECT P.PARTITION_NAME FROM SYSTEM_.SYS_USERS_ U, SYSTEM_.SYS_TABLES_ T, SYSTEM_.SYS_TABLE_PARTITIONS_ P "+
		"WHERE U.USER_ID = T.USER_ID AND U.USER_NAME = %s AND T.TABLE_NAME = %s AND P.TABLE_ID = T.TABLE_ID", literal(t.User), literal(t.Name)))
	var names []string
	for _, r := range rows {
		names = append(names, r.text(0))
	}
	return names, unlessUnknown(err)
}

// CountRows counts the rows of a table or partition.
func (s *Server) CountRows(ctx context.Context, t akucore.Table) (int64, error) {
	return s.count(ctx, contentTimeout, "SELECT COUNT(*) FROM "+from(t))
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
	found, err := s.query(ctx, contentTimeout, r.query(where, limit))
	rows := make([]Row, len(found))
	for i, values := range found {
		for _, n := range r.Key {
			literal, err := r.Columns[n].literal(values[n])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.Table, err)
			}
			rows[i].Key = append(rows[i].Key, literal)
		}
		rows[i].Sum = values.sum()
	}
	return rows, err
}

// query selects the columns of the rows that match a condition, in the order of the key.
// It names each column once, with its table: the server cannot order by a column whose name
// it finds twice.
func (r Relation) query(where string, limit int) string {
	var selected, order []string
	for i, c := range r.Columns {
		selected = append(selected, fmt.Sprintf("%s AS V%d", c.selected(), i))
	}
	for _, k := range r.Key {
		order = append(order, r.Columns[k].named())
	}
	statement := "SELECT " + strings.Join(selected, ", ") + " FROM " + from(r.Table) + " T"
	if where != "" {
		statement += " WHERE " + where
	}
	if len(order) > 0 {
		statement += " ORDER BY " + strings.Join(order, ", ")
	}
	return statement + fmt.Sprintf(" LIMIT %d", limit)
}

// sum is the checksum of the values. Each value has its length before it, so that two
// neighbours cannot be mixed up. NULL has a code of its own.
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

// beyond is the condition that a row's key is behind (>) or before (<) a key. It also
// compares the first column alone, so that the server uses the index.
func (r Relation) beyond(k Key, direction string) string {
	var either []string
	for i, column := range r.Key {
		var all []string
		for before := range i {
			all = append(all, r.Columns[r.Key[before]].named()+" = "+k[before])
		}
		all = append(all, r.Columns[column].named()+" "+direction+" "+k[i])
		either = append(either, strings.Join(all, " AND "))
	}
	if len(either) == 1 {
		return either[0]
	}
	return r.Columns[r.Key[0]].named() + " " + direction + "= " + k[0] + " AND ((" + strings.Join(either, ") OR (") + "))"
}

// at is the condition that a row has the key.
func (r Relation) at(k Key) string {
	parts := make([]string, len(r.Key))
	for i, column := range r.Key {
		parts[i] = r.Columns[column].named() + " = " + k[i]
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
