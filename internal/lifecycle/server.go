package lifecycle

import (
	"context"
	"time"

	"aku/internal/akucore"
)

// Want is what a State is to have beyond admin mode and replication objects.
type Want struct {
	Tables []akucore.Table // whose TableState is wanted
	Beats  []akucore.Table // beat tables
	Listed []string        // objects with their lists of tables; all when none is named
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
	Instances
	States
	Objects
	Senders
	Copying
	BeatTables
	Transactions
	Users
	Properties

	// Truncate empties the tables on this server only.
	Truncate(ctx context.Context, tables []akucore.Table) error
	// Shutdown stops the server cleanly.
	Shutdown(ctx context.Context) error
	// Initialize runs the given scripts once in the life of a database.
	Initialize(ctx context.Context, scripts []Script) error
}

// Instances tells one run of a server from the next. It is a small question that can be
// asked often.
type Instances interface {
	Instance(ctx context.Context) (akucore.Instance, error)
}

// States says what a server holds.
type States interface {
	// State reads admin mode, replication objects and what else is wanted.
	State(ctx context.Context, want Want) (akucore.State, error)
	// Brief is State without hosts and without what can be long, the lists of tables.
	Brief(ctx context.Context) (akucore.State, error)
	// Traffic reads the own side of every replication object, by its name. It is a small
	// question on one session.
	Traffic(ctx context.Context) (map[string]akucore.Traffic, error)
	// Carries tells whether an object has a table. It is a small question.
	Carries(ctx context.Context, object string, table akucore.Table) (bool, error)
}

// Objects makes and changes replication objects. All but SetHost need a lock on the tables:
// wait is how long they may queue for it, in whole seconds, with users behind them. With 0
// they are ErrLocked at once when somebody has written one of the tables and not ended.
type Objects interface {
	Create(ctx context.Context, spec akucore.ObjectSpec, wait time.Duration) error
	Drop(ctx context.Context, object string, wait time.Duration) error
	// AddTables and DropTables change what a stopped object replicates.
	AddTables(ctx context.Context, object string, tables []akucore.Table, wait time.Duration) error
	DropTables(ctx context.Context, object string, tables []akucore.Table, wait time.Duration) error
	// SetHost has a stopped object go to this peer, and to no other.
	SetHost(ctx context.Context, object, host string, port int) error
}

// Senders starts and stops the senders of objects.
type Senders interface {
	Start(ctx context.Context, object string) error
	// StartRetry starts also without the peer, and pins the log at its end when
	// the XSN is unset. It does not wait for the peer.
	StartRetry(ctx context.Context, object string) error
	Stop(ctx context.Context, object string) error
	Reset(ctx context.Context, object string) error
	// Sender tells what the sender of an object does. It is a small question.
	Sender(ctx context.Context, object string) (akucore.SenderState, error)
	// Flush waits until the peer has acknowledged everything, at most wait.
	Flush(ctx context.Context, object string, wait time.Duration) error
}

// Copying copies the rows of tables.
type Copying interface {
	// Sync copies these tables to the peer, all that the object has when there are none,
	// and starts the sender: with tables from where it stopped, else from the copy on. It
	// locks the tables until it has its view of the rows, and queues for that as long as wait.
	Sync(ctx context.Context, object string, parallel int, tables []akucore.Table, wait time.Duration) error
	SyncProgress(ctx context.Context, object string) ([]SyncProgress, error)
}

// BeatTables keeps beats.
type BeatTables interface {
	MakeBeatTable(ctx context.Context, table akucore.Table) error
	DropBeatTable(ctx context.Context, table akucore.Table) error
	// Beat inserts a beat of a pod, as a commit of its own, and deletes those before the
	// newest that are not the first of a life.
	Beat(ctx context.Context, table akucore.Table, pod int) (akucore.Beat, error)
	// BeginLife inserts the first beat of a life. Its number is above the given one.
	BeginLife(ctx context.Context, table akucore.Table, pod int, above int64) (akucore.Beat, error)
	// Beats are the beats that the server has, by pod, in the order of their numbers.
	Beats(ctx context.Context, table akucore.Table) (map[int]akucore.Beats, error)
	// Arrived tells whether the server has this beat of a pod, or a later one. It is a small question.
	Arrived(ctx context.Context, table akucore.Table, pod int, number int64) (bool, error)
}

// Transactions knows the transactions of others.
type Transactions interface {
	// OpenTransactions are those that have written and not ended; ok is false when the
	// server does not tell.
	OpenTransactions(ctx context.Context) (open []Transaction, ok bool, err error)
}

// Users lets users in and shuts them out.
type Users interface {
	SetAdminMode(ctx context.Context, on bool) error
	// Reserve opens sessions ahead, because ADMIN_MODE 1 lets in no new ones.
	Reserve(ctx context.Context, sessions int) error
	// UserSessions are the sessions of others.
	UserSessions(ctx context.Context) ([]Session, error)
	// CloseUserSessions ends the sessions of others; what they had not committed
	// is rolled back.
	CloseUserSessions(ctx context.Context) error
}

// Properties sets properties of a running server.
type Properties interface {
	AllowDuplicateHosts(ctx context.Context) error
	// SetReceiverLockTimeout is how long a receiver waits for a lock before it gives the row
	// up, in whole seconds.
	SetReceiverLockTimeout(ctx context.Context, wait time.Duration) error
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

// Servers gives the server of each pod. Nothing is connected before it is used.
type Servers interface {
	Server(pod int) Server
	// CloseIdle ends the sessions that nobody uses at the moment. A pod that ends
	// would wait for them as for those of users.
	CloseIdle()
}
