package store

import (
	"slices"
	"strings"

	"aku/e2e/altisim/engine"
)

// alterTable lists the statements that turn one table into another. When only a column is added or dropped,
// that is enough. Otherwise the rows move to a new table. Equal ids mean equal columns.
func alterTable(was, t *engine.Table) []string {
	added, dropped := missing(t.Columns, was.Columns), missing(was.Columns, t.Columns)
	kept := *t
	kept.Columns = append(missing(was.Columns, dropped), added...)
	if createTable(&kept) != createTable(t) || definition(was) != definition(t) || physical(was) != physical(t) {
		return moveTable(was, t)
	}
	var out []string
	for _, c := range added {
		out = append(out, "ALTER TABLE "+physical(t)+" ADD COLUMN "+columnText(c))
	}
	for _, c := range dropped {
		out = append(out, "ALTER TABLE "+physical(t)+" DROP COLUMN "+Quote(c.Name))
	}
	return out
}

// definition is what SQLite needs to know of a table besides its columns.
func definition(t *engine.Table) string {
	d := *t
	d.Columns = nil
	return createTable(&d)
}

// missing are the columns of one list that the other list lacks.
func missing(of, in []engine.Column) (out []engine.Column) {
	for _, c := range of {
		if !slices.ContainsFunc(in, func(o engine.Column) bool { return o.ID == c.ID }) {
			out = append(out, c)
		}
	}
	return out
}

func moveTable(was, t *engine.Table) []string {
	old := Quote("old " + was.User + "." + was.Name)
	var from, to []string
	for _, c := range t.Columns {
		for _, o := range was.Columns {
			if o.ID == c.ID {
				from, to = append(from, Quote(o.Name)), append(to, Quote(c.Name))
			}
		}
	}
	return []string{
		"ALTER TABLE " + physical(was) + " RENAME TO " + old,
		createTable(t),
		"INSERT INTO " + physical(t) + " (" + strings.Join(to, ", ") + ") SELECT " + strings.Join(from, ", ") + " FROM " + old,
		"DROP TABLE " + old,
	}
}
