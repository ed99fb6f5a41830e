package store

import (
	"context"
	"fmt"
	"strings"

	"aku/e2e/altisim/engine"
)

// Temporary triggers log the changes of replicated tables. They belong to the capturing connection alone.
// They are created when a table is first written, because SQLite searches all triggers for each one that is
// created or dropped: with a thousand tables, a CREATE REPLICATION took seconds. Callers hold the turn and
// have no open transaction, because a ROLLBACK would remove the triggers.

// logged is what the triggers of a table write, or "" for a table that is not replicated.
func (s *Store) logged(id int) (t *engine.Table, image string) {
	for _, t := range s.catalog.Tables {
		if t.ID == id && s.catalog.ReplicationCount(t) > 0 {
			return t, rowImage("NEW", t.Columns)
		}
	}
	return nil, ""
}

// lacksTriggers tells whether changes of one of the tables would not be logged.
func (s *Store) lacksTriggers(tables ...*engine.Table) bool {
	for _, t := range tables {
		if t != nil && s.triggered[t.ID] == "" {
			if _, image := s.logged(t.ID); image != "" {
				return true
			}
		}
	}
	return false
}

// makeTriggers creates the triggers of those tables that are replicated.
func (s *Store) makeTriggers(ctx context.Context, tables ...*engine.Table) error {
	for _, named := range tables {
		if !s.lacksTriggers(named) {
			continue
		}
		t, text := s.logged(named.ID)
		before := rowImage("OLD", t.Columns)
		for _, def := range []struct{ op, event, before, after string }{
			{"I", "INSERT", "NULL", text}, {"U", "UPDATE", before, text}, {"D", "DELETE", before, "NULL"},
		} {
			q := fmt.Sprintf("CREATE TEMP TRIGGER IF NOT EXISTS _%s%d AFTER %s ON main.%s BEGIN INSERT INTO _log (op, tbl, before, after) VALUES ('%s', %d, %s, %s); END",
				def.op, t.ID, def.event, physical(t), def.op, t.ID, def.before, def.after)
			if err := exec(context.WithoutCancel(ctx), s.captured, q); err != nil {
				return err
			}
		}
		s.triggered[t.ID] = text
	}
	return nil
}

// dropTriggers drops the triggers of tables that are not replicated any more, or have other columns.
func (s *Store) dropTriggers(ctx context.Context) error {
	for id, text := range s.triggered {
		if _, now := s.logged(id); now == text {
			continue
		}
		for _, op := range "IUD" {
			if err := exec(ctx, s.captured, fmt.Sprintf("DROP TRIGGER IF EXISTS temp._%c%d", op, id)); err != nil {
				return err
			}
		}
		delete(s.triggered, id)
	}
	return nil
}

// rowImage is the SQL expression of a row as a JSON array. Inexact numbers are texts, so that they keep their
// last digits.
func rowImage(row string, columns []engine.Column) string {
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
