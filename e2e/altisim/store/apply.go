package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"aku/e2e/altisim/engine"
)

// Apply implements engine.Store.
func (s *Store) Apply(ctx context.Context, changes []engine.Change) ([]bool, error) {
	made := make([]bool, len(changes))
	err := s.direct(ctx, false, true, func(conn *sql.Conn) error {
		a := applier{ctx: ctx, conn: conn, prepared: map[string]*sql.Stmt{}}
		defer a.close()
		for i, ch := range changes {
			var err error
			if made[i], err = a.apply(ch); err != nil {
				return err
			}
		}
		return nil
	})
	return made, err
}

type applier struct {
	ctx      context.Context
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func (a *applier) close() {
	for _, p := range a.prepared {
		_ = p.Close()
	}
}

// apply makes one change by the conflict rules of engine.Change.
func (a *applier) apply(ch engine.Change) (bool, error) {
	before, err := values(ch.Before)
	if err != nil {
		return false, err
	}
	after, err := values(ch.After)
	if err != nil {
		return false, err
	}
	var set, where []string
	var setArgs, whereArgs []any
	for i, c := range ch.Columns {
		if ch.Table.Column(c.Name) == nil || i >= max(len(before), len(after)) {
			continue // only the sender has it, or did not have it yet when it logged this
		}
		q := Quote(c.Name)
		key := slices.Contains(ch.Table.PrimaryKey, c.Name)
		switch ch.Op {
		case engine.Insert:
			set, setArgs = append(set, q), append(setArgs, after[i])
		case engine.Delete:
			if key {
				where, whereArgs = append(where, q+" = ?"), append(whereArgs, before[i])
			}
		case engine.Update:
			changed := before[i] != after[i]
			if changed {
				set, setArgs = append(set, q+" = ?"), append(setArgs, after[i])
			}
			if key || changed {
				where, whereArgs = append(where, q+" IS ?"), append(whereArgs, before[i])
			}
		}
	}
	table := physical(ch.Table)
	switch ch.Op {
	case engine.Insert:
		for _, c := range ch.Table.Columns {
			if c.Default != "" && !c.NotNull && !slices.Contains(set, Quote(c.Name)) {
				// The sender does not have the column: NULL arrives, whatever the default.
				set, setArgs = append(set, Quote(c.Name)), append(setArgs, nil)
			}
		}
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(set)), ", ")
		return a.exec("INSERT INTO "+table+" ("+strings.Join(set, ", ")+") VALUES ("+marks+")", setArgs)
	case engine.Delete:
		return a.exec("DELETE FROM "+table+" WHERE "+strings.Join(where, " AND "), whereArgs)
	default:
		if len(set) == 0 {
			return true, nil
		}
		return a.exec("UPDATE "+table+" SET "+strings.Join(set, ", ")+" WHERE "+strings.Join(where, " AND "), append(setArgs, whereArgs...))
	}
}

// exec reports whether the change touched a row. A violated constraint is a conflict, not an error.
func (a *applier) exec(query string, args []any) (bool, error) {
	p := a.prepared[query]
	if p == nil {
		var err error
		if p, err = a.conn.PrepareContext(a.ctx, query); err != nil {
			return false, err
		}
		a.prepared[query] = p
	}
	res, err := p.ExecContext(a.ctx, args...)
	if err != nil {
		if ConstraintOf(err) != 0 {
			return false, nil
		}
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// ConstraintOf is SQLite's extended code of a violated constraint, otherwise 0.
func ConstraintOf(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xFF == lib.SQLITE_CONSTRAINT {
		return e.Code()
	}
	return 0
}

// values reads a row image.
func values(image string) ([]any, error) {
	if image == "" {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader([]byte(image)))
	d.UseNumber()
	var row []any
	if err := d.Decode(&row); err != nil {
		return nil, err
	}
	for i, v := range row {
		if n, ok := v.(json.Number); ok {
			if k, err := n.Int64(); err == nil {
				row[i] = k
			} else {
				row[i] = n.String()
			}
		}
	}
	return row, nil
}
