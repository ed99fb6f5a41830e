package engine

import (
	"fmt"
	"slices"
	"strings"
)

// SN is a log sequence number, a position in one server's own log. Numbers of two servers cannot be compared.
type SN int64

// NoSN is the XSN of a replication that was never started or was reset.
const NoSN SN = -1

// SysUser is the only user who may administer replication.
const SysUser = "SYS"

// Catalog is a server's knowledge of its users, tables and replications. It is saved as a whole at every
// change.
type Catalog struct {
	DBName       string
	NextID       int // of users, tables and columns
	NextHostNo   int
	Users        []*User
	Tables       []*Table
	Replications []*Replication
}

// NewCatalog is the catalog of a new database.
func NewCatalog(sysPassword string) *Catalog {
	return &Catalog{
		DBName: "mydb", NextID: 100, NextHostNo: 2,
		Users: []*User{{ID: 1, Name: "SYSTEM_"}, {ID: 2, Name: SysUser, Password: sysPassword}},
	}
}

// NewID returns the next unused id.
func (c *Catalog) NewID() int { c.NextID++; return c.NextID }

// User can log in and owns a schema of the same name.
type User struct {
	ID       int
	Name     string
	Password string
}

// Table describes a table.
type Table struct {
	ID         int
	User, Name string
	Columns    []Column
	PrimaryKey []string // column names, in key order
	KeyName    string
	Unique     [][]string
	Indexes    []Index
	Partitions []string
	Past       []Layout // of rows in the log, oldest first
}

// Index is an index of a table. Only unique ones matter here.
type Index struct {
	User, Name string
	Unique     bool
	Columns    []string
}

// Column describes a column.
type Column struct {
	ID        int
	Name      string
	Type      string // INTEGER, VARCHAR, …
	Precision int
	Scale     int
	NotNull   bool
	Default   string
}

// Replication is one replication object.
type Replication struct {
	Name    string
	Hosts   []Host
	Items   []Item
	HostNo  int // last used
	Started bool
	XSN     SN // restart point: everything after it is still to be sent
	Pinned  SN // began at "now" there: transactions that wrote before are not sent
}

// Host is the address of a peer. Addr is kept as written, and resolved at every connect.
type Host struct {
	No   int
	Addr string
	Port int
}

// Item is a table, or a partition of one, in a replication.
type Item struct {
	LocalUser, LocalTable, LocalPartition    string
	RemoteUser, RemoteTable, RemotePartition string
	// InvalidMaxSN: changes up to here do not belong to this item.
	InvalidMaxSN SN
}

// FullName is the table's name in messages.
func (t *Table) FullName() string { return t.User + "." + t.Name }

// OID is the table's object id in the views.
func (t *Table) OID() int64 { return 4190608 + int64(t.ID)*4096 }

// Column finds a column by name.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// User finds a user by name.
func (c *Catalog) User(name string) *User {
	for _, u := range c.Users {
		if u.Name == name {
			return u
		}
	}
	return nil
}

// Table finds a table.
func (c *Catalog) Table(user, name string) *Table {
	for _, t := range c.Tables {
		if t.User == user && t.Name == name {
			return t
		}
	}
	return nil
}

// Replication finds a replication object.
func (c *Catalog) Replication(name string) *Replication {
	for _, r := range c.Replications {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// ReplicationCount is the number of replication objects that hold the table.
func (c *Catalog) ReplicationCount(t *Table) int {
	n := 0
	for _, r := range c.Replications {
		if slices.ContainsFunc(r.Items, func(i Item) bool { return i.holds(t) }) {
			n++
		}
	}
	return n
}

func (i Item) holds(t *Table) bool { return i.LocalUser == t.User && i.LocalTable == t.Name }

func (i Item) sameAs(o Item) bool {
	i.InvalidMaxSN, o.InvalidMaxSN = 0, 0
	return i == o
}

// TypeID is the number of the column's type in messages about mismatches.
func (c Column) TypeID() uint32 {
	ids := map[string]int32{
		"CHAR": 1, "NUMERIC": 2, "NUMBER": 2, "DECIMAL": 2, "INTEGER": 4, "SMALLINT": 5, "FLOAT": 6, "REAL": 7,
		"DOUBLE": 8, "DATE": 9, "VARCHAR": 12, "BIGINT": -5, "NCHAR": -8, "NVARCHAR": -9, "BLOB": 30, "CLOB": 40,
		"BYTE": 20001, "NIBBLE": 20002, "VARBYTE": 20003, "BIT": -7, "VARBIT": -100, "GEOMETRY": 10003,
	}
	return uint32(ids[c.Type])
}

// Size is the column's size in bytes in messages about mismatches.
func (c Column) Size() int {
	switch c.Type {
	case "CHAR", "VARCHAR":
		return c.Precision + 2
	case "NCHAR", "NVARCHAR":
		return c.Precision*2 + 2
	case "SMALLINT":
		return 2
	case "INTEGER", "REAL":
		return 4
	case "BIGINT", "DOUBLE", "DATE":
		return 8
	default:
		return 3 + (c.Precision+2)/2
	}
}

// Clone copies a catalog deeply, for a change that may still fail.
func (c *Catalog) Clone() *Catalog {
	n := *c
	n.Users = cloneAll(c.Users, func(u *User) {})
	n.Tables = cloneAll(c.Tables, func(t *Table) {
		t.Columns, t.PrimaryKey = slices.Clone(t.Columns), slices.Clone(t.PrimaryKey)
		t.Partitions, t.Unique = slices.Clone(t.Partitions), slices.Clone(t.Unique)
		t.Indexes, t.Past = slices.Clone(t.Indexes), slices.Clone(t.Past)
		for i := range t.Unique {
			t.Unique[i] = slices.Clone(t.Unique[i])
		}
		for i := range t.Indexes {
			t.Indexes[i].Columns = slices.Clone(t.Indexes[i].Columns)
		}
	})
	n.Replications = cloneAll(c.Replications, func(r *Replication) {
		r.Hosts, r.Items = slices.Clone(r.Hosts), slices.Clone(r.Items)
	})
	return &n
}

func cloneAll[T any](in []*T, deepen func(*T)) []*T {
	out := make([]*T, len(in))
	for i, p := range in {
		v := *p
		deepen(&v)
		out[i] = &v
	}
	return out
}

// String is the item as statements name it.
func (i Item) String() string {
	if i.LocalPartition != "" {
		return fmt.Sprintf("%s.%s PARTITION %s", i.LocalUser, i.LocalTable, i.LocalPartition)
	}
	return strings.Join([]string{i.LocalUser, i.LocalTable}, ".")
}
