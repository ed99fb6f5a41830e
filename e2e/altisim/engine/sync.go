package engine

import (
	"cmp"
	"context"
	"slices"
)

// SyncOptions are the parts of ALTER REPLICATION … SYNC.
type SyncOptions struct {
	Parallel int
	Only     bool        // do not start the sender afterwards
	Tables   []SyncTable // empty: all
}

// Sync is ALTER REPLICATION … SYNC. It waits until it has the locks of its tables, freezes their rows,
// releases the locks and copies the rows. Then, unless told otherwise, it starts the sender from the moment
// of the copy. With a list of tables it copies only those and keeps the restart point, so that pending
// changes of the others are sent, too. Until it ends, and when it fails, the object looks as before.
func (s *Server) Sync(ctx context.Context, name string, o SyncOptions) error {
	if err := s.Catalog().checkSync(name, o.Tables); err != nil {
		return err
	}
	x, err := s.reserve(ctx, name, ErrSyncUnknown)
	if err != nil {
		return err
	}
	undo := func(err error) error {
		close(x.done)
		s.remove(x)
		return err
	}
	link, err := x.connect(ctx, true)
	if err != nil {
		return undo(statementError(ctx, err))
	}
	items := s.Catalog().Replication(name).Items
	x.mu.Lock()
	x.state.StartFlag, x.state.Status, x.state.Parallel = 2, SenderSyncs, o.Parallel
	for _, i := range items {
		x.state.Sync = append(x.state.Sync, SyncState{i.LocalTable, i.LocalPartition, -1, NoSN})
	}
	x.mu.Unlock()

	work, cut := context.WithCancel(ctx)
	defer cut()
	defer context.AfterFunc(x.ctx, cut)() // STOP, or the end of the server
	at, err := x.copy(work, link, o)
	_ = link.Close()
	if err == nil {
		err = s.changeReplication(work, name, true, func(_ *Catalog, r *Replication) error {
			if work.Err() != nil {
				return ErrSyncFailed
			}
			r.finishSync(at, o, s.movesPin)
			return nil
		})
	}
	if err != nil {
		s.log.Info("sync failed", "replication", name, "error", err)
		return undo(statementError(ctx, ErrSyncFailed))
	}
	s.log.Info("sync has ended", "replication", name, "sn", at)
	if o.Only {
		return undo(nil)
	}
	x.update(func(st *SenderState) {
		st.StartFlag, st.Status = 0, SenderRuns
	})
	x.mu.Lock()
	x.fresh = true
	x.mu.Unlock()
	s.spawn(func() { x.run(nil, SenderRetries) })
	return nil
}

// finishSync records that everything up to at is on the peer.
func (r *Replication) finishSync(at SN, o SyncOptions, movesPin bool) {
	r.Started = !o.Only
	if len(o.Tables) == 0 || r.XSN == NoSN || movesPin {
		r.XSN, r.Pinned = at, at
	}
	for i := range r.Items {
		if len(o.Tables) > 0 && o.names(r.Items[i].LocalUser, r.Items[i].LocalTable) {
			r.Items[i].InvalidMaxSN = at
		}
	}
}

// freeze waits for the locks of the tables that a SYNC copies, and takes their rows. Only its time limit and
// the end of the server end the wait: on the real server a STOP does not.
func (x *sender) freeze(ctx context.Context, o SyncOptions) (Snapshot, error) {
	s := x.s
	var tables []*Table
	c := s.Catalog()
	for _, i := range c.Replication(x.name).Items {
		t := c.Table(i.LocalUser, i.LocalTable)
		if o.copies(t) && !slices.Contains(tables, t) {
			tables = append(tables, t)
		}
	}
	limit := s.seconds("REPLICATION_SYNC_LOCK_TIMEOUT")
	if limit > 0 {
		limit = max(limit, syncLockLeast)
	}
	release, err := s.lockAlone(s.ctx, limit, tables)
	if err != nil {
		return nil, err
	}
	defer release()
	s.changing.Lock() // the log from here on must not be pruned
	x.mu.Lock()
	x.pin = s.store.LastSN()
	x.mu.Unlock()
	s.changing.Unlock()
	return s.store.Snapshot(ctx)
}

func (o SyncOptions) copies(t *Table) bool {
	return len(o.Tables) == 0 || o.names(t.User, t.Name)
}

func (x *sender) copy(ctx context.Context, link Link, o SyncOptions) (SN, error) {
	s := x.s
	waits := s.sayAlive(link, func() Frame { return Frame{Kind: FrameKeepAlive, SN: NoSN} })
	snap, err := x.freeze(ctx, o)
	waits()
	if err != nil {
		return NoSN, err
	}
	defer snap.Close()
	unblock := context.AfterFunc(ctx, func() { _ = link.Close() })
	defer unblock()
	c := s.Catalog()
	r := c.Replication(x.name)
	copied := 0
	for _, i := range r.Items {
		if o.copies(c.Table(i.LocalUser, i.LocalTable)) {
			copied++
		}
	}
	least := make(chan error, 1)
	go func() { least <- s.Clock.Sleep(ctx, syncWait+forTables(copied, tableCopied)) }()
	answers := make(chan error, 1)
	go func() {
		f, err := link.Receive() // the answer to FrameRowsDone, or the end of the peer
		for err == nil && f.Kind != FrameRowsDone {
			f, err = link.Receive() // it is alive, and not done
		}
		if err != nil {
			_ = link.Close()
		}
		answers <- err
	}()

	x.update(func(st *SenderState) {
		st.ReadSN, st.CommitXSN, st.Sync = snap.SN(), snap.SN(), nil
		for _, i := range r.Items {
			st.Sync = append(st.Sync, SyncState{Table: i.LocalTable, Partition: i.LocalPartition, SN: snap.SN()})
		}
	})
	for n, i := range r.Items {
		t := c.Table(i.LocalUser, i.LocalTable)
		first := slices.IndexFunc(r.Items, func(o Item) bool { return o.holds(t) }) == n
		if first && o.copies(t) {
			err := snap.Rows(ctx, t, func(rows []string) error {
				if err := link.Send(Frame{Kind: FrameRows, Item: n, Rows: rows}); err != nil {
					return err
				}
				x.update(func(st *SenderState) { st.Sync[n].Records += int64(len(rows)) })
				return nil
			})
			if err != nil {
				return NoSN, err
			}
		}
	}
	select {
	case err := <-least:
		if err != nil {
			return NoSN, err
		}
	case err := <-answers: // the peer disconnected when nothing was left to send
		return NoSN, cmp.Or(err, error(ErrSyncFailed))
	}
	if err := link.Send(Frame{Kind: FrameRowsDone}); err != nil {
		return NoSN, err
	}
	if err := <-answers; err != nil {
		return NoSN, err
	}
	x.update(func(st *SenderState) {
		for i := range st.Sync {
			st.Sync[i].Records = -1
		}
	})
	return snap.SN(), nil
}
