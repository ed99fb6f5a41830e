package engine

import "slices"

// SyncTable is a table of SYNC TABLE, or a partition of one.
type SyncTable struct{ User, Name, Partition string }

// names tells whether the list has a table or one of its partitions, which travel together here.
func (o SyncOptions) names(user, table string) bool {
	return slices.ContainsFunc(o.Tables, func(t SyncTable) bool { return t.User == user && t.Name == table })
}

// checkSync checks that an object has what a SYNC TABLE lists.
func (c *Catalog) checkSync(object string, list []SyncTable) error {
	r := c.Replication(object)
	if r == nil {
		return nil // a later check reports it
	}
	for n, t := range list {
		if c.Table(t.User, t.Name) == nil {
			return Errorf(0x61111, "Table not found : %s", t.Name)
		}
		if slices.ContainsFunc(list[:n], func(o SyncTable) bool { return o.User == t.User && o.Name == t.Name }) {
			return ErrSyncTwice
		}
		there := false
		for _, i := range r.Items {
			if i.LocalUser != t.User || i.LocalTable != t.Name {
				continue
			}
			if (i.LocalPartition == "") != (t.Partition == "") {
				return Errorf(0x6114E, "The replication units mismatch: %s", t.Name)
			}
			there = there || i.LocalPartition == t.Partition
		}
		if !there {
			return ErrItemNotFound
		}
	}
	return nil
}
