package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"aku/internal/akucore"
)

// Progress records from the events of an end how far it is, so that the hook can report what
// was left undone when the time is over.
type Progress struct {
	Mesh     akucore.Mesh
	Shutdown bool // the end stops its server

	mu     sync.Mutex
	stages [][]stepState // nil before the plan
}

// stepState is the progress of one step of the plan.
type stepState struct {
	words string
	state string // "" before it begins
}

const (
	stepUnderWay = "under way"
	stepFailed   = "failed"
	stepDone     = "done"
)

// Record records an event. A new plan replaces the one before.
func (p *Progress) Record(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case Planned:
		p.stages = make([][]stepState, len(e.Plan.Stages))
		for i, stage := range e.Plan.Stages {
			for _, s := range stage.Steps {
				p.stages[i] = append(p.stages[i], stepState{words: s.Describe(p.Mesh)})
			}
		}
	case StepBegun:
		p.stages[e.At.Stage][e.At.Step].state = stepUnderWay
	case StepFailed:
		p.stages[e.At.Stage][e.At.Step].state = stepFailed
	case StepDone:
		p.stages[e.At.Stage][e.At.Step].state = stepDone
	}
}

// Left are the steps of the end that are not done, in order, each with its progress. It can be
// called at any time, even when End does not return.
func (p *Progress) Left() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stages == nil {
		return p.unplanned()
	}
	var left []string
	for _, stage := range p.stages {
		for _, s := range stage {
			switch s.state {
			case "":
				left = append(left, s.words)
			case stepDone:
			default:
				left = append(left, s.words+" ("+s.state+")")
			}
		}
	}
	return left
}

// unplanned is what an end has to do as long as it has not observed the servers. It names
// every possible pair.
func (p *Progress) unplanned() []string {
	m := p.Mesh
	steps := []string{
		akucore.Step{Do: akucore.Close, Side: akucore.Side{On: m.Self}}.Describe(m) + " (under way)",
		"the observation of the servers, and with it every DELIVER, STOP and RESET of " + strings.Join(m.ObjectsOf(m.Self), ", "),
	}
	if p.Shutdown {
		steps = append(steps, akucore.Step{Do: akucore.Shutdown, Side: akucore.Side{On: m.Self}}.Describe(m))
	}
	return steps
}

// WhyCut is the reason why an end was cut short.
func WhyCut(ctx context.Context) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return "TIMEOUT: " + context.Cause(ctx).Error()
	}
	return "CUT SHORT: " + context.Cause(ctx).Error()
}

// LeftUndone is the line for people: what an end has left undone, and what that means.
func LeftUndone(steps []string) string {
	if len(steps) == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%s. Nothing is reset that was not proven to be delivered: the pod goes on from its log when it comes back", strings.Join(steps, "; "))
}
