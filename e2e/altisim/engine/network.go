package engine

import "context"

// Network reaches the replication ports of other servers.
type Network interface {
	// Dial looks the host up and connects.
	Dial(ctx context.Context, host string, port int) (Link, error)
}

// Link is a connection between a sender and a receiver. Frames arrive in
// order. Send may be called from several goroutines, Receive from one.
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

// FrameKind tells frames apart.
type FrameKind byte

// The kinds of frames.
const (
	FrameHello     FrameKind = iota + 1 // sender: what I am about to send
	FrameWelcome                        // receiver: Text is empty, or why not
	FrameChanges                        // sender: changes, whole transactions at the end of each Commit
	FrameKeepAlive                      // sender: all up to SN has been sent; Ask wants an acknowledgement
	FrameAck                            // receiver: all up to SN is applied; Ask: the answer to a keep-alive
	FrameRows                           // sender: rows of a SYNC
	FrameRowsDone                       // sender: asks; receiver: all rows are in
	FrameBye                            // sender: stops in good order
	FrameOpen                           // sender: changes of a transaction that is open
	FrameRollback                       // sender: an open transaction has ended without its changes
)

// Frame is a message between sender and receiver.
type Frame struct {
	Kind    FrameKind
	Hello   *Hello
	Text    string
	SN      SN // of FrameWelcome: how far the receiver remembers the sender's log
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
	XSN         SN // NoSN: it will begin at a number it does not know yet
}

// HelloItem describes a table on the sender's side.
type HelloItem struct {
	Item       Item
	Columns    []Column
	PrimaryKey []string
}

// SentChange is a change on its way.
type SentChange struct {
	Op            Op
	Item          int
	SN            SN
	Tx            int64 // of a Commit: the transaction, when the peer has heard of it while it was open
	Before, After string
	// Columns of the images, where they are not those that the link was opened with.
	Columns []Column
}
