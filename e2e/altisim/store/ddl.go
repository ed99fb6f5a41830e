package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"aku/e2e/altisim/engine"
)

// SaveCatalog implements engine.Store: it also brings SQLite's tables, and the
// triggers that write the log, into line with the catalog.
func (s *Store) SaveCatalog(ctx context.Context, c *engine.Catalog, logged bool) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := s.take(ctx, nil); err != nil {
		return err
	}
	defer s.release()
	changes := difference(s.catalog, c)
	err = s.transact(ctx, false, logged, func(conn *sql.Conn) error {
		for _, q := range changes {
			if err := exec(ctx, conn, q); err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
		}
		return exec(ctx, conn, "INSERT OR REPLACE INTO _meta (key, value) VALUES ('catalog', ?)", string(text))
	})
	if err != nil {
		return err
	}
	s.catalog = c
	if len(changes) > 0 {
		// Any read makes SQLite's other writing connection look at the tables anew. It would do so only after it has
		// refused an INSERT whose number of values fits the new table but not the old one of that name.
		if err := exec(context.WithoutCancel(ctx), s.captured, "SELECT COUNT(*) FROM sqlite_master"); err != nil {
			return err
		}
	}
	// In the same turn: no change of a table that has just been added may miss the log.
	return s.setTriggers(context.WithoutCancel(ctx), c)
}

// difference lists the statements that make the tables of one catalog those of
// another.
func difference(old, c *engine.Catalog) (out []string) {
	byID := func(c *engine.Catalog, id int) *engine.Table {
		for _, t := range c.Tables {
			if t.ID == id {
				return t
			}
		}
		return nil
	}
	for _, t := range old.Tables {
		if byID(c, t.ID) == nil {
			out = append(out, "DROP TABLE "+physical(t))
		}
	}
	for _, t := range c.Tables {
		was := byID(old, t.ID)
		if was == nil {
			out = append(out, createTable(t))
			continue
		}
		out = append(out, alterTable(was, t)...)
	}
	return out
}

func createTable(t *engine.Table) string {
	var parts []string
	for _, c := range t.Columns {
		parts = append(parts, columnText(c))
	}
	tail := ""
	if len(t.PrimaryKey) > 0 {
		parts = append(parts, "PRIMARY KEY ("+names(t.PrimaryKey)+")")
		tail = " WITHOUT ROWID"
	}
	for _, u := range t.Unique {
		parts = append(parts, "UNIQUE ("+names(u)+")")
	}
	for _, i := range t.Indexes {
		if i.Unique {
			parts = append(parts, "UNIQUE ("+names(i.Columns)+")")
		}
	}
	return "CREATE TABLE " + physical(t) + " (" + strings.Join(parts, ", ") + ")" + tail
}

func names(list []string) string {
	q := make([]string, len(list))
	for i, n := range list {
		q[i] = Quote(n)
	}
	return strings.Join(q, ", ")
}

// Types as SQLite is told them. DATE is avoided: the driver would turn it into
// something else than the text that was stored.
func columnText(c engine.Column) string {
	q, decl, check := Quote(c.Name), c.Type, ""
	switch c.Type {
	case "INTEGER", "BIGINT", "SMALLINT":
		check = fmt.Sprintf(" CHECK (typeof(%s) IN ('integer', 'null'))", q)
	case "CHAR", "VARCHAR", "NCHAR", "NVARCHAR":
		decl = fmt.Sprintf("%s(%d)", c.Type, c.Precision)
		length := "length(" + q + ")"
		if !strings.HasPrefix(c.Type, "N") {
			length = "length(CAST(" + q + " AS BLOB))" // bytes
		}
		check = fmt.Sprintf(" CHECK (%s <= %d)", length, c.Precision)
		if c.Type == "CHAR" || c.Type == "NCHAR" {
			check = " COLLATE RTRIM" + check // padding counts in no comparison
		}
	case "DATE":
		decl = "ALTIDATE_TEXT"
	case "BYTE", "VARBYTE", "NIBBLE", "BIT", "VARBIT": // kept as they are written, BYTE'0A' as 0A
		decl = "TEXT"
	case "NUMERIC", "NUMBER", "DECIMAL", "FLOAT":
		decl = "NUMERIC"
	}
	out := q + " " + decl
	if c.Default != "" {
		out += " DEFAULT " + c.Default
	}
	if c.NotNull {
		out += " NOT NULL"
	}
	return out + check
}

// Truncate empties a table without a trace in the log.
func (s *Store) Truncate(ctx context.Context, t *engine.Table) error {
	return s.direct(ctx, false, true, func(conn *sql.Conn) error {
		return exec(ctx, conn, "DELETE FROM "+physical(t))
	})
}

// setTriggers makes the capturing connection log the changes of exactly the
// tables that some replication holds. They are temporary triggers, which
// belong to that connection alone. The caller holds the turn.
func (s *Store) setTriggers(ctx context.Context, c *engine.Catalog) error {
	want := map[int]string{}
	tables := map[int]*engine.Table{}
	for _, t := range c.Tables {
		if c.ReplicationCount(t) > 0 {
			want[t.ID] = image("NEW", t.Columns)
			tables[t.ID] = t
		}
	}
	same := len(want) == len(s.triggered)
	for id, text := range want {
		same = same && s.triggered[id] == text
	}
	if same {
		return nil
	}
	for id := range s.triggered {
		for _, op := range "IUD" {
			if err := exec(ctx, s.captured, fmt.Sprintf("DROP TRIGGER IF EXISTS temp._%c%d", op, id)); err != nil {
				return err
			}
		}
	}
	s.triggered = map[int]string{}
	for id, t := range tables {
		before, after := image("OLD", t.Columns), image("NEW", t.Columns)
		for _, def := range []struct{ op, event, before, after string }{
			{"I", "INSERT", "NULL", after}, {"U", "UPDATE", before, after}, {"D", "DELETE", before, "NULL"},
		} {
			q := fmt.Sprintf("CREATE TEMP TRIGGER _%s%d AFTER %s ON main.%s BEGIN INSERT INTO _log (op, tbl, before, after) VALUES ('%s', %d, %s, %s); END",
				def.op, id, def.event, physical(t), def.op, id, def.before, def.after)
			if err := exec(ctx, s.captured, q); err != nil {
				return err
			}
		}
		s.triggered[id] = want[id]
	}
	return nil
}

// image is the SQL expression of a row as a JSON array. Inexact numbers go as
// text, or they would lose their last digits.
func image(row string, columns []engine.Column) string {
	var parts []string
	for _, c := range columns {
		q := Quote(c.Name)
		if row != "" {
			q = row + "." + q
		}
		switch c.Type {
		case "DOUBLE", "REAL", "FLOAT", "NUMERIC", "NUMBER", "DECIMAL":
			q = fmt.Sprintf("iif(typeof(%s) = 'real', printf('%%!.17g', %s), %s)", q, q, q)
		case "BLOB":
			q = fmt.Sprintf("hex(%s)", q)
		}
		parts = append(parts, q)
	}
	return "json_array(" + strings.Join(parts, ", ") + ")"
}
