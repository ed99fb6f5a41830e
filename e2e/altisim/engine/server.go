package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Server is one server: its catalog, its senders and receivers, its sessions and properties.
type Server struct {
	movesPin bool
	Clock    Clock
	Started  time.Time

	store Store
	net   Network
	log   *slog.Logger
	ctx   context.Context // ends with the server
	end   context.CancelCauseFunc

	changing sync.Mutex // one change of the catalog, or pruning, at a time
	stopping chan struct{}

	mu        sync.Mutex
	shutting  bool     // SHUTDOWN IMMEDIATE has begun
	catalog   *Catalog // replaced, never changed
	senders   map[string]*sender
	receivers map[string]*receiver
	memory    map[string]SN   // how far a peer's log has come, by its sender's word, by replication
	inDDL     map[int]bool    // tables, by id, whose objects accept no sender
	cutByDDL  map[string]bool // objects whose receiver was ended by DDL
	ddl       int64           // DDL statements since the server started

	locks        locks
	transactions transactions
	properties   properties
	sessions     sessions
	tasks        sync.WaitGroup
}

// Config is what a Server is made from.
type Config struct {
	Clock      Clock
	Store      Store
	Network    Network
	Catalog    *Catalog
	Properties map[string]string // that differ from their defaults
	Log        *slog.Logger
	Started    time.Time
	MovesPin   bool // a SYNC TABLE begins at the copy, as a SYNC does; no server was seen to do so
}

// New makes a server. It is passive until StartSenders.
func New(c Config) *Server {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		Clock: c.Clock, Started: c.Started, movesPin: c.MovesPin, store: c.Store, net: c.Network, log: c.Log, catalog: c.Catalog,
		stopping: make(chan struct{}, 1), senders: map[string]*sender{}, receivers: map[string]*receiver{},
		memory: map[string]SN{}, inDDL: map[int]bool{}, cutByDDL: map[string]bool{}, locks: newLocks(c.Clock), properties: newProperties(c.Properties),
		transactions: transactions{open: map[int64]*Transaction{}, changed: make(chan struct{})},
	}
	s.ctx, s.end = context.WithCancelCause(context.Background())
	s.sessions.open = map[int64]*Session{}
	return s
}

// Catalog is the present catalog. It must not be changed.
func (s *Server) Catalog() *Catalog {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.catalog
}

// Done is closed when the server should end.
func (s *Server) Done() <-chan struct{} { return s.ctx.Done() }

// StartSenders starts the replications that ran when the server ended. Their first handshakes wake the peers'
// senders.
func (s *Server) StartSenders() {
	if s.Property("REPLICATION_PORT_NO") == "0" || s.Property("REPLICATION_SENDER_AUTO_START") == "0" {
		return
	}
	for _, r := range s.Catalog().Replications {
		if !r.Started {
			continue
		}
		x := s.newSender(r.Name)
		x.wakes = true
		s.mu.Lock()
		s.senders[r.Name] = x
		s.mu.Unlock()
		s.spawn(func() { x.run(nil, SenderRetries) })
	}
}

// Close ends senders, receivers and sessions, like the end of the process. Started replications start again
// with the next server.
func (s *Server) Close() {
	s.mu.Lock() // no task begins after this
	s.end(ErrCommunication)
	s.mu.Unlock()
	s.tasks.Wait()
}

// task announces something that Close has to wait for. It reports false when the server is ending.
func (s *Server) task() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.tasks.Add(1)
	return true
}

// spawn runs a sender. A sender of an ending server only ends.
func (s *Server) spawn(f func()) {
	if !s.task() {
		f()
		return
	}
	go func() {
		defer s.tasks.Done()
		f()
	}()
}

// Change changes the catalog. change gets a copy, which is saved and becomes the catalog unless change fails.
// logged says whether that writes a log record.
func (s *Server) Change(ctx context.Context, logged bool, change func(*Catalog) error) error {
	err := s.change(ctx, logged, change)
	if err == nil {
		s.countDDL(1)
	}
	return err
}

// countDDL counts DDL statements. A sender counts the end of their transactions as sent, although the peer
// gets nothing of them.
func (s *Server) countDDL(more int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ddl += more
	return s.ddl
}

func (s *Server) change(ctx context.Context, logged bool, change func(*Catalog) error) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	c := s.Catalog().Clone()
	if err := change(c); err != nil {
		return err
	}
	if err := s.store.SaveCatalog(ctx, c, logged); err != nil {
		return err
	}
	s.mu.Lock()
	s.catalog = c
	s.mu.Unlock()
	return nil
}

// changeReplication changes one replication object.
func (s *Server) changeReplication(ctx context.Context, name string, logged bool, change func(*Catalog, *Replication) error) error {
	return s.change(ctx, logged, func(c *Catalog) error {
		r := c.Replication(name)
		if r == nil {
			return ErrReplicationUnknown
		}
		return change(c, r)
	})
}

// prune removes the log that no replication needs any more.
func (s *Server) prune(ctx context.Context) {
	s.changing.Lock() // nobody takes a restart point meanwhile
	defer s.changing.Unlock()
	keep := s.store.LastSN()
	s.mu.Lock()
	for _, r := range s.catalog.Replications {
		if r.XSN != NoSN {
			keep = min(keep, r.XSN)
		}
	}
	for _, x := range s.senders {
		if pin := x.pinned(); pin != NoSN {
			keep = min(keep, pin)
		}
	}
	s.mu.Unlock()
	if err := s.store.Prune(ctx, keep); err != nil && ctx.Err() == nil {
		s.log.Warn("prune the log", "error", err)
	}
}

// statementError is the reason why a statement ended early.
func statementError(ctx context.Context, otherwise error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return otherwise
}
