// Package store keeps the rows, the catalog and the log of one server in an embedded SQLite database (WAL
// mode: a kill -9 loses no committed row).
//
// SQLite has one writer, so writing statements take turns. A statement waits for the running one, at most
// writerWait, and then fails with ERR-1104A. An open transaction between two statements keeps its changes in
// SQLite until another one wants to write. Then its changes are undone, and its statements run again at its
// next statement or its COMMIT. So an idle transaction blocks nobody here. The locks of tables and rows,
// which do block, are in package engine. This package reports the rows that a statement has changed, and
// undoes the statement when another transaction has locked one of them.
package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the driver

	"aku/e2e/altisim/engine"
)

// recordBytes is how far one log record moves the SN, which is a byte position on the real server.
const recordBytes = 192

// firstRecord keeps the SNs of a new database away from 0 and -1.
const firstRecord = 8000

// writerWait is how long a statement waits for its turn to write.
const writerWait = 60 * time.Second

var errWriterBusy = &engine.Error{Code: 0x1104A, Text: "Another statement has been writing for too long."}

// Store is one database. It implements engine.Store.
type Store struct {
	lock  *os.File
	read  *sql.DB
	write *sql.DB

	turn      chan struct{}  // held while a statement writes
	captured  *sql.Conn      // writes here leave records in the log
	silent    *sql.Conn      // writes here do not
	parked    *Tx            // open between two statements; guarded by turn
	triggered map[int]string // what the triggers of a table write, by its id; guarded by turn

	mu      sync.Mutex // also held during a COMMIT
	last    engine.SN
	changed chan struct{}
	catalog *engine.Catalog // as saved
}

var _ engine.Store = (*Store)(nil)

// Open opens the database in dir. When there is none, it creates one with the catalog that create returns.
func Open(dir string, create func() (*engine.Catalog, error)) (*Store, *engine.Catalog, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, nil, fmt.Errorf("%s is in use by another server: %w", dir, err)
	}
	s := &Store{lock: lock, turn: make(chan struct{}, 1), changed: make(chan struct{}), triggered: map[int]string{}}
	file := "file:" + filepath.Join(dir, "altisim.db")
	const pragmas = "?_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=case_sensitive_like(1)&_pragma=temp_store(2)"
	if s.write, err = sql.Open("sqlite", file+pragmas); err != nil {
		return nil, nil, err
	}
	if s.read, err = sql.Open("sqlite", file+pragmas+"&_pragma=query_only(1)"); err != nil {
		return nil, nil, err
	}
	s.read.SetMaxIdleConns(8)
	ctx := context.Background()
	if s.captured, err = s.write.Conn(ctx); err != nil {
		return nil, nil, err
	}
	if s.silent, err = s.write.Conn(ctx); err != nil {
		return nil, nil, err
	}
	c, err := s.load(ctx, create)
	if err != nil {
		return nil, nil, fmt.Errorf("open the database in %s: %w", dir, err)
	}
	return s, c, nil
}

func (s *Store) load(ctx context.Context, create func() (*engine.Catalog, error)) (*engine.Catalog, error) {
	for _, q := range []string{
		`CREATE TABLE IF NOT EXISTS _meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID`,
		`CREATE TABLE IF NOT EXISTS _log (id INTEGER PRIMARY KEY AUTOINCREMENT, op TEXT, tbl INTEGER, before TEXT, after TEXT)`,
	} {
		if _, err := s.silent.ExecContext(ctx, q); err != nil {
			return nil, err
		}
	}
	var text string
	c := &engine.Catalog{}
	switch err := s.silent.QueryRowContext(ctx, `SELECT value FROM _meta WHERE key = 'catalog'`).Scan(&text); {
	case errors.Is(err, sql.ErrNoRows):
		if c, err = create(); err != nil {
			return nil, err
		}
		if _, err := s.silent.ExecContext(ctx, `INSERT INTO sqlite_sequence (name, seq) VALUES ('_log', ?)`, firstRecord); err != nil {
			return nil, err
		}
		s.catalog = &engine.Catalog{}
		if err := s.SaveCatalog(ctx, c, true); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal([]byte(text), c); err != nil {
			return nil, err
		}
	}
	s.catalog = c
	id, err := sequence(ctx, s.silent)
	if err != nil {
		return nil, err
	}
	s.last = sn(id)
	return c, nil
}

// Close ends the store. Open transactions are rolled back.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	return errors.Join(s.read.Close(), s.captured.Close(), s.silent.Close(), s.write.Close(), s.lock.Close())
}

func sn(id int64) engine.SN           { return engine.SN(id * recordBytes) }
func recordID(n engine.SN) int64      { return int64(n) / recordBytes }
func physical(t *engine.Table) string { return Quote(t.User + "." + t.Name) }

// Quote is a name as an SQLite identifier.
func Quote(name string) string {
	out := []byte{'"'}
	for i := range len(name) {
		if name[i] == '"' {
			out = append(out, '"')
		}
		out = append(out, name[i])
	}
	return string(append(out, '"'))
}

// Physical is the name of a table in SQLite.
func Physical(t *engine.Table) string { return physical(t) }

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
