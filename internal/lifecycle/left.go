package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"aku/internal/akucore"
)

// progress is how far a Runner is with its plan, for those who have to say what was
// left undone when time is over. It can be asked while steps are under way.
type progress struct {
	mu     sync.Mutex
	stages [][]*stepState // nil before there is a plan
}

// stepState is how far one step of the plan is: two steps may have the same words.
type stepState struct {
	words string
	state string // "" before it begins
}

const (
	stepUnderWay = "under way"
	stepFailed   = "failed"
	stepDone     = "done"
)

// plan forgets the plan before.
func (p *progress) plan(plan akucore.Plan, m akucore.Mesh) {
	stages := make([][]*stepState, len(plan.Stages))
	for i, stage := range plan.Stages {
		for _, s := range stage.Steps {
			stages[i] = append(stages[i], &stepState{words: s.Describe(m)})
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stages = stages
}

// of are the states of a stage's steps, in their order.
func (p *progress) of(stage int) []*stepState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stages[stage]
}

func (p *progress) set(step *stepState, state string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	step.state = state
}

// left are the steps that are not done, each with how far it came; planned is false
// while there is no plan.
func (p *progress) left() (steps []string, planned bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, stage := range p.stages {
		for _, s := range stage {
			switch s.state {
			case "":
				steps = append(steps, s.words)
			case stepDone:
			default:
				steps = append(steps, s.words+" ("+s.state+")")
			}
		}
	}
	return steps, p.stages != nil
}

// Left says which steps of the end are not done, in their order. It can be asked at any
// time, also when End does not come back.
func (e *Ender) Left() []string {
	steps, planned := e.Runner.progress.left()
	if !planned {
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
			objects = append(objects, g.Object(akucore.PairOf(m.Self, peer)))
		}
	}
	steps := []string{
		akucore.Step{Do: akucore.Close, On: m.Self}.Describe(m) + " (under way)",
		"the look at the servers, and with it every DELIVER, STOP and RESET of " + strings.Join(objects, ", "),
	}
	if e.Options.Shutdown {
		steps = append(steps, akucore.Step{Do: akucore.Shutdown, On: m.Self}.Describe(m))
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
