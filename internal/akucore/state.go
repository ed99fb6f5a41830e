package akucore

import (
	"errors"
)

// Unset is the XSN of a sender that was never started or has been reset.
const Unset = -1

// Why a server did not do what it was asked. An implementation of Server returns
// errors that match one of these with errors.Is; anything else is a failure that
// may be tried again.
var (
	// ErrUnreachable: no connection: the pod is away, its name is unknown, its
	// server is starting or stopping, or the connection broke. What a statement
	// did that broke half-way is unknown: read the state before trying again.
	ErrUnreachable = errors.New("not reachable")
	// ErrClosed: ADMIN_MODE is 1 and lets only a SYSDBA session in.
	ErrClosed = errors.New("closed to users (ADMIN_MODE 1)")
	// ErrBusy: the one SYSDBA session is taken.
	ErrBusy = errors.New("the SYSDBA session is taken")
	// ErrPassword: the server refused user or password.
	ErrPassword = errors.New("user or password refused")
	// ErrDone: the object is already in the state that the statement leads to,
	// or a similar statement runs: read the state.
	ErrDone = errors.New("already done")
	// ErrFatal: another try cannot succeed before a person changes something.
	ErrFatal = errors.New("cannot succeed unchanged")
	// ErrLocked: another session holds a lock that the statement needs.
	ErrLocked = errors.New("another session holds a lock")
	// ErrNoTable: the server has no such table.
	ErrNoTable = errors.New("no such table")
	// ErrStranger: a server answered that is not the pod's. It was left alone.
	ErrStranger = errors.New("not the server of this pod")
	// ErrSurplus: the mesh has no place for the pod's number.
	ErrSurplus = errors.New("no place in the mesh")
	// ErrForeign: another tool works on the pod's replication.
	ErrForeign = errors.New("another tool works on the replication")
	// ErrCopyLimit: a copy took longer than it may, again, and the next one will, too.
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
	Host    string // all hosts, when a person has added several
	Port    int
	Items   int     // the number of tables, or of partitions of them
	Tables  []Table // nil when it was not read
	Sender  SenderState
}

// Active reports whether the object must be stopped before it can be reset, changed or
// dropped: it is started, or a SYNC of it runs.
func (o Object) Active() bool { return o.Started || o.Sender != SenderNone }

// SenderState says what the sender of an object does at the moment.
type SenderState int

// The states of a sender, from V$REPSENDER.STATUS and NET_ERROR_FLAG.
const (
	SenderNone       SenderState = iota // stopped, or ended by itself: there is no sender
	SenderRunning                       // connected to the peer
	SenderConnecting                    // connects to the peer for the first time
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

// State is the observed state of one server.
type State struct {
	Instance
	Objects map[string]Object
	Tables  map[Table]TableState
	// Beats are the beats of each pod in each beat table that was asked for and exists.
	Beats map[Table]map[int]Beats
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

// Received is what a receiver has counted since the peer's sender connected.
type Received struct {
	Link            string // the connection: another one begins to count anew
	AppliedSN       int64  // everything up to this number of the peer's log is applied
	Applied, Failed Changes
}

// Changes are numbers of rows.
type Changes struct{ Inserts, Updates, Deletes int64 }

// Sum is the number of all changes.
func (c Changes) Sum() int64 { return c.Inserts + c.Updates + c.Deletes }
