package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Transaction is an open transaction of a session, or of a receiver for one of its peer. It is listed from
// its first statement to its end.
type Transaction struct {
	ID      int64
	Session int64 // 0: of a receiver

	s        *Server
	receiver bool
	brief    bool // it ends with its one statement

	held  map[lockKey]lockMode // guarded by locks.mu
	waits *lockRequest         // guarded by locks.mu

	// Guarded by transactions.mu.
	wrote   time.Time // first
	began   SN        // the log's number at that time
	changes []Record  // so far, as they will be in the log; SN is the log's number then
}

type transactions struct {
	mu      sync.Mutex
	last    int64
	open    map[int64]*Transaction
	changed chan struct{} // closed and replaced when a sender may have news for its peer
}

// Begin makes a session's transaction. brief means that it ends with one statement.
func (s *Server) Begin(session int64, brief bool) *Transaction {
	s.transactions.mu.Lock()
	defer s.transactions.mu.Unlock()
	s.transactions.last++
	return &Transaction{ID: s.transactions.last, Session: session, s: s, brief: brief, held: map[lockKey]lockMode{}}
}

// beginReceived makes a receiver's transaction. brief means that the peer reports it only with its commit.
func (s *Server) beginReceived(brief bool) *Transaction {
	t := s.Begin(0, brief)
	t.receiver = true
	return t
}

func (t *Transaction) list() {
	t.s.transactions.mu.Lock()
	defer t.s.transactions.mu.Unlock()
	t.s.transactions.open[t.ID] = t
}

// Read locks tables for a statement that reads them. done releases them.
func (t *Transaction) Read(ctx context.Context, tables ...*Table) (done func(), err error) {
	if len(tables) > 0 {
		t.list()
	}
	done = func() {
		for _, table := range tables {
			t.s.locks.releaseRead(t, table.ID)
		}
	}
	for _, table := range tables {
		if err := t.s.locks.take(ctx, t, lockKey{table: table.ID}, lockRead, forever); err != nil {
			done()
			return nil, err
		}
	}
	return done, nil
}

// Write locks a table for changes of its rows until the transaction ends.
func (t *Transaction) Write(ctx context.Context, table *Table) error {
	if err := t.lockToWrite(ctx, table, forever); err != nil {
		return err
	}
	t.writes()
	return nil
}

func (t *Transaction) lockToWrite(ctx context.Context, table *Table, limit time.Duration) error {
	t.list()
	return t.s.locks.take(ctx, t, lockKey{table: table.ID}, lockShare, limit)
}

// writes records when the transaction begins to write.
func (t *Transaction) writes() {
	t.s.transactions.mu.Lock()
	defer t.s.transactions.mu.Unlock()
	if t.wrote.IsZero() {
		t.wrote, t.began = time.Now(), t.s.store.LastSN()
	}
}

// LockTable is LOCK TABLE … IN EXCLUSIVE MODE, until the transaction ends.
func (t *Transaction) LockTable(ctx context.Context, table *Table) error {
	t.list()
	return t.s.locks.take(ctx, t, lockKey{table: table.ID}, lockExclusive, forever)
}

// Changed records what a statement of the transaction has changed, and the log's number at its first write.
// Peers learn of it before the COMMIT.
func (t *Transaction) Changed(began SN, changes []Record) {
	all := &t.s.transactions
	all.mu.Lock()
	defer all.mu.Unlock()
	t.began = began
	at := t.s.store.LastSN()
	for _, r := range changes {
		r.SN = at
		t.changes = append(t.changes, r)
	}
	all.tell()
}

// End ends the transaction and releases its locks, after its COMMIT or ROLLBACK. Senders hear of
// the end of a session's transaction before its rows are free. A receiver's transaction is listed
// until its locks are free, because whoever waits for its end may want its table.
func (t *Transaction) End() {
	if t.receiver {
		t.s.locks.release(t)
	}
	all := &t.s.transactions
	all.mu.Lock()
	delete(all.open, t.ID)
	if len(t.changes) > 0 {
		all.tell()
	}
	all.mu.Unlock()
	if !t.receiver {
		t.s.locks.release(t)
	}
}

// tell wakes the senders. The caller holds the mutex.
func (a *transactions) tell() {
	close(a.changed)
	a.changed = make(chan struct{})
}

// TransactionState is an open transaction in the views.
type TransactionState struct {
	ID, Session int64
	Wrote       time.Time // first; zero: it has only read
}

// Transactions are the open transactions, in the order of their beginnings.
func (s *Server) Transactions() (all []TransactionState) {
	s.transactions.mu.Lock()
	defer s.transactions.mu.Unlock()
	for _, t := range s.transactions.open {
		all = append(all, TransactionState{t.ID, t.Session, t.wrote})
	}
	slices.SortFunc(all, func(a, b TransactionState) int { return int(a.ID - b.ID) })
	return all
}

// openTransaction is a sender's knowledge of a transaction that has written and not ended.
type openTransaction struct {
	id      int64
	began   SN
	changes []Record
}

// openTransactions are the open transactions of this server's users, and a channel that is closed when they
// change.
func (s *Server) openTransactions() (all []openTransaction, changed <-chan struct{}) {
	s.transactions.mu.Lock()
	defer s.transactions.mu.Unlock()
	for _, t := range s.transactions.open {
		if !t.receiver && !t.wrote.IsZero() {
			all = append(all, openTransaction{t.ID, t.began, t.changes})
		}
	}
	slices.SortFunc(all, func(a, b openTransaction) int { return int(a.id - b.id) })
	return all, s.transactions.changed
}

// stillOpen leaves out transactions that have ended meanwhile.
func (a *transactions) stillOpen(seen []SentOpen) (open []SentOpen) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range seen {
		if a.open[t.ID] != nil {
			open = append(open, t)
		}
	}
	return open
}

// lockAlone locks tables exclusively, as for DDL. release must be called in any case.
func (s *Server) lockAlone(ctx context.Context, limit time.Duration, tables []*Table) (release func(), err error) {
	t := s.Begin(0, true)
	for _, table := range tables {
		if err := s.locks.take(ctx, t, lockKey{table: table.ID}, lockExclusive, limit); err != nil {
			s.locks.release(t)
			return nil, err
		}
	}
	return func() { s.locks.release(t) }, nil
}

// LockForDDL locks tables for a DDL statement. It waits as long as the session's DDL_LOCK_TIMEOUT, by default
// not at all.
func (s *Server) LockForDDL(ctx context.Context, by *Session, tables ...*Table) (release func(), err error) {
	limit := time.Duration(by.DDLLockTimeout()) * time.Second
	if limit < 0 {
		limit = forever
	}
	release, err = s.lockAlone(ctx, limit, tables)
	if err != nil && !errors.Is(err, ErrLockTimeout) && !errors.Is(err, ErrDeadlock) {
		err = statementError(ctx, err)
	}
	return release, err
}
