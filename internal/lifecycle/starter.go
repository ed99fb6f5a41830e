package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

// ErrHuman is the error of a start that cannot go on before a person acts.
var ErrHuman = errors.New("a person must act")

const (
	// observeAgain is the time before a start observes again, when it cannot go on.
	observeAgain = time.Second
	// repeatLog is how often an unchanged reason to wait is logged.
	repeatLog = 30 * time.Second
)

// Starter brings its pod into service.
type Starter struct {
	Runner  *Runner
	Options akucore.StartOptions
	// Admit is asked before anything is done. Its error keeps the pod out; nil for no question.
	Admit func() error
	// Settle is called before each plan, and reports whether the servers are to be observed
	// again first; nil for neither.
	Settle func(context.Context) (changed bool, err error)
	// Scripts run once on a new server, before replication is set up. They are read before
	// every plan, so a corrected script needs no restart of the pod; nil for none.
	Scripts func() []Script
	// Replicas is the number of pods that the StatefulSet wants, or -1 when it is not known.
	Replicas func(context.Context) int
	// Tries is how often the start observes before it gives up; 0: it never gives up.
	Tries int
	// SQL returns the statements of a step, for people.
	SQL  func(akucore.Step) []string
	Plan StartRules

	warned  bool // of forgotten objects
	skipped skipped
	said    string
	saidAt  time.Time
}

// StartRules decide what a pod does to get into service, or to stay there; nil for PlanStart.
// Tests put other rules in its place.
type StartRules func(akucore.View, akucore.StartOptions) akucore.Plan

func (rules StartRules) decide(v akucore.View, o akucore.StartOptions) akucore.Plan {
	if rules == nil {
		return akucore.PlanStart(v, o)
	}
	return rules(v, o)
}

// Start observes, plans and runs until the own pod is in service. Unless Tries
// says otherwise it gives up only with its context.
func (s *Starter) Start(ctx context.Context) (akucore.Instance, error) {
	r := s.Runner
	if r.Mesh.Self == akucore.Master {
		r.Log.Info("Start as MASTER Pod.")
	} else {
		r.Log.Info("Start as SLAVE Pod.")
	}
	for try := 1; ; try++ {
		instance, err := s.round(ctx)
		if err == nil {
			return instance, nil
		}
		if ctx.Err() != nil {
			return akucore.Instance{}, ctx.Err()
		}
		if s.Tries > 0 && (try >= s.Tries || !retryable(err) || errors.Is(err, ErrHuman)) {
			return akucore.Instance{}, err
		}
		s.say(err)
		r.report(Event{Kind: Waiting, Err: err})
		r.Servers.CloseIdle()
		if err := pulse.Sleep(ctx, observeAgain); err != nil {
			return akucore.Instance{}, err
		}
	}
}

// errAgain is no failure: a plan is done, and the next one follows at once.
var errAgain = errors.New("plan again")

// round runs plans until the pod is in service, or until it can do nothing for now.
func (s *Starter) round(ctx context.Context) (akucore.Instance, error) {
	options := s.Options
	for {
		plan, instance, err := s.once(ctx, options)
		if !errors.Is(err, errAgain) {
			return instance, err
		}
		if plan.Join {
			// The copy is new, and no user has written here yet.
			options.Flush = false
		}
	}
}

// once observes once and runs one plan.
func (s *Starter) once(ctx context.Context, options akucore.StartOptions) (akucore.Plan, akucore.Instance, error) {
	r := s.Runner
	view, err := s.view(ctx)
	if err != nil {
		return akucore.Plan{}, akucore.Instance{}, err
	}
	plan := s.Plan.decide(view, options)
	switch {
	case plan.Wait != "":
		reason := ReasonPeer
		if view.TableFaults() != "" {
			reason = ReasonTables
		}
		return plan, akucore.Instance{}, &waitError{text: plan.Wait, reason: reason}
	case plan.Human != "":
		return plan, akucore.Instance{}, &humanError{plan: plan, text: s.recovery(plan)}
	}
	r.Log.Info("plan", "name", plan.Name, "stages", len(plan.Stages))
	for _, undone := range plan.Undone {
		r.Log.Warn("not done", "what", undone)
	}
	err = r.Run(ctx, plan)
	s.skipped.note(r.Skipped(), err == nil)
	if err != nil {
		return plan, akucore.Instance{}, err
	}
	if !plan.InService {
		return plan, akucore.Instance{}, errAgain
	}
	// This is the observed instance; another one may have replaced it meanwhile.
	return plan, akucore.Instance{StartTime: view.Pods[r.Mesh.Self].StartTime}, nil
}

// view is what the next plan goes by.
func (s *Starter) view(ctx context.Context) (akucore.View, error) {
	r := s.Runner
	if s.Admit != nil {
		if err := s.Admit(); err != nil {
			return akucore.View{}, err
		}
	}
	if err := s.initialize(ctx, r.Servers.Server(r.Mesh.Self)); err != nil {
		return akucore.View{}, fmt.Errorf("initialize the own server: %w", err)
	}
	view, err := Observe(ctx, r.Mesh, r.Servers, s.replicas(ctx))
	if err != nil {
		return akucore.View{}, fmt.Errorf("own server: %w", err)
	}
	if s.Settle != nil {
		switch changed, err := s.Settle(ctx); {
		case err != nil:
			return akucore.View{}, err
		case changed:
			return akucore.View{}, errAgain
		}
	}
	view.Skipped = s.skipped.sides()
	if !s.warned {
		s.warned = true
		for _, text := range view.TellForgotten(view.Forgotten()) {
			r.Log.Warn(text)
		}
	}
	return view, nil
}

// initializing is the interface that the scripts of a new database need.
type initializing interface {
	Initialize(ctx context.Context, scripts []Script) error
}

// initialize runs the scripts, if there are any.
func (s *Starter) initialize(ctx context.Context, own initializing) error {
	if s.Scripts == nil {
		return nil
	}
	scripts := s.Scripts()
	if len(scripts) == 0 {
		return nil
	}
	return pulse.While(ctx, func() error { return own.Initialize(ctx, scripts) })
}

func (s *Starter) replicas(ctx context.Context) int {
	if s.Replicas == nil {
		return -1
	}
	return s.Replicas(ctx)
}

// humanError is the error of a plan that needs a person.
type humanError struct {
	plan akucore.Plan
	text string
}

func (e *humanError) Error() string { return e.plan.Human + e.text }
func (e *humanError) Unwrap() error { return ErrHuman }

// recovery is the advice of a plan and the statements of its recovery, each with its pod.
func (s *Starter) recovery(p akucore.Plan) string {
	text := ""
	if p.Advice != "" {
		text = "\n" + p.Advice
	}
	for _, step := range p.Recovery {
		for _, statement := range s.SQL(step) {
			text += fmt.Sprintf("\n    %s> %s;", s.Runner.Mesh.PodName(step.On), statement)
		}
	}
	return text
}

// say logs why the pod waits: a new reason at once, an unchanged one now and then.
func (s *Starter) say(err error) {
	why := err.Error()
	if why == s.said && time.Since(s.saidAt) < repeatLog {
		return
	}
	s.said, s.saidAt = why, time.Now()
	if errors.Is(err, ErrHuman) {
		s.Runner.Log.Error(why)
		return
	}
	s.Runner.Log.Warn("not yet in service", "reason", why)
}
