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
	// ErrLocked: somebody else holds a lock that the statement needs.
	ErrLocked = errors.New("somebody else holds a lock")
	// ErrNoTable: the server has no such table.
	ErrNoTable = errors.New("no such table")
	// ErrStranger: another server than that of the pod answered, and was left alone.
	ErrStranger = errors.New("not the server of this pod")
	// ErrSurplus: the pod's number leaves it no place in the mesh.
	ErrSurplus = errors.New("no place in the mesh")
	// ErrForeign: another tool works on the pod's replication.
	ErrForeign = errors.New("another tool works on the replication")
	// ErrCopyLimit: a copy takes longer than it may, again: every further one will.
	ErrCopyLimit = errors.New("the copy takes longer than it may")
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
	// Beats are those of each pod in each beat table that was asked for and exists.
	Beats map[Table]map[int]Beats
}

// Want is what a State is to have beyond admin mode and replication objects.
type Want struct {
	Tables []Table  // whose readiness is told
	Beats  []Table  // beat tables
	Listed []string // objects with their lists of tables; all when none is named
}

// SyncProgress is how far a running SYNC, or the last one, is with one table.
type SyncProgress struct {
	Table   string
	Records int64 // copied so far; -1 when the table is done
	SN      int64 // of the log, at which the rows are copied; a later copy has a greater one
}

// Server is one Altibase server. Every method is bounded by its context and by
// the query timeout of the session. Methods may be called at the same time; an
// implementation gives each call a session of its own wherever the server allows.
type Server interface {
	// Instance is a small question that can be asked often.
	Instance(ctx context.Context) (Instance, error)
	// State reads admin mode, replication objects and what else is wanted.
	State(ctx context.Context, want Want) (State, error)
	// Brief is State without hosts and without what can be long, the lists of tables.
	Brief(ctx context.Context) (State, error)
	// Traffic reads the own side of every replication object, by its name. It is a small
	// question on one session.
	Traffic(ctx context.Context) (map[string]Traffic, error)

	// Create, Drop, AddTables and DropTables need a lock on the tables. Wait is how long
	// they may queue for it, in whole seconds: users queue behind them. With 0 they are
	// ErrLocked at once when somebody has written one of the tables and not ended.
	Create(ctx context.Context, spec ObjectSpec, wait time.Duration) error
	Drop(ctx context.Context, object string, wait time.Duration) error
	Start(ctx context.Context, object string) error
	// StartRetry starts also without the peer, and pins the log at its end when
	// the XSN is unset. It does not wait for the peer.
	StartRetry(ctx context.Context, object string) error
	// Sender tells what the sender of an object does. It is a small question.
	Sender(ctx context.Context, object string) (SenderState, error)
	Stop(ctx context.Context, object string) error
	// AddTables and DropTables change what a stopped object replicates.
	AddTables(ctx context.Context, object string, tables []Table, wait time.Duration) error
	DropTables(ctx context.Context, object string, tables []Table, wait time.Duration) error
	// SetHost has a stopped object go to this peer, and to no other.
	SetHost(ctx context.Context, object, host string, port int) error
	Reset(ctx context.Context, object string) error
	// Sync copies these tables to the peer, all that the object has when there are none,
	// and starts the sender: with tables from where it stopped, else from the copy on. It
	// locks the tables until it has its view of the rows, and queues for that as long as wait.
	Sync(ctx context.Context, object string, parallel int, tables []Table, wait time.Duration) error
	SyncProgress(ctx context.Context, object string) ([]SyncProgress, error)
	// Flush waits until the peer has acknowledged everything, at most wait.
	Flush(ctx context.Context, object string, wait time.Duration) error

	// MakeBeatTable makes a beat table, DropBeatTable takes it away.
	MakeBeatTable(ctx context.Context, table Table) error
	DropBeatTable(ctx context.Context, table Table) error
	// Beat inserts a beat of a pod, as a commit of its own, and deletes those before the
	// newest that are not the first of a life.
	Beat(ctx context.Context, table Table, pod int) (Beat, error)
	// BeginLife inserts the first beat of a life. Its number is above the given one.
	BeginLife(ctx context.Context, table Table, pod int, above int64) (Beat, error)
	// Beats are the beats that the server has, by pod, in the order of their numbers.
	Beats(ctx context.Context, table Table) (map[int]Beats, error)
	// Arrived tells whether the server has this beat of a pod, or a later one. It is a small question.
	Arrived(ctx context.Context, table Table, pod int, number int64) (bool, error)
	// Carries tells whether an object has a table. It is a small question.
	Carries(ctx context.Context, object string, table Table) (bool, error)

	// OpenTransactions are those that have written and not ended; ok is false when the
	// server does not tell.
	OpenTransactions(ctx context.Context) (open []Transaction, ok bool, err error)

	// Truncate empties the tables on this server only.
	Truncate(ctx context.Context, tables []Table) error
	SetAdminMode(ctx context.Context, on bool) error
	AllowDuplicateHosts(ctx context.Context) error
	// SetReceiverLockTimeout is how long a receiver waits for a lock before it gives the row
	// up, in whole seconds.
	SetReceiverLockTimeout(ctx context.Context, wait time.Duration) error
	// Reserve opens sessions ahead, because ADMIN_MODE 1 lets in no new ones.
	Reserve(ctx context.Context, sessions int) error
	// UserSessions are the sessions of others.
	UserSessions(ctx context.Context) ([]Session, error)
	// CloseUserSessions ends the sessions of others; what they had not committed
	// is rolled back.
	CloseUserSessions(ctx context.Context) error
	// Shutdown stops the server cleanly.
	Shutdown(ctx context.Context) error
	// Initialize runs the given scripts once in the life of a database.
	Initialize(ctx context.Context, scripts []Script) error
}

// Transaction is one that has written and has not ended.
type Transaction struct {
	ID      int64
	Session int64     // 0: a receiver's, for a transaction of a peer
	Since   time.Time // by the server's clock, whole seconds
	User    string
	From    string // where the session comes from, such as TCP 127.0.0.1:48390
}

// Session is one of a user.
type Session struct {
	ID         int64
	User, From string
}

// Script is a file of SQL statements.
type Script struct {
	Name, Text string
	Fault      error // why it could not be read
}

// Gap is how far a sender is behind its own log.
type Gap struct {
	LastSN int64 // the last log sequence number of the server
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
	Link            string // the connection: another one begins to count anew
	AppliedSN       int64  // up to this number of the peer's log all is applied
	Applied, Failed Changes
}

// Changes are numbers of rows.
type Changes struct{ Inserts, Updates, Deletes int64 }

// Sum is the number of all changes.
func (c Changes) Sum() int64 { return c.Inserts + c.Updates + c.Deletes }

// Servers gives the server of each pod. Nothing is connected before it is used.
type Servers interface {
	Server(pod int) Server
	// CloseIdle ends the sessions that nobody uses at the moment. A pod that ends
	// would wait for them as for those of users.
	CloseIdle()
}
