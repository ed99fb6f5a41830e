package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	connectTimeout = 10 * time.Second // REPLICATION_CONNECT_TIMEOUT
	answerTimeout  = 60 * time.Second // REPLICATION_CONNECT_RECEIVE_TIMEOUT
	// handshakeFloor keeps a fast clock from giving up on a busy machine.
	handshakeFloor = 2 * time.Second
)

// connect connects to the peer on one of the object's hosts, and agrees with it on what will be sent.
func (x *sender) connect(ctx context.Context, sync bool) (Link, error) {
	x.mu.Lock()
	x.agreed = x.changes
	x.mu.Unlock()
	r := x.s.Catalog().Replication(x.name)
	if r == nil {
		return nil, ErrReplicationUnknown
	}
	err := error(errHandshake(whyNoPeer))
	for _, h := range r.Hosts {
		x.update(func(st *SenderState) {
			st.Local, st.Remote = Addr{IP: "127.0.0.1"}, Addr{IP: h.Addr, Port: h.Port}
		})
		dial, cancel := context.WithTimeout(ctx, max(x.s.Clock.Real(connectTimeout), handshakeFloor))
		link, dialErr := x.s.net.Dial(dial, h.Addr, h.Port)
		cancel()
		if dialErr != nil {
			x.s.log.Debug("no peer", "replication", x.name, "host", h.Addr, "error", dialErr)
			continue
		}
		if err = x.agree(ctx, link, r, sync); err == nil {
			x.update(func(st *SenderState) { st.Local, st.Remote = link.LocalAddr(), link.RemoteAddr() })
			return link, nil
		}
		_ = link.Close()
	}
	return nil, err
}

func (x *sender) agree(ctx context.Context, link Link, r *Replication, sync bool) error {
	ctx, cancel := context.WithTimeout(ctx, max(x.s.Clock.Real(answerTimeout), handshakeFloor))
	defer cancel()
	unblock := context.AfterFunc(ctx, func() { _ = link.Close() })
	defer unblock()
	hello := x.s.hello(r, sync)
	x.mu.Lock()
	if x.fresh {
		hello.XSN = NoSN
	}
	hello.Wake, x.wakes = x.wakes, false
	hello.Again, x.again = x.again, false
	x.mu.Unlock()
	if err := x.s.Clock.Sleep(ctx, forTables(len(r.Items), tableAgreed)); err != nil {
		return errHandshake(whyNoPeer)
	}
	if err := link.Send(Frame{Kind: FrameHello, Hello: hello}); err != nil {
		return errHandshake(whyNoPeer)
	}
	f, err := link.Receive()
	switch {
	case err != nil:
		return errHandshake(whyNoObject)
	case f.Kind != FrameWelcome || f.Text != "":
		return errHandshake(f.Text)
	}
	// Everything below the number that the receiver remembers counts as sent and applied, if the number came
	// from this database. A sender that had no restart point before does not ask.
	x.mu.Lock()
	defer x.mu.Unlock()
	x.skip, x.fresh, x.announced = NoSN, false, hello.Items
	if hello.XSN != NoSN {
		x.skip = f.SN
	}
	return nil
}

func (s *Server) hello(r *Replication, sync bool) *Hello {
	c := s.Catalog()
	h := &Hello{Replication: r.Name, Sync: sync, XSN: r.XSN}
	for _, i := range r.Items {
		hi := HelloItem{Item: i}
		if t := c.Table(i.LocalUser, i.LocalTable); t != nil {
			hi.Columns, hi.PrimaryKey = t.Columns, t.PrimaryKey
			if !sync && r.XSN != NoSN {
				hi.Columns = t.ColumnsAt(r.XSN + 1)
			}
		}
		h.Items = append(h.Items, hi)
	}
	return h
}

// target is where a receiver puts the changes of one of the sender's items.
type target struct {
	table   *Table
	columns []Column // of the sender
	item    HelloItem
}

// takes checks whether rows with other columns than the announced ones fit.
func (t target) takes(columns []Column) error {
	hi := t.item
	hi.Columns = columns
	return matchColumns(hi, t.table)
}

// match compares a sender's announcement with this server's object. The sender's additional columns are left
// out.
func (c *Catalog) match(h *Hello) ([]target, error) {
	r := c.Replication(h.Replication)
	if r == nil {
		return nil, errors.New(whyNoObject)
	}
	if len(h.Items) != len(r.Items) {
		return nil, fmt.Errorf("The replication's item count does not match [%d:%d].", len(h.Items), len(r.Items))
	}
	targets := make([]target, len(h.Items))
	for n, hi := range h.Items {
		i := slices.IndexFunc(r.Items, func(i Item) bool {
			return i.LocalUser == hi.Item.RemoteUser && i.LocalTable == hi.Item.RemoteTable && i.LocalPartition == hi.Item.RemotePartition &&
				i.RemoteUser == hi.Item.LocalUser && i.RemoteTable == hi.Item.LocalTable && i.RemotePartition == hi.Item.LocalPartition
		})
		var t *Table
		if i >= 0 {
			t = c.Table(r.Items[i].LocalUser, r.Items[i].LocalTable)
		}
		if t == nil {
			return nil, errors.New("Internal server error in replication module (Table is different.).")
		}
		if err := matchColumns(hi, t); err != nil {
			return nil, err
		}
		targets[n] = target{t, hi.Columns, hi}
	}
	return targets, nil
}

func matchColumns(hi HelloItem, t *Table) error {
	for _, theirs := range hi.Columns {
		ours := t.Column(theirs.Name)
		if ours == nil {
			continue
		}
		from, to := hi.Item.LocalTable, t.Name
		if theirs.TypeID() != ours.TypeID() {
			return fmt.Errorf("The column type of the replicated table does not match. [%s.%s(%d):%s.%s(%d)].",
				from, theirs.Name, theirs.TypeID(), to, ours.Name, ours.TypeID())
		}
		if theirs.Precision != ours.Precision || theirs.Scale != ours.Scale {
			return fmt.Errorf("The column size of the replicated table does not match. [%s(Name:%s, Size:%d, Precision:%d, Scale:%d):%s(Name:%s, Size:%d, Precision: %d, Scale: %d)].",
				from, theirs.Name, theirs.Size(), theirs.Precision, theirs.Scale, to, ours.Name, ours.Size(), ours.Precision, ours.Scale)
		}
	}
	if !slices.Equal(hi.PrimaryKey, t.PrimaryKey) {
		return fmt.Errorf("The primary key of the replicated table does not match. [%s:%s].", hi.Item.LocalTable, t.Name)
	}
	return nil
}
