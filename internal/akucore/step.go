package akucore

import (
	"fmt"
	"strings"
	"time"
)

// Verb is what a step does.
type Verb string

// The verbs. Each but the waits is one statement, or one per table.
const (
	Create     Verb = "CREATE"
	Drop       Verb = "DROP"
	Start      Verb = "START" // the sender must reach its peer
	StartRetry Verb = "START RETRY"
	// StartAndWait is the plain START, for people: the server says why it fails.
	StartAndWait Verb = "START AND WAIT"
	Stop         Verb = "STOP"
	Reset        Verb = "RESET"
	Sync         Verb = "SYNC"
	Deliver      Verb = "DELIVER" // prove by a beat that everything committed so far is applied on the peer
	// Flush delivers from a database that is older than the peer knows: the peer would skip
	// its beat.
	Flush Verb = "FLUSH"
	// Settle waits for the end of the open transactions that have written. A log that is
	// pinned now leaves them out, and a copy has only what was committed.
	Settle       Verb = "WAIT FOR OPEN TRANSACTIONS"
	Truncate     Verb = "TRUNCATE"
	AddTables    Verb = "ADD TABLE"  // those that the object does not have yet
	DropTables   Verb = "DROP TABLE" // out of the replication; the table stays
	SyncTables   Verb = "SYNC TABLE" // copies these only; what is pending for the others is sent after
	SetHost      Verb = "SET HOST"   // the peer's host and port as configured, and no other
	Close        Verb = "CLOSE"      // ADMIN_MODE 1, then users out
	Open         Verb = "OPEN"       // ADMIN_MODE 0
	AllowSharing Verb = "ALLOW DUPLICATE HOSTS"
	AwaitLocks   Verb = "LET RECEIVERS WAIT FOR LOCKS" // instead of giving rows up
	MakeBeats    Verb = "MAKE BEAT TABLE"
	DropBeats    Verb = "DROP BEAT TABLE"
	BeginLife    Verb = "BEGIN LIFE" // the first beat of a life
	Delay        Verb = "DELAY"
	Shutdown     Verb = "SHUTDOWN"
	// BeginRecovery and EndRecovery make and remove the sign that keeps a master closed
	// while its copy is being replaced; Peer is the source.
	BeginRecovery Verb = "BEGIN RECOVERY"
	EndRecovery   Verb = "END RECOVERY"
	// ForgetGivenUp removes the sign that Peer did not apply everything.
	ForgetGivenUp Verb = "FORGET GIVEN UP ROWS"
)

// Guard is what must be true on the server right before a destructive statement.
type Guard string

// The guards.
const (
	// Unguarded is for steps that destroy nothing.
	Unguarded Guard = ""
	// IfNotJoined: the own server's XSN of every pair with the master is still
	// Unset, so nothing that users wrote can be waiting in it, and it is closed.
	IfNotJoined Guard = "own copy is not complete"
	// IfHandedOver: the own server is closed, and everything that it holds is proven to
	// be applied on every peer of this plan.
	IfHandedOver Guard = "everything is delivered"
	// IfStopped: the own side of the pair is stopped.
	IfStopped Guard = "stopped"
	// IfKept: the XSN of the object is still set. If it was reset meanwhile, a START
	// would begin at now, and silently leave out what came before.
	IfKept Guard = "its log was kept"
	// IfRecovering: the own server is the master, is closed and has the sign of one
	// recovery. The step is on it or on the source, which is in service. Everything that had
	// to be delivered to the source is delivered.
	IfRecovering Guard = "the source is in service and complete"
	// IfOnlyThere: the own side of the pair does not have these tables.
	IfOnlyThere Guard = "the own side does not have it"
	// IfAway: the peer still cannot be reached.
	IfAway Guard = "peer is away"
)

// Step is one thing to do on one server.
type Step struct {
	Do     Verb
	Side       // the side of the object; only the pod On for other steps
	Block  int // index of the block, for steps on a replication object
	If     Guard
	Tables []Table       // for the verbs with TABLE, and for Create when it is not all tables of the block
	For    time.Duration // for Delay: its length; for others: the limit of all tries, 0 for none
	Above  int64         // for BeginLife
	New    bool          // for Start: the plan makes the object new on both sides
	Pinned bool          // for Sync: the log was pinned before; the sender goes on from there
	Seen   bool          // for Deliver: the beat must be on the peer; an acknowledgement is not enough
	// Beatless is for Deliver with Seen: the pair is from an aku without beats, and its list cannot
	// change yet, so the acknowledgement is the proof.
	Beatless bool
	Strict   bool // for Deliver: changes that the peer could not apply count as not delivered
	// Remains is for Deliver: the log is given up in any case, so that it is not delivered is
	// said, and does not end the plan.
	Remains bool
	// Generation is the generation of the order that a recovery follows; for BeginRecovery and
	// EndRecovery.
	Generation string
}

// As is the step with another verb and guard.
func (s Step) As(do Verb, guard Guard) Step {
	s.Do, s.If = do, guard
	return s
}

// of is the step for these tables.
func (s Step) of(tables []Table) Step {
	s.Tables = tables
	return s
}

// Object is the name of the replication object that the step is about.
func (s Step) Object(m Mesh) string { return m.Blocks[s.Block].Object(s.Pair()) }

// OnObject tells whether the step is about a replication object.
func (s Step) OnObject() bool {
	switch s.Do {
	case Truncate, Close, Open, AllowSharing, AwaitLocks, MakeBeats, DropBeats, BeginLife, Settle, Delay, Shutdown, BeginRecovery, EndRecovery, ForgetGivenUp:
		return false
	}
	return true
}

// Proves tells whether the step shows that a peer has everything.
func (s Step) Proves() bool { return s.Do == Deliver || s.Do == Flush }

// Spec is the object that a CREATE of the step makes.
func (s Step) Spec(m Mesh) ObjectSpec {
	spec := m.Spec(m.Blocks[s.Block], s.On, s.Peer)
	if len(s.Tables) > 0 {
		spec.Tables = s.Tables
	}
	return spec
}

// Copied are the tables that a SYNC names; none when it copies the whole object.
func (s Step) Copied(m Mesh) []Table {
	if s.Pinned {
		return s.Spec(m).Tables
	}
	return s.Tables
}

// Describe prints the step, such as "altibase-1: STOP AKU_REP_01".
func (s Step) Describe(m Mesh) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", m.PodName(s.On), s.Do)
	if s.OnObject() {
		fmt.Fprintf(&b, " %s", s.Object(m))
	}
	switch s.Do {
	case Deliver, Flush:
		fmt.Fprintf(&b, " to %s", m.PodName(s.Peer))
		if s.Beatless {
			b.WriteString(" by acknowledgement")
		}
	case MakeBeats, DropBeats, BeginLife:
		fmt.Fprintf(&b, " %s", m.Blocks[s.Block].Beat())
	}
	if s.Do == BeginRecovery || s.Do == EndRecovery {
		fmt.Fprintf(&b, " from %s", m.PodName(s.Peer))
	}
	if s.Do == ForgetGivenUp {
		fmt.Fprintf(&b, " on %s", m.PodName(s.Peer))
	}
	if len(s.Tables) > 0 {
		fmt.Fprintf(&b, " %s", FewNames(s.Tables))
	}
	if s.Do == Delay {
		fmt.Fprintf(&b, " %s", s.For)
	}
	if s.If != Unguarded {
		fmt.Fprintf(&b, " (if %s)", s.If)
	}
	return b.String()
}
