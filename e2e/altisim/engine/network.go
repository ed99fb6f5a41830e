package engine

import "context"

// Network connects to the replication ports of other servers.
type Network interface {
	// Dial resolves the host and connects.
	Dial(ctx context.Context, host string, port int) (Link, error)
}

// Link is a connection between a sender and a receiver. Frames arrive in order. Several goroutines may call
// Send, one may call Receive.
type Link interface {
	Send(Frame) error
	Receive() (Frame, error)
	Close() error
	LocalAddr() Addr
	RemoteAddr() Addr
}

// Addr is one end of a link.
type Addr struct {
	IP   string
	Port int
}

// FrameKind is the kind of a frame.
type FrameKind byte

// The kinds of frames.
const (
	FrameHello     FrameKind = iota + 1 // sender: what it will send
	FrameWelcome                        // receiver: Text is empty or the reason of a refusal
	FrameChanges                        // sender: changes of complete transactions, each with its Commit at the end
	FrameKeepAlive                      // sender: everything up to SN is sent; Ask requests an acknowledgement
	FrameAck                            // receiver: everything up to SN is applied; Ask: the answer to a keep-alive
	FrameRows                           // sender: rows of a SYNC
	FrameRowsDone                       // sender: asks; receiver: all rows have arrived
	FrameBye                            // sender: stops in good order
	FrameOpen                           // sender: changes of an open transaction
	FrameRollback                       // sender: an open transaction has ended without its changes
)

// Frame is a message between sender and receiver.
type Frame struct {
	Kind    FrameKind
	Hello   *Hello
	Text    string
	SN      SN // of FrameWelcome: the number up to which the receiver remembers the sender's log
	Ask     bool
	Tx      int64 // of FrameOpen and FrameRollback
	Restart SN    // sender: its restart point
	Changes []SentChange
	Item    int
	Rows    []string
}

// Hello opens a link.
type Hello struct {
	Replication string
	Sync        bool
	Wake        bool // the sender's server has just started
	Again       bool // the sender has just lost its link
	Items       []HelloItem
	XSN         SN // NoSN: it begins at a number that it does not know yet
}

// HelloItem describes a table on the sender's side.
type HelloItem struct {
	Item       Item
	Columns    []Column
	PrimaryKey []string
}

// SentChange is a change in a frame.
type SentChange struct {
	Op            Op
	Item          int
	SN            SN
	Tx            int64 // of a Commit: the transaction, when the peer knows it from before its end
	Before, After string
	// Columns of the images, where they differ from those of the handshake.
	Columns []Column
}
