package simulation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"aku/internal/akucore"
)

// maxPods is the largest number of pods, maxBlocks that of blocks.
const (
	maxPods   = 6
	maxBlocks = 2
)

// world is everything in one run. One lock guards all of it. Nobody holds it while waiting.
type world struct {
	mu      sync.Mutex
	seed    uint64
	options Options
	began   time.Time
	ctx     context.Context
	tasks   sync.WaitGroup

	pods       [maxPods]*pod     // nil: the pod does not exist at the moment
	volumes    [maxPods]*volume  // kept when the pod is gone
	copies     [maxPods]*volume  // copies that a person keeps
	every      []*volume         // all volumes so far
	forks      []fork            // of them, by being set back
	left       [maxPods]bool     // it ended in order and reset its pairs
	givenUp    map[place]bool    // rows that a person gave up
	traceless  map[place]written // rows that were lost with a volume that nobody can know was set back, as they were last written before
	sources    [maxPods]bool     // slaves that were a source of a recovery
	lost       []*volume         // lost volumes, with what nobody else has
	nextID     int64             // of values, sessions, volumes and server starts
	set        statefulSet
	network    network
	masterSeen time.Time // the last time it was reachable for anybody and in service
	armed      []*armed
	journal    journal
	claims     claims
	unguarded  map[taken]akucore.Guard // removed by a mutation
	dice       map[dieKey]uint64
	told       strings.Builder
	violations []string
	ended      []string // ends that took too long
	figures    Figures
	lives      map[int64]beatLife // by the value of their rows
}

// Figures count what happened in a run.
type Figures struct {
	Writes, Ends, Faults, Tainted, Shared, Syncs, Broken, Changes, Recoveries int
	// Slowest is the longest time from a server that is up to its pod in service.
	Slowest time.Duration
}

func (f *Figures) add(b Figures) {
	f.Writes += b.Writes
	f.Ends += b.Ends
	f.Faults += b.Faults
	f.Tainted += b.Tainted
	f.Shared += b.Shared
	f.Syncs += b.Syncs
	f.Broken += b.Broken
	f.Slowest = max(f.Slowest, b.Slowest)
	f.Changes += b.Changes
	f.Recoveries += b.Recoveries
}

// mesh is the configuration of this pod. A revision of the pod template may add a block, and may change the
// list of tables: each block gets a second table, or loses it again.
func (p *pod) mesh() akucore.Mesh {
	o := p.w.options
	m := akucore.Mesh{StatefulSet: "altibase", Service: "svc", Self: p.number, ServerCount: o.ServerCount, ReplicationPort: 20301, ReceiverLockTimeout: o.LockTimeout}
	blocks := o.Blocks
	if o.AddBlock && p.revision > 0 {
		blocks = maxBlocks
	}
	for b := range blocks {
		tables := []akucore.Table{{User: "SYS", Name: fmt.Sprintf("T%d", b)}}
		if o.Lists && p.revision%2 == 1 {
			tables = append(tables, akucore.Table{User: "SYS", Name: fmt.Sprintf("X%d", b)})
		}
		m.Blocks = append(m.Blocks, akucore.Block{Prefix: fmt.Sprintf("AKU_%c", 'A'+b), Parallel: 1, Tables: tables})
	}
	return m
}

// list are the names of tables, in order.
func list(tables []akucore.Table) []string {
	var names []string
	for _, t := range tables {
		names = append(names, t.Name)
	}
	slices.Sort(names)
	return names
}

// host is the pod that a host name belongs to.
func (w *world) host(name string) int {
	var pod int
	_, _ = fmt.Sscanf(name, "altibase-%d.svc", &pod)
	return pod
}

// A block has the table Tn and, while the lists change, sometimes Xn. The beat tables of the blocks follow
// after the users' tables.
const (
	userTables = 2 * maxBlocks
	maxTables  = userTables + maxBlocks
)

// isBeat tells whether a table is a beat table.
func isBeat(table int) bool { return table >= userTables }

// table is the number of a table.
func table(t akucore.Table) int {
	if strings.HasSuffix(t.Name, "_BEAT") {
		return userTables + int(t.Name[len("AKU_")]-'A')
	}
	n := int(t.Name[1] - '0')
	if t.Name[0] == 'X' {
		n += maxBlocks
	}
	return n
}

// block is the block of an object, by its name.
func block(spec akucore.ObjectSpec) int { return int(spec.Name[len("AKU_")] - 'A') }

func (w *world) id() int64 {
	w.nextID++
	return w.nextID
}

// tell adds a line to the story. Callers hold the lock.
func (w *world) tell(format string, args ...any) {
	if !w.options.Tell {
		return
	}
	fmt.Fprintf(&w.told, "%9.3fs  ", time.Since(w.began).Seconds())
	fmt.Fprintf(&w.told, format, args...)
	w.told.WriteByte('\n')
}

// violated records a broken invariant. Callers hold the lock.
func (w *world) violated(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.tell("!!! %s", text)
	w.violations = append(w.violations, fmt.Sprintf("at %.3fs: %s", time.Since(w.began).Seconds(), text))
}

// spawn runs a part of the world that ends with the world.
func (w *world) spawn(f func()) { w.tasks.Go(f) }

// after runs f under the lock after some time, unless the world ends before.
func (w *world) after(d time.Duration, f func()) {
	time.AfterFunc(d, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.ctx.Err() == nil {
			f()
		}
	})
}

// pause waits unless the context ends first.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
