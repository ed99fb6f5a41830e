package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

var errSyncFailed = errors.New("ERR-61153 Replication synchronization failed")

func (s *lockServer) Sync(_ context.Context, object string, _ int, _ []akucore.Table, wait time.Duration) error {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.of.said = append(s.of.said, fmt.Sprintf("SYNC %s within %s", s.side(object), wait))
	if s.of.queued && !s.of.stopped["altibase-1 AKU_REP_01"] {
		return errSyncFailed
	}
	return nil
}

func (s *lockServer) SyncProgress(context.Context, string) ([]SyncProgress, error) { return nil, nil }

func (s *lockServer) SetReceiverLockTimeout(_ context.Context, wait time.Duration) error {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.of.said = append(s.of.said, fmt.Sprintf("receivers of %s wait %s", s.mesh.PodName(s.pod), wait))
	return nil
}

// The other slaves' senders go on beside the SYNC of a join that needs to wait for nobody; in all other cases, and once a SYNC has
// failed, they are stopped until it has its locks.
func TestSync_HoldsTheOtherPodsBack_UnlessNobodyIsInItsWay(t *testing.T) {
	beside := []string{"receivers of altibase-0 wait 1h0m0s", "SYNC altibase-0 AKU_REP_02 within 1s"}
	held := []string{"STOP altibase-1 AKU_REP_01", "SYNC altibase-0 AKU_REP_02 within 20s", "START RETRY altibase-1 AKU_REP_01"}
	for name, c := range map[string]struct {
		open      []Transaction
		queued    bool
		receivers time.Duration
		blocks    int // beyond the first
		do        akucore.Verb
		want      []string
	}{
		"nobody writes":                             {receivers: time.Hour, do: akucore.Sync, want: beside},
		"somebody writes":                           {open: []Transaction{{ID: 1, Session: 9, Since: time.Now()}}, receivers: time.Hour, do: akucore.Sync, want: held},
		"a receiver writes":                         {open: []Transaction{{ID: 1, Since: time.Now()}}, receivers: time.Hour, do: akucore.Sync, want: held},
		"somebody has only said LOCK TABLE":         {open: []Transaction{{ID: 1, Session: 9}}, receivers: time.Hour, do: akucore.Sync, want: held},
		"a row of another pod queues behind it":     {queued: true, receivers: time.Hour, do: akucore.Sync, want: slices.Concat(beside, held)},
		"receivers would give rows up before":       {receivers: 4 * time.Second, do: akucore.Sync, want: held},
		"another block's copy, at the same time":    {receivers: time.Hour, blocks: 1, do: akucore.Sync, want: held},
		"a changed list, which must not fail again": {receivers: time.Hour, do: akucore.SyncTables, want: held},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, of := mesh(2), &lockedMesh{open: c.open, queued: c.queued}
				m.ReceiverLockTimeout, m.Blocks = c.receivers, append(m.Blocks, make([]akucore.Block, c.blocks)...)
				r := Runner{Mesh: m, Servers: lockedServers(of, m), Log: slog.New(slog.DiscardHandler), LockWait: 20 * time.Second}
				copies := akucore.Stage{Steps: []akucore.Step{{Do: c.do, Side: akucore.Side{On: akucore.Master, Peer: 2}}}}
				err := r.stage(t.Context(), copies, 0)
				if errors.Is(err, errSyncFailed) {
					err = r.stage(t.Context(), copies, 0)
				}
				if err != nil || !slices.Equal(of.said, c.want) {
					t.Errorf("error %v, said %q, want %q", err, of.said, c.want)
				}
			})
		})
	}
}

// Users and receivers wait behind a SYNC for a second for each of its tables, that of the beats too, and the server may take two. A
// receiver must wait longer than that, else it gives a row up.
func TestSync_BesideOtherPods_OnlyWhereReceiversWaitLongerThanTwoSecondsForEachTable(t *testing.T) {
	for tables := 1; tables <= 40; tables += 13 {
		most := time.Duration(tables+1) * 2 * time.Second
		for receivers, beside := range map[time.Duration]bool{most - time.Second: false, most: false, most + time.Second: true} {
			t.Run(fmt.Sprintf("%d tables, receivers wait %s", tables, receivers), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m, of := mesh(2), &lockedMesh{}
					m.ReceiverLockTimeout, m.Blocks[0].Tables = receivers, nil
					for n := range tables {
						m.Blocks[0].Tables = append(m.Blocks[0].Tables, akucore.Table{User: "SYS", Name: fmt.Sprintf("T%d", n)})
					}
					r := Runner{Mesh: m, Servers: lockedServers(of, m), Log: slog.New(slog.DiscardHandler), LockWait: 20 * time.Second}
					if err := r.stage(t.Context(), akucore.Stage{Steps: []akucore.Step{{Do: akucore.Sync, Side: akucore.Side{On: akucore.Master, Peer: 2}}}}, 0); err != nil {
						t.Error(err)
					}
					if got := slices.Contains(of.said, "SYNC altibase-0 AKU_REP_02 within 1s"); got != beside {
						t.Errorf("it copies beside the other pods: %t, want %t; said %q", got, beside, of.said)
					}
					if held := slices.Contains(of.said, "STOP altibase-1 AKU_REP_01"); held == beside {
						t.Errorf("it holds the other pods back: %t; said %q", held, of.said)
					}
				})
			})
		}
	}
}

// resetServer shows an object with its log at the first read, and reset from then on.
type resetServer struct {
	*lockServer
	read bool
}

func (s *resetServer) Brief(ctx context.Context) (akucore.State, error) {
	state, err := s.lockServer.Brief(ctx)
	if s.read {
		for name, o := range state.Objects {
			o.XSN = akucore.Unset
			state.Objects[name] = o
		}
	}
	s.read = true
	return state, err
}

// A SYNC of an object that was reset while aku waited for long transactions, or stopped the other slaves' senders,
// would begin at the copy and leave out what the pin was for.
func TestSync_LogThatWasResetWhileItWaited_IsNotCopiedFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, of := mesh(2), &lockedMesh{open: []Transaction{{ID: 1, Session: 9, Since: time.Now()}}}
		servers := lockedServers(of, m)
		servers[akucore.Master] = &resetServer{lockServer: servers[akucore.Master].(*lockServer)}
		r := Runner{Mesh: m, Servers: servers, Log: slog.New(slog.DiscardHandler), LockWait: 20 * time.Second}
		err := r.stage(t.Context(), akucore.Stage{Steps: []akucore.Step{{Do: akucore.Sync, Side: akucore.Side{On: akucore.Master, Peer: 2}, If: akucore.IfKept, Pinned: true}}}, 0)
		if want := []string{"STOP altibase-1 AKU_REP_01", "START RETRY altibase-1 AKU_REP_01"}; !errors.Is(err, errReset) || !slices.Equal(of.said, want) {
			t.Errorf("error %v, said %q, want %q", err, of.said, want)
		}
	})
}

// copyingServer is reset when its copy begins, and shows the copy a second later.
type copyingServer struct {
	*lockServer
	reset, copying atomic.Bool
}

func (s *copyingServer) Sync(ctx context.Context, object string, parallel int, tables []akucore.Table, wait time.Duration) error {
	s.reset.Store(true)
	time.Sleep(time.Second)
	s.copying.Store(true)
	time.Sleep(2 * time.Second)
	return s.lockServer.Sync(ctx, object, parallel, tables, wait)
}

func (s *copyingServer) SyncProgress(context.Context, string) ([]SyncProgress, error) {
	if !s.copying.Load() {
		return nil, nil
	}
	return []SyncProgress{{Table: "T1", SN: 1}}, nil
}

func (s *copyingServer) Brief(ctx context.Context) (akucore.State, error) {
	state, err := s.lockServer.Brief(ctx)
	if s.reset.Load() {
		for name, o := range state.Objects {
			o.XSN = akucore.Unset
			state.Objects[name] = o
		}
	}
	return state, err
}

// A pod that hands over resets the objects of whoever joins meanwhile, so that they copy what it has delivered.
func TestSync_LogThatWasResetAfterTheGuard_IsNoCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, of := mesh(2), &lockedMesh{}
		m.ReceiverLockTimeout = time.Hour
		servers := lockedServers(of, m)
		r := Runner{Mesh: m, Servers: servers, Log: slog.New(slog.DiscardHandler), LockWait: 20 * time.Second}
		var master *copyingServer
		copies := func() error {
			master = &copyingServer{lockServer: servers[akucore.Master].(*lockServer)}
			r.Servers = pods{akucore.Master: master, 1: servers[1], 2: servers[2]}
			return r.stage(t.Context(), akucore.Stage{Steps: []akucore.Step{{Do: akucore.Sync, Side: akucore.Side{On: akucore.Master, Peer: 2}, If: akucore.IfKept}}}, 0)
		}
		if err := copies(); !errors.Is(err, errReset) {
			t.Errorf("error %v", err)
		}
		// A server that always shows it is no reason never to join.
		if err := copies(); err != nil {
			t.Errorf("the second time: %v", err)
		}
	})
}
