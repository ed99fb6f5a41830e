package engine

import "context"

// Store keeps rows, the catalog and the log of one server.
//
// The log holds the changes of replicated tables, in commit order and transaction by transaction. Every
// committed transaction moves the last SN, even without changes in the log.
// last SN on, also one that leaves nothing in the log.
type Store interface {
	// LastSN is the number of the last log record. A change that was acknowledged to its writer is never
	// after it.
	LastSN() SN
	// Changed is closed when the last SN moves.
	Changed() <-chan struct{}
	// ReadLog returns about limit records after the given number, and the number up to which they are
	// complete.
	ReadLog(ctx context.Context, after SN, limit int) ([]Record, SN, error)
	// Snapshot freezes all rows at one number.
	Snapshot(ctx context.Context) (Snapshot, error)
	// Apply commits changes of a peer in one transaction, without log records. It returns for each change
	// whether it was made or skipped by the conflict rules.
	Apply(ctx context.Context, changes []Change) ([]bool, error)
	// SaveCatalog makes the catalog durable. logged says whether this writes a log record, as DDL does.
	SaveCatalog(ctx context.Context, c *Catalog, logged bool) error
	// Touch writes a log record without interest for any peer.
	Touch(ctx context.Context) error
	// Prune removes log records up to the given number.
	Prune(ctx context.Context, upTo SN) error
}

// Record is a record of the log.
type Record struct {
	SN      SN
	Op      Op
	TableID int
	Before  string // JSON array of all columns, or empty
	After   string
	Began   SN    // of Began
	Tx      int64 // of a Commit: its transaction, or 0 when that was never open between two statements
}

// Op is the kind of a log record.
type Op byte

// The kinds of log records.
const (
	Insert Op = 'I'
	Update Op = 'U'
	Delete Op = 'D'
	Commit Op = 'C'
	// Began precedes the records of a transaction that began to write earlier.
	Began Op = 'B'
)

// Change is a change to apply to a table.
//
// The default conflict rules skip an insert whose key exists, an update or delete whose row is missing, and
// an update that finds other values in the changed columns than the sender had.
type Change struct {
	Op            Op
	Table         *Table
	Columns       []Column // of the sender's row images, in order
	Before, After string
}

// Snapshot reads rows as of one number.
type Snapshot interface {
	SN() SN
	// Rows passes all rows of the table in batches of JSON arrays.
	Rows(ctx context.Context, t *Table, batch func([]string) error) error
	Close()
}
