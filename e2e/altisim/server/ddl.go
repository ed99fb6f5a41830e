package server

import (
	"context"
	"errors"
	"slices"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/sqlfront"
)

// own is the rule for DDL: users in their own schema, SYS everywhere.
func (c *Session) own(user, privilege string) error {
	if user == c.User {
		return nil
	}
	return c.MayAlterSystem(privilege)
}

func (c *Session) createTable(ctx context.Context, st sqlfront.Statement) (Output, error) {
	t, err := sqlfront.CreateTable(st, c.User)
	if err != nil {
		return Output{}, err
	}
	if err := c.own(t.User, "CREATE_ANY_TABLE"); err != nil {
		return Output{}, err
	}
	if err := engine.NewNames(slices.Concat(t.Partitions, []string{t.Name})...); err != nil {
		return Output{}, err
	}
	err = c.srv.Engine.Change(ctx, true, func(cat *engine.Catalog) error {
		switch {
		case cat.User(t.User) == nil:
			return engine.ErrUserNotFound
		case cat.Table(t.User, t.Name) != nil:
			return engine.ErrNameUsed
		}
		t.ID = cat.NewID()
		for i := range t.Columns {
			t.Columns[i].ID = t.ID*1024 + i
		}
		cat.Tables = append(cat.Tables, t)
		return nil
	})
	return Output{Tag: "CREATE TABLE"}, err
}

func (c *Session) dropTable(ctx context.Context, st sqlfront.Statement) (Output, error) {
	t, err := c.table(st, "DROP", "TABLE")
	if err != nil {
		return Output{}, err
	}
	if err := c.own(t.User, "DROP_ANY_TABLE"); err != nil {
		return Output{}, err
	}
	if c.srv.Engine.Catalog().ReplicationCount(t) > 0 {
		return Output{}, engine.ErrReplicatedDrop
	}
	release, err := c.srv.Engine.LockForDDL(ctx, c.Session, t)
	if err != nil {
		return Output{}, err
	}
	defer release()
	err = c.srv.Engine.Change(ctx, true, func(cat *engine.Catalog) error {
		if cat.ReplicationCount(t) > 0 {
			return engine.ErrReplicatedDrop
		}
		cat.Tables = slices.DeleteFunc(cat.Tables, func(o *engine.Table) bool { return o.ID == t.ID })
		return nil
	})
	return Output{Tag: "DROP TABLE"}, err
}

func (c *Session) truncate(ctx context.Context, st sqlfront.Statement) (Output, error) {
	t, err := c.table(st, "TRUNCATE", "TABLE")
	if err != nil {
		return Output{}, err
	}
	return Output{Tag: "TRUNCATE TABLE"}, c.truncateTable(ctx, t)
}

func (c *Session) truncateTable(ctx context.Context, t *engine.Table) error {
	if err := c.own(t.User, "ALTER_ANY_TABLE"); err != nil {
		return err
	}
	if err := c.srv.Engine.MayAlter(t, engine.AlterLightly, c.Session); err != nil {
		return err
	}
	release, err := c.srv.Engine.LockForDDL(ctx, c.Session, t)
	if err != nil {
		return err
	}
	defer release()
	if err := c.srv.Store.Truncate(ctx, t); err != nil {
		return err
	}
	c.srv.Engine.Emptied(ctx, t)
	return nil
}

// table finds the table that a statement ends with.
func (c *Session) table(st sqlfront.Statement, words ...string) (*engine.Table, error) {
	user, name, err := sqlfront.TableName(st, c.User, words...)
	if err != nil {
		return nil, err
	}
	t := c.srv.Engine.Catalog().Table(user, name)
	if t == nil {
		return nil, sqlfront.TableNotFound(st)
	}
	return t, nil
}

func (c *Session) createUser(ctx context.Context, st sqlfront.Statement) (Output, error) {
	name, password, err := sqlfront.UserPassword(st)
	if err != nil {
		return Output{}, err
	}
	if err := c.MayAlterSystem("CREATE_USER"); err != nil {
		return Output{}, err
	}
	if err := errors.Join(engine.NewNames(name), engine.NewPassword(password)); err != nil {
		return Output{}, err
	}
	err = c.srv.Engine.Change(ctx, true, func(cat *engine.Catalog) error {
		if cat.User(name) != nil {
			return engine.ErrNameUsed
		}
		cat.Users = append(cat.Users, &engine.User{ID: cat.NewID(), Name: name, Password: password})
		return nil
	})
	return Output{Tag: "CREATE USER"}, err
}

func (c *Session) alterUser(ctx context.Context, st sqlfront.Statement) (Output, error) {
	name, password, err := sqlfront.UserPassword(st)
	if err != nil {
		return Output{}, err
	}
	if err := c.own(name, "ALTER_USER"); err != nil {
		return Output{}, err
	}
	if err := engine.NewPassword(password); err != nil {
		return Output{}, err
	}
	err = c.srv.Engine.Change(ctx, true, func(cat *engine.Catalog) error {
		u := cat.User(name)
		if u == nil {
			return engine.ErrUserNotFound
		}
		u.Password = password
		return nil
	})
	return Output{Tag: "ALTER USER"}, err
}

func (c *Session) dropUser(ctx context.Context, st sqlfront.Statement) (Output, error) {
	name, err := sqlfront.DropName(st, "USER")
	if err != nil {
		return Output{}, err
	}
	if err := c.MayAlterSystem("DROP_USER"); err != nil {
		return Output{}, err
	}
	err = c.srv.Engine.Change(ctx, true, func(cat *engine.Catalog) error {
		u := cat.User(name)
		switch {
		case u == nil:
			return engine.ErrUserNotFound
		case u.Name == engine.SysUser || u.Name == "SYSTEM_":
			return engine.ErrNoPermission
		case slices.ContainsFunc(cat.Tables, func(t *engine.Table) bool { return t.User == name && cat.ReplicationCount(t) > 0 }):
			return engine.ErrReplicatedDrop
		}
		cat.Users = slices.DeleteFunc(cat.Users, func(u *engine.User) bool { return u.Name == name })
		cat.Tables = slices.DeleteFunc(cat.Tables, func(t *engine.Table) bool { return t.User == name })
		return nil
	})
	return Output{Tag: "DROP USER"}, err
}
