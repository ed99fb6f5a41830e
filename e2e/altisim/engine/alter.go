package engine

import (
	"context"
	"slices"
	"strings"
)

// Alteration is a kind of schema change. The kinds differ in when a replicated table accepts them.
type Alteration int

// The kinds of schema changes. The zero Alteration does not concern replication.
const (
	AlterLightly       Alteration = iota + 1 // columns that may be NULL, defaults, indexes that are not unique, TRUNCATE
	AlterShape                               // NOT NULL, MODIFY, UNIQUE, CHECK
	AlterPartitions                          // SPLIT, MERGE and DROP PARTITION
	AlterName                                // RENAME, RENAME COLUMN, ADD PARTITION
	AlterPartitionName                       // RENAME PARTITION
)

// MayAlter is the rule for schema changes, TRUNCATE included, of a table that may be replicated.
func (s *Server) MayAlter(t *Table, kind Alteration, by *Session) error {
	c := s.Catalog()
	if kind == 0 || c.ReplicationCount(t) == 0 {
		return nil
	}
	level := s.Property("REPLICATION_DDL_ENABLE_LEVEL")
	switch {
	case kind == AlterName:
		return ErrReplicatedDDL
	case kind == AlterPartitionName:
		return ErrPartitionDDL
	case by.SyncsDDL() || s.Property("REPLICATION_DDL_SYNC") != "0":
		return s.refuseDDLSync(c, t)
	case s.Property("REPLICATION_DDL_ENABLE") == "0":
		return ErrDDLDisabled
	case !by.Replicates():
		return ErrDDLSessionNone
	case kind != AlterLightly && level == "0":
		return ErrDDLLevel
	case kind == AlterPartitions:
		return ErrPartitionDDL
	}
	return nil
}

// refuseDDLSync refuses a statement that should run on all peers. altisim never does that. It answers like a
// server whose peers have the property off.
func (s *Server) refuseDDLSync(c *Catalog, t *Table) error {
	var answers []string
	for _, r := range c.Replications {
		if !slices.ContainsFunc(r.Items, func(i Item) bool { return i.holds(t) }) {
			continue
		}
		if !s.sending(r.Name) {
			return Errorf(0x61187, "The sender of replication %s is not running.", r.Name)
		}
		answers = append(answers, r.Name+" : Can not perform the DDL synchronization when the value of the REPLICATION_DDL_SYNC property is 0.")
	}
	return Errorf(0x61186, "A DDL synchronization receives the error message from the remote server ( %s).", strings.Join(answers, " "))
}

// Layout is the columns that a table's rows have in the log up to a number, the number of the statement that
// changed the table.
type Layout struct {
	UpTo    SN
	Columns []Column
}

// ColumnsAt are the columns of the table's rows in the log at a number.
func (t *Table) ColumnsAt(sn SN) []Column {
	for _, l := range t.Past {
		if sn <= l.UpTo {
			return l.Columns
		}
	}
	return t.Columns
}

// Reshape changes a table, and reports whether its rows look different now. Rows of a replicated table that
// are in the log keep their columns.
func (s *Server) Reshape(c *Catalog, t *Table, change func(*Catalog, *Table) error) (columns bool, err error) {
	before := slices.Clone(t.Columns)
	if err := change(c, t); err != nil {
		return false, err
	}
	columns = !sameRows(before, t.Columns)
	if columns && c.ReplicationCount(t) > 0 {
		t.Past = append(t.Past, Layout{s.store.LastSN() + 1, before})
	}
	return columns, nil
}

// sameRows reports whether rows with either list of columns look alike.
func sameRows(a, b []Column) bool {
	return slices.EqualFunc(a, b, func(a, b Column) bool {
		return a.ID == b.ID && a.Name == b.Name && a.Type == b.Type && a.Precision == b.Precision && a.Scale == b.Scale
	})
}

// AddColumn adds a column to a table.
func (t *Table) AddColumn(c Column) error {
	if t.Column(c.Name) != nil {
		return Errorf(0x31023, "Duplicate column name : %s", c.Name)
	}
	c.ID = t.ID * columnsOfTable
	for _, o := range t.Columns {
		c.ID = max(c.ID, o.ID+1)
	}
	t.Columns = append(t.Columns, c)
	return nil
}

// columnsOfTable is how many column ids a table has.
const columnsOfTable = 1024

// DropColumn removes a column.
func (t *Table) DropColumn(name string) error {
	if t.Column(name) == nil {
		return errColumnName(name)
	}
	t.Columns = slices.DeleteFunc(t.Columns, func(c Column) bool { return c.Name == name })
	return nil
}

// ModifyColumn gives a column another type or size.
func (t *Table) ModifyColumn(to Column) error {
	c := t.Column(to.Name)
	if c == nil {
		return errColumnName(to.Name)
	}
	c.Type, c.Precision, c.Scale = to.Type, to.Precision, to.Scale
	c.NotNull = c.NotNull || to.NotNull
	if to.Default != "" {
		c.Default = to.Default
	}
	return nil
}

// RenameColumn gives a column another name.
func (t *Table) RenameColumn(name, to string) error {
	c := t.Column(name)
	switch {
	case c == nil:
		return errColumnName(name)
	case t.Column(to) != nil:
		return Errorf(0x31023, "Duplicate column name : %s", to)
	}
	c.Name = to
	lists := append([][]string{t.PrimaryKey}, t.Unique...)
	for _, i := range t.Indexes {
		lists = append(lists, i.Columns)
	}
	for _, list := range lists {
		for i := range list {
			if list[i] == name {
				list[i] = to
			}
		}
	}
	return nil
}

// SetDefault gives a column another default, or none.
func (t *Table) SetDefault(name, value string) error {
	c := t.Column(name)
	if c == nil {
		return errColumnName(name)
	}
	c.Default = value
	return nil
}

func errColumnName(name string) error { return Errorf(0x311F4, "Invalid column name : %s", name) }

// AddIndex adds an index to a table.
func (c *Catalog) AddIndex(t *Table, i Index) error {
	if owner, _ := c.Index(i.User, i.Name); owner != nil {
		return ErrNameUsed
	}
	for _, name := range i.Columns {
		if t.Column(name) == nil {
			return errColumnName(name)
		}
	}
	t.Indexes = append(t.Indexes, i)
	return nil
}

// Index finds an index and its table.
func (c *Catalog) Index(user, name string) (*Table, *Index) {
	for _, t := range c.Tables {
		for n := range t.Indexes {
			if t.Indexes[n].User == user && t.Indexes[n].Name == name {
				return t, &t.Indexes[n]
			}
		}
	}
	return nil, nil
}

// Emptied is called after a TRUNCATE, before its lock is given back. Senders count it as two.
func (s *Server) Emptied(ctx context.Context, t *Table) {
	s.countDDL(2)
	_ = s.Clock.Sleep(ctx, tableEmptied)
	s.Truncated(ctx, t)
}

// RequirePartitions checks that a table has all these partitions.
func (t *Table) RequirePartitions(names []string) error {
	for _, n := range names {
		if !slices.Contains(t.Partitions, n) {
			return Errorf(0x3125B, "The table partition does not exist. : %s", n)
		}
	}
	return nil
}
