package simulation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

const (
	gracePeriod = 60 * time.Second
	endTimeout  = gracePeriod - 5*time.Second
	drainTime   = 3 * time.Second
	lockWait    = 20 * time.Second
	// beatInterval is AKU_BEAT_INTERVAL.
	beatInterval = 5 * time.Second
	// lockPatience and endPoll are those of the real programs.
	lockPatience = 10 * time.Second
	endPoll      = 50 * time.Millisecond
)

// pod is one life of a pod: two containers and their shared folder.
type pod struct {
	w        *world
	number   int
	revision int
	volume   *volume
	ctx      context.Context
	remove   context.CancelFunc

	server  *server // nil while the container is down
	sidecar *client
	hook    *client
	// recoverer is aku-init recover, which a person runs in the sidecar's container.
	recoverer *client
	ready     bool
	why       string
	ending    bool // asked to end
	hookDone  chan struct{}
	asks      []akucore.Step // what it asks of a person
	human     string         // why it asks
	frozen    time.Time      // no container starts before this time

	// The shared folder.
	marker    bool
	request   chan struct{} // closed when somebody wants to end
	turn      chan struct{} // closed when a command acts in the sidecar's place
	lock      chan struct{}
	lockOwner *client
}

// newPod makes a pod. Callers hold the lock.
func (w *world) newPod(number int) *pod {
	if w.volumes[number] == nil {
		w.volumes[number] = newVolume(w, number)
	}
	p := &pod{w: w, number: number, revision: w.set.revision, volume: w.volumes[number],
		request: make(chan struct{}), turn: make(chan struct{}), lock: make(chan struct{}, 1)}
	p.ctx, p.remove = context.WithCancel(w.ctx)
	w.pods[number] = p
	w.left[number] = false
	w.tell("altibase-%d is created", number)
	w.spawn(p.runSidecar)
	w.spawn(p.runServer)
	w.spawn(func() { p.users(commits) })
	if number <= w.options.Linger {
		w.spawn(func() { p.users(lingers) })
	}
	return p
}

// gone removes the pod. Callers hold the lock.
func (p *pod) gone() {
	if p.ctx.Err() != nil {
		return
	}
	p.w.tell("altibase-%d is gone", p.number)
	p.killContainers()
	p.remove()
	p.ready = false
	if p.w.pods[p.number] == p {
		p.w.pods[p.number] = nil
	}
}

// killContainers ends all processes at once.
func (p *pod) killContainers() {
	p.killServer()
	p.killSidecar()
}

// killServer kills the main container, in which the hook runs.
func (p *pod) killServer() {
	if p.hook != nil {
		p.hook.kill()
		p.unlock(p.hook)
	}
	if p.server != nil {
		p.server.end()
		p.server = nil
	}
}

func (p *pod) killSidecar() {
	p.killRecover()
	if p.sidecar != nil {
		p.sidecar.kill()
		p.unlock(p.sidecar)
		p.sidecar = nil
	}
	p.ready = false
}

// unlock releases the lock of a dead process.
func (p *pod) unlock(c *client) {
	if p.lockOwner == c {
		p.lockOwner = nil
		<-p.lock
	}
}

func (p *pod) takeLock(ctx context.Context, c *client) bool {
	select {
	case p.lock <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if c.dead {
		<-p.lock
		return false
	}
	p.lockOwner = c
	return true
}

// backOff is the kubelet's delay before it starts a container of the pod: 0 is the database, 1 the sidecar.
func (p *pod) backOff(container int, least, most time.Duration) error {
	p.w.mu.Lock()
	wait := p.w.between(dieBackoff, p.number, container, 0, least, most)
	wait = max(wait, time.Until(p.frozen))
	p.w.mu.Unlock()
	return pause(p.ctx, wait)
}

// runServer does the kubelet's part for the database container.
func (p *pod) runServer() {
	for n := 0; p.ctx.Err() == nil; n++ {
		if p.backOff(0, 500*time.Millisecond, 4*time.Second) != nil {
			return
		}
		p.w.mu.Lock()
		if p.ending || p.ctx.Err() != nil {
			p.w.mu.Unlock()
			return
		}
		s := p.w.boot(p.number, p.volume)
		p.server = s
		// The start hook runs beside the server's own start.
		p.w.after(p.w.between(diePostStart, p.number, 0, 0, time.Millisecond, 3*time.Second), func() {
			if p.server == s && !p.ending {
				p.marker = false
				select {
				case <-p.request:
					p.request = make(chan struct{})
				default:
				}
			}
		})
		p.w.mu.Unlock()
		<-s.ctx.Done()
		p.w.mu.Lock()
		if p.server == s {
			if p.hook != nil {
				p.hook.kill()
				p.unlock(p.hook)
			}
			p.server = nil
		}
		p.w.mu.Unlock()
	}
}

// runSidecar does the kubelet's part for the sidecar, and runs the loop of the program.
func (p *pod) runSidecar() {
	for p.ctx.Err() == nil {
		if p.backOff(1, 300*time.Millisecond, 3*time.Second) != nil {
			return
		}
		p.w.mu.Lock()
		if p.ctx.Err() != nil {
			p.w.mu.Unlock()
			return
		}
		c := p.w.newClient(p.number, sidecar)
		p.sidecar = c
		p.w.mu.Unlock()
		for c.ctx.Err() == nil {
			p.w.mu.Lock()
			request, turn := p.request, p.turn
			p.w.mu.Unlock()
			select {
			case <-request:
				_ = pause(c.ctx, endPoll*10)
				continue
			case <-turn:
				_ = pause(c.ctx, endPoll*10)
				continue
			default:
			}
			p.serve(c, request, turn)
		}
	}
}

// serve is sidecar.serve of aku-init.
func (p *pod) serve(c *client, request, turn <-chan struct{}) {
	if !p.takeLock(c.ctx, c) {
		return
	}
	ctx, cancel := context.WithCancel(c.ctx)
	defer func() {
		cancel()
		c.CloseIdle()
		p.w.mu.Lock()
		p.unlock(c)
		p.w.mu.Unlock()
	}()
	p.w.spawn(func() {
		select {
		case <-request:
			_ = pause(ctx, endPoll/2)
		case <-turn:
			_ = pause(ctx, endPoll/2)
		case <-ctx.Done():
		}
		cancel()
	})
	starter := &lifecycle.Starter{
		Runner: p.starting(c),
		Options: akucore.StartOptions{
			Flush: p.w.options.FlushAtStart, FlushTimeout: 300 * time.Second,
		},
		Replicas: p.replicas,
		SQL:      func(akucore.Step) []string { return nil },
		Plan:     func(v akucore.View, o akucore.StartOptions) akucore.Plan { return p.unguarded(c, p.decide(v, o)) },
	}
	instance, err := starter.Start(ctx)
	if err != nil {
		return
	}
	c.CloseIdle()
	p.w.mu.Lock()
	if c.dead {
		p.w.mu.Unlock()
		return
	}
	p.marker, p.ready, p.why = true, true, ""
	if p.server != nil {
		p.server.byHand = false
		if p.server.up {
			p.w.figures.Slowest = max(p.w.figures.Slowest, time.Since(p.server.since))
		}
	}
	p.w.tell("altibase-%d is in service", p.number)
	p.w.mu.Unlock()
	present := func() {
		p.w.mu.Lock()
		defer p.w.mu.Unlock()
		p.marker = p.marker || !c.dead
	}
	beating, stop := context.WithCancel(ctx)
	defer stop()
	p.w.spawn(func() { p.beat(beating, c) })
	if p.w.options.NoSweep {
		err = lifecycle.WatchServer(ctx, c.Server(p.number), instance, present)
	} else {
		watcher := lifecycle.Watcher{
			Runner: p.runner(c), Since: instance, Replicas: p.replicas, Present: present, Observed: func() {},
			Plan: func(v akucore.View, o akucore.StartOptions) akucore.Plan {
				return p.unguarded(c, akucore.PlanStart(v, o))
			},
		}
		err = watcher.Watch(ctx)
	}
	p.w.mu.Lock()
	if errors.Is(err, lifecycle.ErrGone) && !c.dead {
		p.marker = false
	}
	p.w.mu.Unlock()
	p.notReady(c, fmt.Sprint("the own server left service: ", err))
}

// beat inserts beats as long as the pod is in service.
func (p *pod) beat(ctx context.Context, c *client) {
	for pause(ctx, beatInterval+time.Duration(p.number)*17*time.Nanosecond) == nil {
		for _, g := range p.mesh().Blocks {
			_, _ = c.Server(p.number).Beat(ctx, g.Beat(), p.number)
		}
	}
}

// decide makes the plan of the pod's start. It stores what a person has to do.
func (p *pod) decide(v akucore.View, o akucore.StartOptions) akucore.Plan {
	rules := p.w.options.PlanStart
	if rules == nil {
		rules = akucore.PlanStart
	}
	plan := rules(v, o)
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	p.asks, p.human = plan.Recovery, plan.Human
	return plan
}

func (p *pod) notReady(c *client, why string) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if c.dead {
		return
	}
	p.ready = false
	if why != p.why {
		p.w.tell("altibase-%d: %s", p.number, why)
	}
	p.why = why
}

// replicas is the answer of the API server.
func (p *pod) replicas(context.Context) int {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if p.w.options.Reset != akucore.ResetAuto || p.w.chance(p.w.options.APIFails, dieReplicas, p.number, 0, 0) {
		return -1
	}
	return p.w.set.replicas
}

func (p *pod) runner(c *client) *lifecycle.Runner {
	return &lifecycle.Runner{
		Mesh: p.mesh(), Servers: c, Log: slog.New(slog.DiscardHandler),
		RetryCount: 5, RetryDelay: time.Second, DrainTime: drainTime,
		LockWait: lockWait,
		Report:   func(e lifecycle.Event) { p.claimed(c, e); p.w.heard(e) },
	}
}

// starting is the runner of a start. It also shows why the pod is not yet in service.
func (p *pod) starting(c *client) *lifecycle.Runner {
	r := p.runner(c)
	report := r.Report
	r.Report = func(e lifecycle.Event) {
		switch e.Kind {
		case lifecycle.Planned:
			p.notReady(c, e.Plan.Name)
		case lifecycle.Waiting:
			p.notReady(c, e.Err.Error())
		}
		report(e)
	}
	return r
}

// end deletes the pod in order: hook, SIGTERM, and SIGKILL after the grace period. Callers hold the lock.
func (p *pod) end() {
	if p.ending || p.ctx.Err() != nil {
		return
	}
	p.ending = true
	p.w.tell("altibase-%d is asked to end", p.number)
	if p.server == nil {
		p.gone() // no container, no hook
		return
	}
	p.hook = p.w.newClient(p.number, hook)
	p.hookDone = make(chan struct{})
	server := p.server
	p.w.spawn(p.runHook)
	p.w.spawn(func() {
		grace, cancel := context.WithTimeout(p.ctx, gracePeriod)
		defer cancel()
		select {
		case <-p.hookDone:
			_ = pause(grace, time.Second)
		case <-server.ctx.Done():
		case <-grace.Done():
		}
		p.w.mu.Lock()
		defer p.w.mu.Unlock()
		p.gone()
	})
}

// runHook is aku-prestop.
func (p *pod) runHook() {
	defer close(p.hookDone)
	c := p.hook
	began := time.Now()
	p.w.mu.Lock()
	select {
	case <-p.request:
	default:
		close(p.request)
	}
	p.w.mu.Unlock()
	ctx, cancel := context.WithTimeout(c.ctx, endTimeout)
	defer cancel()
	waiting, stop := context.WithTimeout(ctx, lockPatience)
	defer stop()
	if !p.takeLock(waiting, c) {
		p.w.mu.Lock()
		defer p.w.mu.Unlock()
		if !c.dead {
			p.w.ended = append(p.w.ended, fmt.Sprintf("the lock of altibase-%d was never free", p.number))
		}
		return
	}
	budget := lifecycle.Split(endTimeout-drainTime, p.w.options.Shutdown)
	rules := p.w.options.PlanEnd
	if rules == nil {
		rules = akucore.PlanEnd
	}
	ender := lifecycle.Ender{
		Runner: p.runner(c),
		Options: akucore.EndOptions{
			Flush: p.w.options.FlushAtEnd, DeliverLimit: budget.Deliver, Reset: p.w.options.Reset, Shutdown: p.w.options.Shutdown,
		},
		Replicas: p.replicas,
		Plan:     func(v akucore.View, o akucore.EndOptions) akucore.Plan { return p.unguarded(c, rules(v, o)) },
	}
	err := ender.End(ctx)
	c.CloseIdle()
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	p.unlock(c)
	p.w.left[p.number] = err == nil && !c.dead && p.w.options.Reset == akucore.ResetAlways
	if c.dead {
		return
	}
	took := time.Since(began)
	p.w.figures.Ends++
	p.w.tell("altibase-%d: the hook ends after %s: %v", p.number, took.Round(time.Millisecond), err)
	if took > endTimeout+3*time.Second {
		p.w.violated("(e) the end of altibase-%d took %s", p.number, took)
	}
	p.marker = false
}
