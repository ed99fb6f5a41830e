package lifecycle

import (
	"time"

	"aku/internal/akucore"
)

// Event is something that a Runner or a Starter sees or does. It is for those who show it to
// people: nothing is decided by it.
type Event struct {
	Kind EventKind
	Plan akucore.Plan  // Planned
	Step akucore.Step  // of the Step kinds, Copied and GivenUp
	At   Place         // of the Step kinds
	Took time.Duration // StepDone, StepFailed: with all its tries
	Err  error         // StepFailed, StepRetried, Waiting, GivenUp
	Rows int64         // Copied: rows so far, as the server last showed them; a lower bound
}

// Place is where a step stands in its plan: two steps may have the same words.
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
	// StepRetried: a try of a step failed, and there will be another one.
	StepRetried
	// Copied: a running SYNC is so far.
	Copied
	// Waiting: the start cannot go on for now; ReasonOf(Err) says why in a word.
	Waiting
	// GivenUp: the pod Step.Peer could not apply changes of Step.On.
	GivenUp
)

// report reports an event, if anybody listens.
func (r *Runner) report(e Event) {
	if r.Report != nil {
		r.Report(e)
	}
}
