package lifecycle

import (
	"context"
	"time"

	"aku/internal/akucore"
)

// Want is what State reads beyond admin mode and replication objects.
type Want struct {
	Tables []akucore.Table // tables whose TableState is read
	Beats  []akucore.Table // beat tables
	Listed []string        // objects whose lists of tables are read; all when empty
}

// SyncProgress is the progress of the running or last SYNC with one table.
type SyncProgress struct {
	Table   string
	Records int64 // copied so far; -1 when the table is done
	SN      int64 // number in the log at which the rows are copied; a later copy has a greater one
}

// Server is one Altibase server. Its context and the query timeout of the session
// limit every method. Methods may be called at the same time; an implementation gives each
// call a session of its own wherever the server allows it.
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

// Instances distinguishes one run of a server from the next. It is a cheap query that can be
// made often.
type Instances interface {
	Instance(ctx context.Context) (akucore.Instance, error)
}

// States reads what a server holds.
type States interface {
	// State reads admin mode, replication objects, and what want names.
	State(ctx context.Context, want Want) (akucore.State, error)
	// Brief is State without hosts, and without the lists of tables, which can be long.
	Brief(ctx context.Context) (akucore.State, error)
	// Traffic reads this server's side of every replication object, by name. It is a cheap
	// query on one session.
	Traffic(ctx context.Context) (map[string]akucore.Traffic, error)
	// Carries reports whether an object has a table. It is a cheap query.
	Carries(ctx context.Context, object string, table akucore.Table) (bool, error)
}

// Objects creates and changes replication objects. All methods except SetHost need a lock on
// the tables. wait is how long they may queue for it, in whole seconds, with users behind them.
// With 0 they fail at once with ErrLocked when an open transaction has written one of the
// tables.
type Objects interface {
	Create(ctx context.Context, spec akucore.ObjectSpec, wait time.Duration) error
	Drop(ctx context.Context, object string, wait time.Duration) error
	// AddTables and DropTables change what a stopped object replicates.
	AddTables(ctx context.Context, object string, tables []akucore.Table, wait time.Duration) error
	DropTables(ctx context.Context, object string, tables []akucore.Table, wait time.Duration) error
	// SetHost points a stopped object to this peer, and to no other.
	SetHost(ctx context.Context, object, host string, port int) error
}

// Senders starts and stops the senders of objects.
type Senders interface {
	Start(ctx context.Context, object string) error
	// StartRetry also starts without the peer. When the XSN is unset, it pins the log at its
	// end. It does not wait for the peer.
	StartRetry(ctx context.Context, object string) error
	Stop(ctx context.Context, object string) error
	Reset(ctx context.Context, object string) error
	// Sender reads the state of an object's sender. It is a cheap query.
	Sender(ctx context.Context, object string) (akucore.SenderState, error)
	// Flush waits until the peer has acknowledged everything, at most wait.
	Flush(ctx context.Context, object string, wait time.Duration) error
}

// Copying copies the rows of tables.
type Copying interface {
	// Sync copies these tables to the peer, or all tables of the object when there are none,
	// and starts the sender. With tables, the sender goes on from where it stopped; without, it
	// begins at the copy. Sync locks the tables until it has its view of the rows, and queues
	// for the locks for at most wait.
	Sync(ctx context.Context, object string, parallel int, tables []akucore.Table, wait time.Duration) error
	SyncProgress(ctx context.Context, object string) ([]SyncProgress, error)
	// BeginProbe begins a transaction that has written a table of aku's own, which is not
	// replicated. The server ends it after the limit.
	BeginProbe(ctx context.Context, limit time.Duration) (Probe, error)
}

// Probe is an open transaction.
type Probe interface {
	// Commit inserts a beat as its last row, and commits.
	Commit(ctx context.Context, table akucore.Table, pod int) error
	// GiveUp rolls it back, unless it is over.
	GiveUp(ctx context.Context)
}

// BeatTables keeps beats.
type BeatTables interface {
	MakeBeatTable(ctx context.Context, table akucore.Table) error
	DropBeatTable(ctx context.Context, table akucore.Table) error
	// Beat inserts a beat of a pod, as a commit of its own. It deletes the earlier beats
	// that are not the first of a life.
	Beat(ctx context.Context, table akucore.Table, pod int) (akucore.Beat, error)
	// BeginLife inserts the first beat of a life. Its number is above the given one.
	BeginLife(ctx context.Context, table akucore.Table, pod int, above int64) (akucore.Beat, error)
	// Beats are the beats that the server has, by pod, in the order of their numbers.
	Beats(ctx context.Context, table akucore.Table) (map[int]akucore.Beats, error)
	// Arrived reports whether the server has this beat of a pod, or a later one. It is a cheap query.
	Arrived(ctx context.Context, table akucore.Table, pod int, number int64) (bool, error)
	// ForgetBeats deletes all beats of a pod.
	ForgetBeats(ctx context.Context, table akucore.Table, pod int) error
}

// Transactions reads the transactions of other sessions.
type Transactions interface {
	// OpenTransactions are the open transactions that have written; ok is false when the
	// server does not show them.
	OpenTransactions(ctx context.Context) (open []Transaction, ok bool, err error)
	// AllTransactions are also those that have written nothing: LOCK TABLE is no write.
	AllTransactions(ctx context.Context) (open []Transaction, ok bool, err error)
}

// Users lets users in and shuts them out.
type Users interface {
	SetAdminMode(ctx context.Context, on bool) error
	// Reserve opens sessions in advance, because ADMIN_MODE 1 lets in no new ones.
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
	// SetReceiverLockTimeout sets how long a receiver waits for a lock before it gives the
	// row up, in whole seconds.
	SetReceiverLockTimeout(ctx context.Context, wait time.Duration) error
	// ReceiverLockTimeout is what is set.
	ReceiverLockTimeout(ctx context.Context) (time.Duration, error)
}

// Transaction is an open transaction.
type Transaction struct {
	ID      int64
	Session int64     // 0: a receiver, which applies a transaction of a peer
	Since   time.Time // of its first write, by the server's clock, whole seconds; zero: it has written nothing
	User    string
	From    string // where the session comes from, such as TCP 127.0.0.1:48390
}

// Session is a session of a user.
type Session struct {
	ID         int64
	User, From string
}

// Script is a file of SQL statements.
type Script struct {
	Name, Text string
	Fault      error // why it could not be read
}

// Servers returns the server of each pod. A server is not connected before its first use.
type Servers interface {
	Server(pod int) Server
	// CloseIdle ends the sessions that are not in use. A pod that ends would wait for them
	// like for sessions of users.
	CloseIdle()
}
