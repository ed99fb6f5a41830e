package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Transaction is an open transaction: a session's, or a receiver's for one of its peer. It
// is listed from its first statement to its end.
type Transaction struct {
	ID      int64
	Session int64 // 0: a receiver's

	s        *Server
	receiver bool
	brief    bool // over with its one statement

	held  map[lockKey]lockMode // guarded by locks.mu
	waits *lockRequest         // guarded by locks.mu

	// Guarded by transactions.mu.
	wrote   time.Time // first
	began   SN        // where the log was then
	changes []Record  // so far, as they will be in the log; SN is where it was
}

type transactions struct {
	mu      sync.Mutex
	last    int64
	open    map[int64]*Transaction
	changed chan struct{} // closed and replaced when a sender may have something to tell its peer
}

// Begin makes a session's transaction; brief says that it is over with one statement.
func (s *Server) Begin(session int64, brief bool) *Transaction {
	s.transactions.mu.Lock()
	defer s.transactions.mu.Unlock()
	s.transactions.last++
	return &Transaction{ID: s.transactions.last, Session: session, s: s, brief: brief, held: map[lockKey]lockMode{}}
}

// beginReceived makes a receiver's transaction; brief says that the peer has told of it only
// with its commit.
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

// Read locks tables for a statement that reads them; done ends that.
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

// writes notes when the transaction begins to write.
func (t *Transaction) writes() {
	t.s.transactions.mu.Lock()
	defer t.s.transactions.mu.Unlock()
	if t.wrote.IsZero() {
		t.wrote, t.began = time.Now(), t.s.store.LastSN()
	}
}

// LockTable is LOCK TABLE … IN EXCLUSIVE MODE: nobody else until the transaction ends.
func (t *Transaction) LockTable(ctx context.Context, table *Table) error {
	t.list()
	return t.s.locks.take(ctx, t, lockKey{table: table.ID}, lockExclusive, forever)
}

// Changed tells what a statement of the transaction has changed and where in the log the
// transaction began to write. Peers hear of it before the COMMIT.
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

// End ends the transaction and its locks, after its COMMIT or ROLLBACK. Senders hear of the end
// of a session's before somebody else can have its rows. A receiver's is not listed any more
// when its locks are free: who waits for that may want its table.
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

// TransactionState is what the views show of an open transaction.
type TransactionState struct {
	ID, Session int64
	Wrote       time.Time // first; zero: it has only read
}

// Transactions are the open ones, in order of their beginnings.
func (s *Server) Transactions() (all []TransactionState) {
	s.transactions.mu.Lock()
	defer s.transactions.mu.Unlock()
	for _, t := range s.transactions.open {
		all = append(all, TransactionState{t.ID, t.Session, t.wrote})
	}
	slices.SortFunc(all, func(a, b TransactionState) int { return int(a.ID - b.ID) })
	return all
}

// openTransaction is what senders know of one that has written and not ended.
type openTransaction struct {
	id      int64
	began   SN
	changes []Record
}

// openTransactions are those of this server's own users, and what is closed when that changes.
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

// stillOpen leaves out those that have ended since their sender looked.
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

// lockAlone takes tables for something that nobody may write to meanwhile, such as DDL.
// release must be called, whatever happens.
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

// LockForDDL takes tables for a statement of DDL, which waits as long as the session's
// DDL_LOCK_TIMEOUT says: by default not at all.
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
