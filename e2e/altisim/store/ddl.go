package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"aku/e2e/altisim/engine"
)

// SaveCatalog implements engine.Store. It also changes SQLite's tables to fit the catalog, and drops triggers
// that no longer fit.
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
		// A read makes SQLite's other writing connection notice the changed tables. Otherwise the connection
		// would first refuse an INSERT whose number of values fits only the new table.
		if err := exec(context.WithoutCancel(ctx), s.captured, "SELECT COUNT(*) FROM sqlite_master"); err != nil {
			return err
		}
	}
	return s.dropTriggers(context.WithoutCancel(ctx))
}

// difference lists the statements that turn the tables of one catalog into those of another.
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

// columnText is a column's type for SQLite. It avoids DATE, because the driver would change the stored text.
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
			check = " COLLATE RTRIM" + check // padding does not count in comparisons
		}
	case "DATE":
		decl = "ALTIDATE_TEXT"
	case "BYTE", "VARBYTE", "NIBBLE", "BIT", "VARBIT": // stored as written, BYTE'0A' as 0A
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
