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
	Tables   [][2]string // user and table; empty: all
}

// Sync is ALTER REPLICATION … SYNC: it copies the rows as they are at its start
// and then, unless told otherwise, starts the sender from that moment on. With
// a list of tables only those are copied and the restart point stays, so that
// what was pending for the others is sent too. Until it ends, and when it
// fails, the object looks as before.
func (s *Server) Sync(ctx context.Context, name string, o SyncOptions) error {
	for _, t := range o.Tables {
		r := s.Catalog().Replication(name)
		if r != nil && !slices.ContainsFunc(r.Items, func(i Item) bool { return [2]string{i.LocalUser, i.LocalTable} == t }) {
			return ErrItemNotFound
		}
	}
	x, err := s.reserve(name, ErrSyncUnknown)
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
	x.mu.Lock()
	x.state.StartFlag, x.state.Status, x.state.Parallel = 2, SenderSyncs, o.Parallel
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
			r.finishSync(at, o)
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
	s.spawn(func() { x.run(nil, SenderRetries) })
	return nil
}

// finishSync notes that all up to at is on the peer.
func (r *Replication) finishSync(at SN, o SyncOptions) {
	r.Started = !o.Only
	if len(o.Tables) == 0 || r.XSN == NoSN {
		r.XSN, r.Pinned = at, 0
	}
	for i := range r.Items {
		if len(o.Tables) > 0 && slices.Contains(o.Tables, [2]string{r.Items[i].LocalUser, r.Items[i].LocalTable}) {
			r.Items[i].InvalidMaxSN = at
		}
	}
}

func (x *sender) copy(ctx context.Context, link Link, o SyncOptions) (SN, error) {
	s := x.s
	unblock := context.AfterFunc(ctx, func() { _ = link.Close() })
	defer unblock()
	least := make(chan error, 1)
	go func() { least <- s.Clock.Sleep(ctx, syncWait) }()
	answers := make(chan error, 1)
	go func() {
		_, err := link.Receive() // the answer to FrameRowsDone, or the end of the peer
		if err != nil {
			_ = link.Close()
		}
		answers <- err
	}()

	s.changing.Lock() // the log from here on must not be pruned
	x.mu.Lock()
	x.pin = s.store.LastSN()
	x.mu.Unlock()
	s.changing.Unlock()
	snap, err := s.store.Snapshot(ctx)
	if err != nil {
		return NoSN, err
	}
	defer snap.Close()
	c := s.Catalog()
	r := c.Replication(x.name)
	x.update(func(st *SenderState) {
		st.ReadSN, st.CommitXSN = snap.SN(), snap.SN()
		for _, i := range r.Items {
			st.Sync = append(st.Sync, SyncState{Table: i.LocalTable, Partition: i.LocalPartition, SN: snap.SN()})
		}
	})
	for n, i := range r.Items {
		t := c.Table(i.LocalUser, i.LocalTable)
		first := slices.IndexFunc(r.Items, func(o Item) bool { return o.holds(t) }) == n
		if first && (len(o.Tables) == 0 || slices.Contains(o.Tables, [2]string{t.User, t.Name})) {
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
	case err := <-answers: // the peer has gone while there was nothing left to send
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
