package engine

import (
	"context"
	"slices"
	"strconv"
	"time"
)

// The longest names and host texts of an object, in bytes.
const (
	maxReplicationName = 40
	maxHost            = 62
)

// CreateReplication is CREATE REPLICATION. It locks its tables exclusively.
func (s *Server) CreateReplication(ctx context.Context, by *Session, r *Replication) error {
	if len(r.Name) > maxReplicationName {
		return Errorf(0x31066, "The name of the replication is too long.")
	}
	release, err := s.lockItems(ctx, by, r.Items...)
	if err != nil {
		return err
	}
	defer release()
	return s.Change(ctx, true, func(c *Catalog) error {
		if c.Replication(r.Name) != nil {
			return ErrDuplicateName
		}
		if most, _ := strconv.Atoi(s.Property("REPLICATION_MAX_COUNT")); len(c.Replications) >= most {
			return errTooMany
		}
		hosts := r.Hosts
		r.Hosts = nil
		for _, h := range hosts {
			if err := s.addHost(c, r, h); err != nil {
				return err
			}
		}
		items := r.Items
		r.Items = nil
		for _, i := range items {
			if err := s.addItem(c, r, i); err != nil {
				return err
			}
		}
		r.XSN = NoSN
		c.Replications = append(c.Replications, r)
		return nil
	})
}

// lockItems locks the tables of items for DDL. A later check finds items without a table.
func (s *Server) lockItems(ctx context.Context, by *Session, items ...Item) (release func(), err error) {
	c := s.Catalog()
	var tables []*Table
	for _, i := range items {
		if t := c.Table(i.LocalUser, i.LocalTable); t != nil && !slices.Contains(tables, t) {
			tables = append(tables, t)
		}
	}
	return s.LockForDDL(ctx, by, tables...)
}

// DropReplication is DROP REPLICATION. It locks the object's tables exclusively. A peer's sender loses its
// link, and its receiver's memory is forgotten.
func (s *Server) DropReplication(ctx context.Context, by *Session, name string) error {
	r := s.Catalog().Replication(name)
	if r == nil {
		return ErrReplicationUnknown
	}
	if s.sending(name) {
		return ErrAlreadyStarted
	}
	release, err := s.lockItems(ctx, by, r.Items...)
	if err != nil {
		return err
	}
	defer release()
	err = s.Change(ctx, true, func(c *Catalog) error {
		if c.Replication(name) == nil {
			return ErrReplicationUnknown
		}
		if s.sending(name) {
			return ErrAlreadyStarted
		}
		c.Replications = slices.DeleteFunc(c.Replications, func(r *Replication) bool { return r.Name == name })
		return nil
	})
	if err != nil {
		return err
	}
	s.closeReceiver(name)
	s.mu.Lock()
	delete(s.memory, name)
	s.mu.Unlock()
	s.prune(ctx)
	return nil
}

func (s *Server) addItem(c *Catalog, r *Replication, i Item) error {
	if c.User(i.LocalUser) == nil {
		return Errorf(0x6110F, "User not found : %s", i.LocalUser)
	}
	t := c.Table(i.LocalUser, i.LocalTable)
	if t == nil {
		return Errorf(0x61111, "Table not found : %s", i.LocalTable)
	}
	if len(t.PrimaryKey) == 0 {
		return Errorf(0x61113, "A replicated table must have a primary key. (%s)", t.FullName())
	}
	if i.LocalPartition != "" && !slices.Contains(t.Partitions, i.LocalPartition) {
		return Errorf(0x31151, "Partition not found : %s", i.LocalPartition)
	}
	if slices.ContainsFunc(r.Items, i.sameAs) {
		return ErrDuplicateKey
	}
	i.InvalidMaxSN = s.store.LastSN()
	r.Items = append(r.Items, i)
	return nil
}

func (s *Server) addHost(c *Catalog, r *Replication, h Host) error {
	if len(h.Addr) > maxHost {
		return ErrNameTooLong
	}
	same := func(o Host) bool { return o.Addr == h.Addr && o.Port == h.Port }
	if slices.ContainsFunc(r.Hosts, same) {
		return ErrDuplicateHosts
	}
	if s.Property("REPLICATION_ALLOW_DUPLICATE_HOSTS") == "0" {
		for _, o := range c.Replications {
			if o.Name != r.Name && slices.ContainsFunc(o.Hosts, same) {
				return ErrDuplicateHosts
			}
		}
	}
	h.No = c.NextHostNo
	c.NextHostNo++
	r.Hosts = append(r.Hosts, h)
	if r.HostNo == 0 {
		r.HostNo = h.No
	}
	return nil
}

// AddItem is ALTER REPLICATION … ADD TABLE, in any state of the object.
func (s *Server) AddItem(ctx context.Context, by *Session, name string, i Item) error {
	return s.alterItem(ctx, by, name, i, func(c *Catalog, r *Replication) error { return s.addItem(c, r, i) })
}

// DropItem is ALTER REPLICATION … DROP TABLE, in any state of the object.
func (s *Server) DropItem(ctx context.Context, by *Session, name string, i Item) error {
	return s.alterItem(ctx, by, name, i, func(c *Catalog, r *Replication) error {
		n := slices.IndexFunc(r.Items, i.sameAs)
		if n < 0 {
			return ErrItemNotFound
		}
		r.Items = slices.Delete(r.Items, n, n+1)
		return nil
	})
}

// AddHost is ALTER REPLICATION … ADD HOST.
func (s *Server) AddHost(ctx context.Context, name string, h Host) error {
	return s.alter(ctx, name, func(c *Catalog, r *Replication) error { return s.addHost(c, r, h) })
}

// DropHost is ALTER REPLICATION … DROP HOST.
func (s *Server) DropHost(ctx context.Context, name string, h Host) error {
	return s.alter(ctx, name, func(_ *Catalog, r *Replication) error {
		n := r.host(h)
		if n < 0 {
			return ErrHostNotFound
		}
		if len(r.Hosts) == 1 {
			return ErrLastHost
		}
		if r.Hosts[n].No == r.HostNo {
			r.HostNo = r.Hosts[1-min(n, 1)].No
		}
		r.Hosts = slices.Delete(r.Hosts, n, n+1)
		return nil
	})
}

// SetHost is ALTER REPLICATION … SET HOST: the host to use next.
func (s *Server) SetHost(ctx context.Context, name string, h Host) error {
	return s.alter(ctx, name, func(_ *Catalog, r *Replication) error {
		n := r.host(h)
		if n < 0 {
			return ErrHostNotFound
		}
		r.HostNo = r.Hosts[n].No
		first := r.Hosts[n]
		r.Hosts = slices.Insert(slices.Delete(r.Hosts, n, n+1), 0, first)
		return nil
	})
}

func (r *Replication) host(h Host) int {
	return slices.IndexFunc(r.Hosts, func(o Host) bool { return o.Addr == h.Addr && o.Port == h.Port })
}

// alterItem changes an object by one of its tables, and locks the table exclusively.
func (s *Server) alterItem(ctx context.Context, by *Session, name string, i Item, change func(*Catalog, *Replication) error) error {
	if s.Catalog().Replication(name) == nil {
		return ErrSyncUnknown
	}
	release, err := s.lockItems(ctx, by, i)
	if err != nil {
		return err
	}
	defer release()
	return s.alter(ctx, name, change)
}

// alter changes an object. When the two ends are connected, they agree again.
func (s *Server) alter(ctx context.Context, name string, change func(*Catalog, *Replication) error) error {
	if err := s.changeReplication(ctx, name, true, change); err != nil {
		return err
	}
	s.countDDL(1)
	s.relink(name)
	return nil
}

// relink cuts the links of an object. Its sender connects again at once, unless it rests.
func (s *Server) relink(name string) {
	s.closeReceiver(name)
	s.mu.Lock()
	x := s.senders[name]
	s.mu.Unlock()
	if x == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.changes++
	if x.state.Status == SenderRuns && x.link != nil {
		_ = x.link.Close()
	}
}

// Truncated is called after a TRUNCATE of a replicated table, before its lock is released.
func (s *Server) Truncated(ctx context.Context, t *Table) { s.endReceivers(ctx, t, truncateWait) }

// Reshaped is called after a change of the columns of a replicated table, before its lock is released. While
// rows of a peer arrive it takes longer, and the table's users wait behind it.
func (s *Server) Reshaped(ctx context.Context, t *Table) { s.endReceivers(ctx, t, reshapeWait) }

// endReceivers ends the receivers of all objects that hold a table. It takes time when there was such a
// receiver or the object was sending, and another time when rows arrived. This server's senders go on, and
// send each row with its columns. The peers' senders try again, are refused once, and rest.
func (s *Server) endReceivers(ctx context.Context, t *Table, receiving time.Duration) {
	s.setInDDL(t, true)
	defer s.setInDDL(t, false)
	wait := time.Duration(0)
	for _, r := range s.Catalog().Replications {
		if !slices.ContainsFunc(r.Items, func(i Item) bool { return i.holds(t) }) {
			continue
		}
		s.mu.Lock()
		receiver := s.receivers[r.Name]
		if receiver != nil {
			s.cutByDDL[r.Name] = true
		}
		if receiver != nil || s.senders[r.Name] != nil {
			wait = max(wait, truncateWait)
		}
		s.mu.Unlock()
		if receiver != nil && receiver.receives() {
			wait = max(wait, receiving)
		}
		s.closeReceiver(r.Name)
	}
	_ = s.Clock.Sleep(ctx, wait)
}

func (s *Server) setInDDL(t *Table, is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inDDL[t.ID] = is
}
