package akucore

import (
	"fmt"
	"slices"
	"strings"
)

// Stage is a set of steps that run at the same time. Steps of one stage on one
// object run in the order given.
type Stage struct {
	Title string
	Steps []Step
	// Begin and End are log lines that operators of Altibase know; "" for none.
	Begin, End string
}

// operatorLines are the lines that the vendor's utility logs before and after a verb.
var operatorLines = map[Verb][2]string{
	Flush:    {"Flush replications.", "Replication flush has ended."},
	Reset:    {"Reset replications.", "Replication reset has ended."},
	Truncate: {"Truncate tables for replications.", "Table truncation has ended."},
	Sync:     {"Sync tables from MASTER Server.", "Replication sync has ended."},
}

// saying is the stage with the operator's lines of a verb. A delivery counts as a Flush.
func (s Stage) saying(verb Verb) Stage {
	s.Begin, s.End = operatorLines[verb][0], operatorLines[verb][1]
	return s
}

// close keeps users out. It is also for a pod that is closed: users may still be in, and what
// they write now would be lost.
func (v View) close() Stage {
	return Stage{Title: "keep users out", Steps: []Step{on(v.Self, Close)}}
}

// planClose takes the pod out of service. What a person must do is said once it is closed.
func planClose(v View, why string) Plan {
	return Plan{Name: "close: " + why, Stages: []Stage{v.close()}}
}

// beginLife begins a life of the own pod above all numbers that any server has of it.
func (v View) beginLife() Stage {
	begin := on(v.Self, BeginLife)
	begin.Above = v.known(v.Self)
	return Stage{Title: "begin a life", Steps: v.forBlocks(begin)}
}

// Plan is what to do next: stages, or why there is nothing to do.
type Plan struct {
	Name   string
	Stages []Stage
	// Wait is the reason why the pod can do nothing now; it observes again later.
	Wait string
	// Human says what a person must do, and Advice explains it; Recovery are the steps
	// that do it.
	Human    string
	Advice   string
	Recovery []Step
	// Undone is what the plan leaves undone, and why. Nothing is lost by it.
	Undone []string
	// Join: once all stages are done the own copy is complete and new.
	Join bool
	// InService: once all stages are done the pod is in service.
	InService bool
}

// Copies tells whether the plan copies rows.
func (p Plan) Copies() bool { return len(p.pods(Sync, SyncTables)) > 0 }

// with is the plan with further stages. Empty ones are left out.
func (p Plan) with(stages ...Stage) Plan {
	p.Stages = slices.Clip(p.Stages)
	for _, stage := range stages {
		if len(stage.Steps) > 0 {
			p.Stages = append(p.Stages, stage)
		}
	}
	return p
}

// after is the plan with a stage before all others, unless that is empty.
func (p Plan) after(stage Stage) Plan {
	stages := p.Stages
	p.Stages = nil
	return p.with(append([]Stage{stage}, stages...)...)
}

// pods are the pods on which the plan has steps of these verbs.
func (p Plan) pods(verbs ...Verb) []int {
	var pods []int
	for _, stage := range p.Stages {
		for _, s := range stage.Steps {
			if slices.Contains(verbs, s.Do) && !slices.Contains(pods, s.On) {
				pods = append(pods, s.On)
			}
		}
	}
	return pods
}

// Describe prints the plan, a line for each step and, unless sql is nil, the
// statements below it.
func (p Plan) Describe(m Mesh, sql func(Step) []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", p.Name)
	if p.Wait != "" {
		fmt.Fprintf(&b, "wait: %s\n", p.Wait)
	}
	if p.Human != "" {
		fmt.Fprintf(&b, "human: %s\n", p.Human)
		for line := range strings.Lines(p.Advice) {
			fmt.Fprintf(&b, "       %s\n", strings.TrimRight(line, "\n"))
		}
		describe(&b, m, p.Recovery, sql)
	}
	for _, undone := range p.Undone {
		fmt.Fprintf(&b, "undone: %s\n", undone)
	}
	for i, stage := range p.Stages {
		fmt.Fprintf(&b, "%d. %s\n", i+1, stage.Title)
		describe(&b, m, stage.Steps, sql)
	}
	if p.InService {
		b.WriteString("in service\n")
	}
	return b.String()
}

func describe(b *strings.Builder, m Mesh, steps []Step, sql func(Step) []string) {
	for _, s := range steps {
		fmt.Fprintf(b, "    %s\n", s.Describe(m))
		if sql == nil {
			continue
		}
		for _, statement := range sql(s) {
			fmt.Fprintf(b, "        %s\n", statement)
		}
	}
}

// forBlocks repeats a step for the objects of every block.
func (m Mesh) forBlocks(s Step) []Step {
	steps := make([]Step, len(m.Blocks))
	for i := range m.Blocks {
		s.Block = i
		steps[i] = s
	}
	return steps
}
