package lifecycle

import (
	"time"

	"aku/internal/akucore"
)

// Event is something that a Runner or a Starter sees or does. It is only for display: no code
// decides by it.
type Event struct {
	Kind EventKind
	Plan akucore.Plan  // Planned
	Step akucore.Step  // of the Step kinds, Copied and GivenUp
	At   Place         // of the Step kinds
	Took time.Duration // StepDone, StepFailed: with all its tries
	Err  error         // StepFailed, StepRetried, Waiting, GivenUp
	Rows int64         // Copied: rows so far, as the server last showed them; a lower bound
}

// Place is the position of a step in its plan: two steps may have the same text.
type Place struct{ Stage, Step int }

// EventKind says what happened.
type EventKind int

// The kinds.
const (
	// Planned: a plan begins to run.
	Planned EventKind = iota
	StepBegun
	StepDone
	StepFailed
	// StepRetried: a try of a step failed, and another one follows.
	StepRetried
	// Copied: the progress of a running SYNC.
	Copied
	// Waiting: the start cannot go on for now; ReasonOf(Err) is the reason.
	Waiting
	// GivenUp: the pod Step.Peer could not apply changes of Step.On.
	GivenUp
)

// report reports an event, if there is a listener.
func (r *Runner) report(e Event) {
	if r.Report != nil {
		r.Report(e)
	}
}
