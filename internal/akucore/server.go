package akucore

import (
	"context"
	"errors"
	"time"
)

// Unset is the XSN of a sender that was never started or has been reset.
const Unset = -1

// Why a server did not do what it was asked. An implementation of Server returns
// errors that match one of these with errors.Is; anything else is a failure that
// may be tried again.
var (
	// ErrUnreachable: no connection: the pod is away, its name is unknown, its
	// server is starting or stopping, or the connection broke. What a statement
	// did that broke half-way is unknown: look before trying again.
	ErrUnreachable = errors.New("not reachable")
	// ErrClosed: ADMIN_MODE is 1 and lets only a SYSDBA session in.
	ErrClosed = errors.New("closed to users (ADMIN_MODE 1)")
	// ErrBusy: the one SYSDBA session is taken.
	ErrBusy = errors.New("the SYSDBA session is taken")
	// ErrPassword: the server refused user or password.
	ErrPassword = errors.New("user or password refused")
	// ErrDone: the object already is in the state that the statement leads to,
	// or something of its kind is under way: look at the state.
	ErrDone = errors.New("already done")
	// ErrFatal: trying again cannot help before somebody changes something.
	ErrFatal = errors.New("cannot succeed unchanged")
	// ErrLocked: a transaction of somebody else keeps a statement from its lock; it
	// ends, and then the statement succeeds.
	ErrLocked = errors.New("somebody else holds a lock")
	// ErrTimeout: the server gave up waiting.
	ErrTimeout = errors.New("timed out")
)

// ObjectSpec is a replication object as the configuration wants it on one pod.
type ObjectSpec struct {
	Name   string
	Host   string // of the peer
	Port   int    // replication port of the peer
	Tables []Table
}

// Object is a replication object as a server holds it.
type Object struct {
	Name    string
	Started bool
	XSN     int64  // Unset when never started or reset
	Host    string // all of them, should somebody have given it several
	Port    int
	Items   int     // the number of tables, or of partitions of them
	Tables  []Table // nil when it was not asked for
	Sender  SenderState
}

// active tells whether the object has to be stopped before it can be reset, changed or
// dropped: it is started, or a SYNC of it runs.
func (o Object) active() bool { return o.Started || o.Sender != SenderNone }

// SenderState says what the sender of an object does at the moment.
type SenderState int

// The states of a sender, from V$REPSENDER.STATUS and NET_ERROR_FLAG.
const (
	SenderNone       SenderState = iota // stopped, or ended by itself: there is no sender
	SenderRunning                       // connected to the peer
	SenderConnecting                    // on its way to the peer for the first time
	SenderRetry                         // started, but without its peer
	SenderSync                          // copying
)

// TableState says whether a configured table can be replicated.
type TableState int

// The states of a configured table on one server.
const (
	TableReady        TableState = iota
	TableMissing                 // no such user, table or partition
	TableNoPrimaryKey            // a replicated table must have a primary key
)

// Instance is one run of a server.
type Instance struct {
	StartTime int64 // changes with every start of the server
	AdminMode bool  // true: only SYSDBA is let in
}

// State is what is true on one server at one moment.
type State struct {
	Instance
	Objects map[string]Object
	Tables  map[Table]TableState
}

// SyncProgress is how far a running SYNC is with one table.
type SyncProgress struct {
	Table   string
	Records int64 // copied so far; -1 when the table is done
}

// Server is one Altibase server. Every method is bounded by its context and by
// the query timeout of the session. Methods may be called at the same time; an
// implementation gives each call a session of its own wherever the server allows.
type Server interface {
	// Instance is a small question that can be asked often.
	Instance(ctx context.Context) (Instance, error)
	// State reads admin mode, replication objects and the given tables. Objects have their
	// lists of tables when they are named, or when none is.
	State(ctx context.Context, tables []Table, listed ...string) (State, error)
	// Brief is State without hosts and without what can be long, the lists of tables.
	Brief(ctx context.Context) (State, error)
	// Traffic reads the own side of every replication object, by its name. It is a small
	// question on one session.
	Traffic(ctx context.Context) (map[string]Traffic, error)

	Create(ctx context.Context, spec ObjectSpec) error
	Drop(ctx context.Context, object string) error
	Start(ctx context.Context, object string) error
	// StartRetry starts also without the peer, and pins the log at its end when
	// the XSN is unset. It does not wait for the peer.
	StartRetry(ctx context.Context, object string) error
	// Sender tells what the sender of an object does. It is a small question.
	Sender(ctx context.Context, object string) (SenderState, error)
	Stop(ctx context.Context, object string) error
	// AddTables and DropTables change what a stopped object replicates.
	AddTables(ctx context.Context, object string, tables []Table) error
	DropTables(ctx context.Context, object string, tables []Table) error
	// SetHost has a stopped object go to this peer, and to no other.
	SetHost(ctx context.Context, object, host string, port int) error
	Reset(ctx context.Context, object string) error
	// Sync copies these tables to the peer, all that the object has when there are none,
	// and starts the sender: with tables from where it stopped, else from the copy on.
	Sync(ctx context.Context, object string, parallel int, tables []Table) error
	SyncProgress(ctx context.Context, object string) ([]SyncProgress, error)
	// Flush waits until the peer has acknowledged everything, at most wait.
	Flush(ctx context.Context, object string, wait time.Duration) error

	// Gap tells the last log sequence number of the server and the bytes not yet
	// sent; ok is false when the object is stopped, which proves nothing.
	Gap(ctx context.Context, object string) (gap Gap, ok bool, err error)
	// Sent tells what a sender has sent since it has had its present connection; ok is
	// false when it has none. The fields are read in the order they have in Sent.
	Sent(ctx context.Context, object string) (sent Sent, ok bool, err error)
	// Applied tells up to which number of the sender's log the receiver has
	// applied; ok is false when there is no receiver.
	Applied(ctx context.Context, object string) (xsn int64, ok bool, err error)

	// OpenTransactions are those that have written and not ended; ok is false when the
	// server does not tell.
	OpenTransactions(ctx context.Context) (open []Transaction, ok bool, err error)

	// Truncate empties the tables on this server only.
	Truncate(ctx context.Context, tables []Table) error
	SetAdminMode(ctx context.Context, on bool) error
	AllowDuplicateHosts(ctx context.Context) error
	// Reserve opens sessions ahead, because ADMIN_MODE 1 lets in no new ones.
	Reserve(ctx context.Context, sessions int) error
	// UserSessions counts the sessions of others.
	UserSessions(ctx context.Context) (int, error)
	// CloseUserSessions ends the sessions of others; what they had not committed
	// is rolled back.
	CloseUserSessions(ctx context.Context) error
	// Shutdown stops the server cleanly.
	Shutdown(ctx context.Context) error
	// Initialize runs the given scripts once in the life of a database.
	Initialize(ctx context.Context, scripts []Script) error
}

// Transaction is one that has written and has not ended.
type Transaction struct{ ID, Session int64 }

// Script is a file of SQL statements.
type Script struct {
	Name, Text string
	Fault      error // why it could not be read
}

// Gap is how far a sender is behind its own log.
type Gap struct {
	LastSN int64 // the last log sequence number of the server
	ReadSN int64 // the sender has read its log up to here
	Bytes  int64 // log not yet sent; meaningless while the sender has no peer
}

// Traffic is what one side of a pair does at one moment.
type Traffic struct {
	Started bool
	XSN     int64 // Unset when never started or reset
	Items   int   // the number of tables, or of partitions of them
	Sender  SenderState
	// Gap is nil while there is no sender with a peer: then the server has no figures.
	Gap *Gap
	// Receiver is nil unless the peer's sender is connected.
	Receiver *Received
}

// Received is what a receiver counts since the peer's sender connected.
type Received struct {
	AppliedSN       int64 // up to this number of the peer's log all is applied
	Applied, Failed Changes
}

// Changes are numbers of rows.
type Changes struct{ Inserts, Updates, Deletes int64 }

// Sent is what a sender has made of its log. It raises the counts of a record before
// it says that it has read it.
type Sent struct {
	Link string // the connection: another one begins to count anew
	Read int64  // log records read
	Logs int64  // of these, records of a transaction that the peer is to hear of; the end of any DDL counts, too
	Rows int64  // changes of rows sent
	Open int64  // transactions read that have not ended
}

// Servers gives the server of each pod. Nothing is connected before it is used.
type Servers interface {
	Server(pod int) Server
	// CloseIdle ends the sessions that nobody uses at the moment. A pod that ends
	// would wait for them as for those of users.
	CloseIdle()
}
