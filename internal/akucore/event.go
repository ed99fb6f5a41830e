package akucore

import (
	"errors"
	"time"
)

// Event is something that a Runner or a Starter saw or did, for those who show it to
// people. Nothing is decided by it.
type Event struct {
	Kind EventKind
	Plan string        // Planned: its name
	Step Step          // StepDone, StepFailed, StepRetried, Copied
	Took time.Duration // StepDone, StepFailed: with all its tries
	Err  error         // StepFailed, StepRetried, Waiting, GivenUp
	Rows int64         // Copied: rows so far, as the server last showed them; a lower bound
}

// EventKind says what happened.
type EventKind int

// The kinds.
const (
	// Planned: a plan is about to run.
	Planned EventKind = iota
	StepDone
	StepFailed
	// StepRetried: a try of a step failed, and there will be another one.
	StepRetried
	// Copied: a running SYNC is so far.
	Copied
	// Waiting: the start cannot go on for now; ReasonOf(Err) says why in a word.
	Waiting
	// GivenUp: the pod Step.Peer could not apply changes of Step.On.
	GivenUp
)

// tell tells who watches the runner, if anybody does.
func (r *Runner) tell(e Event) {
	if r.Tell != nil {
		r.Tell(e)
	}
}

// Reason is why something failed or a pod is not in service, in one of few words.
type Reason string

// The reasons.
const (
	ReasonMasterFailed Reason = "master_failed"
	ReasonSlaveFailed  Reason = "slave_failed"
	ReasonTables       Reason = "tables" // a table is missing or cannot be replicated
	ReasonPeer         Reason = "peer"   // another pod has to come first
	ReasonUnreachable  Reason = "unreachable"
	ReasonClosed       Reason = "closed"
	ReasonBusy         Reason = "busy"
	ReasonPassword     Reason = "password"
	ReasonStranger     Reason = "stranger" // another server answers for a pod
	ReasonSurplus      Reason = "surplus"  // the pod's number leaves it no place in the mesh
	ReasonForeign      Reason = "foreign"  // another tool works on the replication
	ReasonCopyLimit    Reason = "copy_limit"
	ReasonTimeout      Reason = "timeout"
	ReasonLocked       Reason = "locked"   // somebody holds a lock that is needed
	ReasonGivenUp      Reason = "given_up" // changes arrived and could not be applied
	ReasonFatal        Reason = "fatal"
	ReasonOther        Reason = "other"
)

// Reasons are all that there are.
var Reasons = []Reason{
	ReasonMasterFailed, ReasonSlaveFailed, ReasonTables, ReasonPeer, ReasonUnreachable, ReasonClosed, ReasonBusy,
	ReasonPassword, ReasonStranger, ReasonSurplus, ReasonForeign, ReasonCopyLimit, ReasonTimeout, ReasonLocked, ReasonGivenUp, ReasonFatal, ReasonOther,
}

// ReasonOf is the reason of an error of this package or of a Server; "" for none.
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}
	var human *humanError
	if errors.As(err, &human) {
		if human.plan.Human == SlaveFailed {
			return ReasonSlaveFailed
		}
		return ReasonMasterFailed
	}
	var wait *waitError
	if errors.As(err, &wait) {
		return wait.reason
	}
	for _, known := range []struct {
		err    error
		reason Reason
	}{
		{ErrPassword, ReasonPassword}, {ErrStranger, ReasonStranger}, {ErrSurplus, ReasonSurplus}, {ErrForeign, ReasonForeign}, {ErrFatal, ReasonFatal}, {ErrLocked, ReasonLocked}, {ErrGivenUp, ReasonGivenUp},
		{ErrClosed, ReasonClosed}, {ErrBusy, ReasonBusy}, {ErrCopyLimit, ReasonCopyLimit}, {ErrTimeout, ReasonTimeout}, {ErrUnreachable, ReasonUnreachable},
	} {
		if errors.Is(err, known.err) {
			return known.reason
		}
	}
	return ReasonOther
}

// waitError is a plan that cannot do anything for now.
type waitError struct {
	text   string
	reason Reason
}

func (e *waitError) Error() string { return e.text }
