package server

import (
	"context"
	"slices"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/sqlfront"
)

// alterTable runs the statements that change a table's schema.
func (c *Session) alterTable(ctx context.Context, st sqlfront.Statement) (Output, error) {
	parse := map[string]func(sqlfront.Statement, string) (sqlfront.Alteration, error){
		"ALTER": sqlfront.ParseAlterTable, "CREATE": sqlfront.ParseCreateIndex, "RENAME": sqlfront.ParseRename, "COMMENT": sqlfront.ParseComment,
	}[st.First(1)]
	a, err := parse(st, c.User)
	if err != nil {
		return Output{}, err
	}
	t := c.srv.Engine.Catalog().Table(a.User, a.Name)
	if t == nil {
		return Output{}, sqlfront.TableNotFound(st)
	}
	out := Output{Tag: st.First(2)}
	if a.Truncate != "" {
		return out, c.truncateTable(ctx, t)
	}
	if err := c.own(t.User, "ALTER_ANY_TABLE"); err != nil {
		return Output{}, err
	}
	if err := t.RequirePartitions(a.Partitions); err != nil {
		return Output{}, err
	}
	if err := c.srv.Engine.MayAlter(t, a.Kind, c.Session); err != nil || a.Kind == 0 {
		return out, err
	}
	return out, c.change(ctx, t, func(cat *engine.Catalog, t *engine.Table) error { return c.alter(cat, t, a) })
}

// change changes a table. When its columns change, its links begin anew.
func (c *Session) change(ctx context.Context, t *engine.Table, change func(*engine.Catalog, *engine.Table) error) error {
	e := c.srv.Engine
	release, err := e.LockForDDL(ctx, c.Session, t)
	if err != nil {
		return err
	}
	defer release()
	var columns bool
	err = e.Change(ctx, true, func(cat *engine.Catalog) (err error) {
		now := cat.Table(t.User, t.Name)
		if now == nil || now.ID != t.ID {
			return engine.ErrNameUsed // it disappeared while the statement waited
		}
		columns, err = e.Reshape(cat, now, change)
		return err
	})
	if err == nil && columns {
		e.Reshaped(ctx, t)
	}
	return err
}

func (c *Session) alter(cat *engine.Catalog, t *engine.Table, a sqlfront.Alteration) error {
	for _, col := range a.Add {
		if err := t.AddColumn(col); err != nil {
			return err
		}
	}
	for _, name := range a.Drop {
		if err := t.DropColumn(name); err != nil {
			return err
		}
	}
	for _, col := range a.Modify {
		if err := t.ModifyColumn(col); err != nil {
			return err
		}
	}
	switch {
	case a.Default != nil:
		return t.SetDefault(a.Default.Name, a.Default.Default)
	case a.Index != nil:
		return cat.AddIndex(t, *a.Index)
	case a.Unique != nil:
		t.Unique = append(t.Unique, a.Unique)
	case a.Kind == engine.AlterPartitions, a.Kind == engine.AlterPartitionName, a.Kind == engine.AlterName && a.To == "":
		return engine.Errorf(0x42001, "The partitions of a table are not changed here.")
	case a.Column != "":
		return t.RenameColumn(a.Column, a.To)
	case a.To != "":
		if cat.Table(t.User, a.To) != nil {
			return engine.ErrNameUsed
		}
		t.Name = a.To
	}
	return nil
}

func (c *Session) dropIndex(ctx context.Context, st sqlfront.Statement) (Output, error) {
	user, name, err := sqlfront.DropIndex(st, c.User)
	if err != nil {
		return Output{}, err
	}
	t, index := c.srv.Engine.Catalog().Index(user, name)
	if t == nil {
		return Output{}, engine.ErrIndexNotFound
	}
	if err := c.own(user, "DROP_ANY_INDEX"); err != nil {
		return Output{}, err
	}
	kind := engine.AlterLightly
	if index.Unique {
		kind = engine.AlterShape
	}
	if err := c.srv.Engine.MayAlter(t, kind, c.Session); err != nil {
		return Output{}, err
	}
	return Output{Tag: "DROP INDEX"}, c.change(ctx, t, func(_ *engine.Catalog, t *engine.Table) error {
		t.Indexes = slices.DeleteFunc(t.Indexes, func(i engine.Index) bool { return i.User == user && i.Name == name })
		return nil
	})
}
