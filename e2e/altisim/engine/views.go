package engine

import (
	"maps"
	"slices"
)

// Senders are the senders of started, retrying and syncing objects.
func (s *Server) Senders() []SenderState {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []SenderState
	for _, r := range s.catalog.Replications {
		x := s.senders[r.Name]
		if x == nil {
			continue
		}
		x.mu.Lock()
		st := x.state
		st.Sync, st.Open = slices.Clone(st.Sync), s.transactions.stillOpen(st.Open)
		st.SentTo += s.ddl - x.ddlBefore
		st.Rows = map[int]map[Op]int64{}
		for id, rows := range x.state.Rows {
			st.Rows[id] = maps.Clone(rows)
		}
		x.mu.Unlock()
		if st.StartFlag != 2 {
			st.Sync = nil
			for _, i := range r.Items {
				st.Sync = append(st.Sync, SyncState{i.LocalTable, i.LocalPartition, -1, st.CommitXSN})
			}
		}
		out = append(out, st)
	}
	return out
}

// Receivers are the connected receivers.
func (s *Server) Receivers() []ReceiverState {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []ReceiverState
	for _, r := range s.catalog.Replications {
		v := s.receivers[r.Name]
		if v == nil {
			continue
		}
		v.mu.Lock()
		st := v.state
		for id, a := range v.open {
			st.Open = append(st.Open, ReceivedOpen{a.ID, id, a.began})
		}
		slices.SortFunc(st.Open, func(a, b ReceivedOpen) int { return int(a.Local - b.Local) })
		st.Success, st.Fail = map[Op]int64{}, map[Op]int64{}
		for _, op := range []Op{Insert, Update, Delete} {
			st.Success[op], st.Fail[op] = v.state.Success[op], v.state.Fail[op]
		}
		v.mu.Unlock()
		out = append(out, st)
	}
	return out
}

// Gap is a row of V$REPGAP.
type Gap struct {
	Name           string
	StartFlag      int
	LastSN, ReadSN SN
	Gap, Size      int64 // in started units of 1 MB; in bytes
}

// Gaps shows how far each sender is behind. A sender that has never reached its peer shows the real server's
// nonsense figures.
func (s *Server) Gaps() []Gap {
	last := s.store.LastSN()
	var out []Gap
	for _, st := range s.Senders() {
		g := Gap{Name: st.Name, StartFlag: st.StartFlag, LastSN: max(last, st.ReadSN), ReadSN: st.ReadSN}
		if st.ReadSN == NoSN {
			g.Gap, g.Size = 17592186040333, int64(int32(g.LastSN))-4284481535
		} else {
			g.Size = int64(g.LastSN - g.ReadSN)
			g.Gap = (g.Size + 1<<20 - 1) >> 20
		}
		out = append(out, g)
	}
	return out
}

// LastSN is the number of the server's last log record.
func (s *Server) LastSN() SN { return s.store.LastSN() }
