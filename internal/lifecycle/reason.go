package lifecycle

import (
	"errors"

	"aku/internal/akucore"
)

// Reason is why something failed or a pod is not in service, as one word of a fixed list.
type Reason string

// The reasons.
const (
	ReasonMasterFailed Reason = "master_failed"
	ReasonSlaveFailed  Reason = "slave_failed"
	ReasonTables       Reason = "tables" // a table is missing or cannot be replicated
	ReasonPeer         Reason = "peer"   // another pod must come into service first
	ReasonUnreachable  Reason = "unreachable"
	ReasonClosed       Reason = "closed"
	ReasonBusy         Reason = "busy"
	ReasonPassword     Reason = "password"
	ReasonStranger     Reason = "stranger" // another server answers for a pod
	ReasonSurplus      Reason = "surplus"  // the mesh has no place for the pod's number
	ReasonForeign      Reason = "foreign"  // another tool works on the replication
	ReasonCopyLimit    Reason = "copy_limit"
	ReasonTimeout      Reason = "timeout"
	ReasonLocked       Reason = "locked"   // another session holds a lock that is needed
	ReasonGivenUp      Reason = "given_up" // changes arrived and could not be applied
	ReasonKept         Reason = "kept"     // a person must compare the rows that a peer did not apply
	ReasonFatal        Reason = "fatal"
	ReasonOther        Reason = "other"
)

// Reasons are all reasons.
var Reasons = []Reason{
	ReasonMasterFailed, ReasonSlaveFailed, ReasonTables, ReasonPeer, ReasonUnreachable, ReasonClosed, ReasonBusy,
	ReasonPassword, ReasonStranger, ReasonSurplus, ReasonForeign, ReasonCopyLimit, ReasonTimeout, ReasonLocked, ReasonGivenUp, ReasonKept, ReasonFatal, ReasonOther,
}

// ReasonOf is the reason of an error of this package or of a Server; "" for none.
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}
	var human *humanError
	if errors.As(err, &human) {
		switch human.plan.Human {
		case akucore.SlaveFailed:
			return ReasonSlaveFailed
		case akucore.KeptForPeople:
			return ReasonKept
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
		{akucore.ErrPassword, ReasonPassword}, {akucore.ErrStranger, ReasonStranger}, {akucore.ErrSurplus, ReasonSurplus}, {akucore.ErrForeign, ReasonForeign}, {akucore.ErrFatal, ReasonFatal}, {akucore.ErrLocked, ReasonLocked}, {ErrGivenUp, ReasonGivenUp},
		{akucore.ErrClosed, ReasonClosed}, {akucore.ErrBusy, ReasonBusy}, {akucore.ErrCopyLimit, ReasonCopyLimit}, {akucore.ErrTimeout, ReasonTimeout}, {akucore.ErrUnreachable, ReasonUnreachable},
	} {
		if errors.Is(err, known.err) {
			return known.reason
		}
	}
	return ReasonOther
}

// waitError is the error of a plan that can do nothing for now.
type waitError struct {
	text   string
	reason Reason
}

func (e *waitError) Error() string { return e.text }
