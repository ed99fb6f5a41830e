package lifecycle

import (
	"time"

	"aku/internal/akucore"
)

// Event is something that a Runner or a Starter saw or did, for those who show it to
// people. Nothing is decided by it.
type Event struct {
	Kind EventKind
	Plan string        // Planned: its name
	Step akucore.Step  // StepDone, StepFailed, StepRetried, Copied
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
