package server

import (
	"context"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/sqlfront"
)

func (c *Session) createReplication(ctx context.Context, st sqlfront.Statement) (Output, error) {
	r, err := sqlfront.CreateReplication(st)
	if err == nil {
		err = c.MustBeSys()
	}
	if err == nil {
		err = c.srv.Engine.CreateReplication(ctx, c.Session, r)
	}
	return Output{Tag: "CREATE REPLICATION"}, err
}

func (c *Session) dropReplication(ctx context.Context, st sqlfront.Statement) (Output, error) {
	name, err := sqlfront.DropName(st, "REPLICATION")
	if err == nil {
		err = c.MustBeSys()
	}
	if err == nil {
		err = c.srv.Engine.DropReplication(ctx, c.Session, name)
	}
	return Output{Tag: "DROP REPLICATION"}, err
}

func (c *Session) alterReplication(ctx context.Context, st sqlfront.Statement) (Output, error) {
	a, err := sqlfront.ParseAlterReplication(st)
	if err != nil {
		return Output{}, err
	}
	if err := c.MustBeSys(); err != nil {
		return Output{}, err
	}
	e := c.srv.Engine
	switch a.Action {
	case sqlfront.ActStart:
		err = e.Start(ctx, a.Name, a.Retry)
	case sqlfront.ActQuickStart:
		err = e.QuickStart(ctx, a.Name, a.Retry)
	case sqlfront.ActStop:
		err = e.Stop(ctx, a.Name)
	case sqlfront.ActReset:
		err = e.Reset(ctx, a.Name)
	case sqlfront.ActSync:
		err = e.Sync(ctx, a.Name, a.Sync)
	case sqlfront.ActFlush:
		err = e.Flush(ctx, a.Name, a.All, a.Wait)
	case sqlfront.ActAddItem:
		err = e.AddItem(ctx, c.Session, a.Name, a.Item)
	case sqlfront.ActDropItem:
		err = e.DropItem(ctx, c.Session, a.Name, a.Item)
	case sqlfront.ActAddHost:
		err = e.AddHost(ctx, a.Name, a.Host)
	case sqlfront.ActDropHost:
		err = e.DropHost(ctx, a.Name, a.Host)
	case sqlfront.ActSetHost:
		err = e.SetHost(ctx, a.Name, a.Host)
	}
	return Output{Tag: "ALTER REPLICATION"}, err
}

func (c *Session) alterSystem(ctx context.Context, st sqlfront.Statement) (Output, error) {
	if err := c.MayAlterSystem("ALTER_SYSTEM"); err != nil {
		return Output{}, err
	}
	if st.First(3) == "ALTER SYSTEM CHECKPOINT" {
		return Output{Tag: "ALTER SYSTEM"}, c.srv.Store.Touch(ctx)
	}
	name, value, err := sqlfront.Setting(st)
	if err != nil {
		return Output{}, err
	}
	return Output{Tag: "ALTER SYSTEM"}, c.srv.Engine.SetProperty(name, value)
}

func (c *Session) alterSession(_ context.Context, st sqlfront.Statement) (Output, error) {
	name, value, err := sqlfront.Setting(st)
	if err != nil {
		return Output{}, err
	}
	return Output{Tag: "ALTER SESSION"}, c.Set(name, value)
}

func (c *Session) alterDatabase(ctx context.Context, st sqlfront.Statement) (Output, error) {
	a, err := sqlfront.ParseAlterDatabase(st)
	if err != nil {
		return Output{}, err
	}
	out := Output{Tag: "ALTER DATABASE"}
	if err := c.MayAlterSystem("ALTER_DATABASE"); err != nil {
		return Output{}, err
	}
	if !equalFold(a.Name, c.srv.Engine.Catalog().DBName) {
		return Output{}, engine.Errorf(0x31184, "Database not found : %s", a.Name)
	}
	if a.Shutdown {
		out.After = c.srv.Engine.End
		return out, c.srv.Engine.Shutdown(c.Session)
	}
	return out, c.srv.Engine.CloseSession(ctx, a.Close, c.Session)
}
