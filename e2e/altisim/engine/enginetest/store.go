// Package enginetest runs servers of package engine in one process, with rows and log in memory and links
// over channels. With testing/synctest, the rules run under virtual time.
package enginetest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"aku/e2e/altisim/engine"
)

// step is how far one log record moves the number.
const step = 192

// Store keeps one server's data in memory. It outlives its engine.Server, as a volume outlives a process.
type Store struct {
	// Slow is the time to apply what comes from a peer.
	Slow time.Duration

	mu      sync.Mutex
	last    engine.SN
	changed chan struct{}
	log     []engine.Record
	rows    map[int]map[string][]any // by table id and key
	catalog *engine.Catalog
}

var _ engine.Store = (*Store)(nil)

// NewStore makes an empty store with these tables in its catalog.
func NewStore(tables ...*engine.Table) *Store {
	c := engine.NewCatalog("MANAGER")
	for _, t := range tables {
		t.ID = c.NewID()
		c.Tables = append(c.Tables, t)
	}
	return &Store{last: 8000 * step, changed: make(chan struct{}), rows: map[int]map[string][]any{}, catalog: c}
}

// Catalog is the saved catalog.
func (s *Store) Catalog() *engine.Catalog {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.catalog
}

// LastSN implements engine.Store.
func (s *Store) LastSN() engine.SN {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Changed implements engine.Store.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// moveOn takes the next number. The caller holds the lock.
func (s *Store) moveOn() engine.SN {
	s.last += step
	close(s.changed)
	s.changed = make(chan struct{})
	return s.last
}

// Write commits changes of a user in one transaction, and logs them if the table is replicated. It returns
// for each change whether it was made.
func (s *Store) Write(t *engine.Table, changes ...engine.Change) []bool {
	return s.Commit(0, s.LastSN(), t, changes...)
}

// Commit commits the changes of a transaction that is open since its first write.
func (s *Store) Commit(id int64, began engine.SN, t *engine.Table, changes ...engine.Change) []bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	logged := s.catalog.ReplicationCount(t) > 0
	made := make([]bool, len(changes))
	if logged && began < s.last {
		s.log = append(s.log, engine.Record{SN: s.moveOn(), Op: engine.Began, Began: began})
	}
	for i, ch := range changes {
		ch.Table, ch.Columns = t, t.Columns
		if made[i] = s.change(ch); made[i] && logged {
			s.log = append(s.log, engine.Record{SN: s.moveOn(), Op: ch.Op, TableID: t.ID, Before: ch.Before, After: ch.After})
		}
	}
	n := s.moveOn()
	if logged {
		s.log = append(s.log, engine.Record{SN: n, Op: engine.Commit, Tx: id})
		s.moveOn() // two records without interest for a peer follow
		s.moveOn()
	}
	return made
}

// Row makes a row image.
func Row(values ...any) string {
	b, err := json.Marshal(values)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Rows returns the rows of a table, ordered by their images.
func (s *Store) Rows(t *engine.Table) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for _, row := range s.rows[t.ID] {
		out = append(out, Row(row...))
	}
	slices.Sort(out)
	return out
}

// Truncate empties a table without a trace in the log.
func (s *Store) Truncate(t *engine.Table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rows, t.ID)
	s.moveOn()
}

// change makes one change by the conflict rules of engine.Change.
func (s *Store) change(ch engine.Change) bool {
	before, after := values(ch, ch.Before), values(ch, ch.After)
	rows := s.rows[ch.Table.ID]
	if rows == nil {
		rows = map[string][]any{}
		s.rows[ch.Table.ID] = rows
	}
	switch ch.Op {
	case engine.Insert:
		k := key(ch.Table, after)
		if _, exists := rows[k]; exists {
			return false
		}
		rows[k] = after
	case engine.Update:
		old, new := key(ch.Table, before), key(ch.Table, after)
		row, exists := rows[old]
		if !exists {
			return false
		}
		if _, taken := rows[new]; taken && new != old {
			return false
		}
		row = slices.Clone(row)
		for i := range row {
			if before[i] != after[i] {
				if row[i] != before[i] {
					return false
				}
				row[i] = after[i]
			}
		}
		delete(rows, old)
		rows[new] = row
	case engine.Delete:
		k := key(ch.Table, before)
		if _, exists := rows[k]; !exists {
			return false
		}
		delete(rows, k)
	}
	return true
}

// values reads a row image and keeps the columns that the table has.
func values(ch engine.Change, image string) []any {
	if image == "" {
		return nil
	}
	var sent []any
	if err := json.Unmarshal([]byte(image), &sent); err != nil {
		panic(err)
	}
	out := make([]any, len(ch.Table.Columns))
	for i, c := range ch.Columns {
		n := slices.IndexFunc(ch.Table.Columns, func(o engine.Column) bool { return o.Name == c.Name })
		if n >= 0 {
			out[n] = sent[i]
		}
	}
	return out
}

func key(t *engine.Table, row []any) string {
	var k []any
	for i, c := range t.Columns {
		if slices.Contains(t.PrimaryKey, c.Name) {
			k = append(k, row[i])
		}
	}
	return Row(k...)
}

// ReadLog implements engine.Store.
func (s *Store) ReadLog(ctx context.Context, after engine.SN, limit int) ([]engine.Record, engine.SN, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, _ := slices.BinarySearchFunc(s.log, after+1, func(r engine.Record, n engine.SN) int { return int(r.SN - n) })
	out := s.log[from:min(from+limit, len(s.log))]
	if len(out) == limit {
		return slices.Clone(out), out[limit-1].SN, ctx.Err()
	}
	return slices.Clone(out), s.last, ctx.Err()
}

// Snapshot implements engine.Store.
func (s *Store) Snapshot(context.Context) (engine.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	frozen := map[int]map[string][]any{}
	for id, rows := range s.rows {
		frozen[id] = maps.Clone(rows)
	}
	return &snapshot{frozen, s.last}, nil
}

type snapshot struct {
	rows map[int]map[string][]any
	sn   engine.SN
}

func (s *snapshot) SN() engine.SN { return s.sn }
func (s *snapshot) Close()        {}

func (s *snapshot) Rows(ctx context.Context, t *engine.Table, batch func([]string) error) error {
	for _, k := range slices.Sorted(maps.Keys(s.rows[t.ID])) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := batch([]string{Row(s.rows[t.ID][k]...)}); err != nil {
			return err
		}
	}
	return nil
}

// Apply implements engine.Store.
func (s *Store) Apply(ctx context.Context, changes []engine.Change) ([]bool, error) {
	time.Sleep(s.Slow)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	made := make([]bool, len(changes))
	for i, ch := range changes {
		made[i] = s.change(ch)
	}
	s.moveOn()
	return made, nil
}

// SaveCatalog implements engine.Store.
func (s *Store) SaveCatalog(ctx context.Context, c *engine.Catalog, logged bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catalog = c
	if logged {
		s.moveOn()
	}
	return nil
}

// Touch implements engine.Store.
func (s *Store) Touch(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moveOn()
	return nil
}

// Prune implements engine.Store.
func (s *Store) Prune(_ context.Context, upTo engine.SN) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = slices.DeleteFunc(s.log, func(r engine.Record) bool { return r.SN <= upTo })
	return nil
}

// LogLength is the number of records in the log.
func (s *Store) LogLength() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.log)
}
