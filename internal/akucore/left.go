package akucore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// progress is how far a Runner is with its plan, for those who have to say what was
// left undone when time is over. It can be asked while steps are under way.
type progress struct {
	mu    sync.Mutex
	begun bool
	steps []string          // in the order of the plan
	state map[string]string // of the steps that were begun
}

const (
	stepUnderWay = "under way"
	stepFailed   = "failed"
	stepDone     = "done"
)

// begin forgets the plan before.
func (p *progress) begin(steps []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun, p.steps, p.state = true, steps, map[string]string{}
}

func (p *progress) set(step, state string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun {
		p.state[step] = state
	}
}

// left are the steps that are not done, each with how far it came; begun is false
// while there is no plan.
func (p *progress) left() (steps []string, begun bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, step := range p.steps {
		switch state, tried := p.state[step]; {
		case !tried:
			steps = append(steps, step)
		case state != stepDone:
			steps = append(steps, step+" ("+state+")")
		}
	}
	return steps, p.begun
}

// Left says which steps of the end are not done, in their order. It can be asked at any
// time, also when End does not come back.
func (e *Ender) Left() []string {
	steps, begun := e.Runner.progress.left()
	if !begun {
		return e.unplanned()
	}
	return steps
}

// unplanned is what an end has to do as long as nobody has looked at the servers: every
// pair that there can be is meant.
func (e *Ender) unplanned() []string {
	m := e.Runner.Mesh
	var objects []string
	for _, peer := range m.Peers() {
		for _, g := range m.Groups {
			objects = append(objects, g.Object(PairOf(m.Self, peer)))
		}
	}
	steps := []string{
		Step{Do: Close, On: m.Self}.Describe(m),
		"the look at the servers, and with it every DELIVER, STOP and RESET of " + strings.Join(objects, ", "),
	}
	if e.Options.Shutdown {
		steps = append(steps, Step{Do: Shutdown, On: m.Self}.Describe(m))
	}
	return steps
}

// steps are all steps of the plan in words.
func (p Plan) steps(m Mesh) []string {
	var steps []string
	for _, stage := range p.Stages {
		for _, s := range stage.Steps {
			steps = append(steps, s.Describe(m))
		}
	}
	return steps
}

// WhyCut says what ended an end before it was done.
func WhyCut(ctx context.Context) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return "TIMEOUT: " + context.Cause(ctx).Error()
	}
	return "CUT SHORT: " + context.Cause(ctx).Error()
}

// LeftUndone is the line for people: what of an end is not done, and what that means.
func LeftUndone(steps []string) string {
	if len(steps) == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%s. Nothing is reset that was not proven to be delivered: the pod goes on from its log when it comes back", strings.Join(steps, "; "))
}
