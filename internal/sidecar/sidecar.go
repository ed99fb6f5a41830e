// Package sidecar is what aku-init does: it brings the pod's server into service, watches
// it, and starts over when anything happens to it. Some commands do one of these once.
package sidecar

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"aku/internal/akucore"
	"aku/internal/events"
	"aku/internal/health"
	"aku/internal/kube"
	"aku/internal/lifecycle"
	"aku/internal/metrics"
	"aku/internal/owner"
	"aku/internal/process"
	"aku/internal/pulse"
	"aku/internal/rundir"
	"aku/internal/settings"
	"aku/internal/status"
	"aku/internal/steps"
	"aku/internal/wiring"
)

const (
	// endPoll is the time between two checks of a sidecar that has released the lock for an
	// end, whether the end is still requested.
	endPoll = 50 * time.Millisecond
	// startOverPause keeps a start that fails at once from being repeated all the time.
	startOverPause = 200 * time.Millisecond
)

// Servers are the servers of package lifecycle. They also take care of aku's own tables.
type Servers interface {
	lifecycle.Servers
	// Settle gives the pod's own database its identity in the mesh, before anything else is
	// done, and reports whether that changed it.
	Settle(ctx context.Context) (changed bool, err error)
	// Upkeep repairs aku's own tables while the pod is in service.
	Upkeep(ctx context.Context) error
}

// Sidecar joins, opens and watches, again and again.
type Sidecar struct {
	Settings settings.Settings
	Servers  Servers
	Log      *slog.Logger
	// AliveFor is how long the pulse may be silent before /livez tells the kubelet that the
	// sidecar hangs.
	AliveFor time.Duration
	// CheckAddress waits until the peers can reach the pod by its name.
	CheckAddress func(context.Context) error

	endedLimit time.Duration // for the check that the server has ended
	surplus    error         // why the mesh has no place for the pod; then Servers is nil
	dir        rundir.Dir
	health     health.Health
	claim      *owner.Claim
	taken      atomic.Pointer[error] // set when another pod has taken a data folder

	metrics   *metrics.Metrics
	events    events.Hub
	givenUp   givenUpPage
	recorder  steps.Recorder
	announce  *announcer
	warnings  warnings
	pairsRead time.Time               // when the pairs were last read
	beaten    time.Time               // when the last beat was inserted
	beatless  bool                    // the last beat failed
	newest    map[akucore.Table]int64 // the number of the last beat
	tidied    time.Time               // when it last tidied up
	peers     map[string]bool         // objects that were connected at that time
	ended     time.Time               // when the last end in the metrics began
}

// New makes the sidecar of a pod.
func New(s settings.Settings, servers Servers, log *slog.Logger) *Sidecar {
	sidecar := &Sidecar{Settings: s, Servers: servers, Log: log, dir: rundir.Dir(s.RunDir), endedLimit: endedLimit, newest: map[akucore.Table]int64{}}
	sidecar.AliveFor = aliveFor(s)
	sidecar.CheckAddress = sidecar.checkAddress
	sidecar.claim, _ = wiring.Claim(s, log) // its error is a fault that the settings report
	sidecar.metrics = metrics.New(s.Mesh(), process.Version())
	sidecar.announce = newAnnouncer(nil, log)
	if s.PodUID != "" && s.PodEvents == 1 {
		sidecar.announce.tell = kube.OwnPod{Name: s.PodName, UID: s.PodUID}.Tell
	}
	return sidecar
}

// Run runs until its context ends. It starts over after anything that happens to the server.
func (s *Sidecar) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(pulse.With(ctx, s.health.Alive(s.AliveFor)))
	beside := pulse.With(ctx, nil) // runs beside the loop: its beats must not stand for the loop's
	go s.announce.run(beside)
	served := make(chan struct{})
	go func() {
		defer close(served)
		pages := map[string]http.Handler{"/metrics": s.metrics.Handler(), "/events": &s.events, status.GivenUpPage: &s.givenUp}
		if err := s.health.Serve(ctx, s.Settings.HealthPort, pages); err != nil {
			cancel(err)
		}
	}()
	// The port is free for the next process once this has returned.
	defer func() { cancel(nil); <-served }()
	s.keepOnce() // first: another pod may have taken a folder
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		s.keepFolders(beside)
	}()
	defer func() { cancel(nil); s.letGo(kept) }()
	s.Log.Info("AKU started with START option.", "pod", s.Settings.PodName, "version", process.Version())
	for ctx.Err() == nil {
		pulse.Beat(ctx)
		s.takeGivenUp()
		if s.dir.EndRequested() {
			s.become(metrics.Ending, "", "ending")
			s.lastEnd()
			_ = pulse.Sleep(ctx, endPoll)
			continue
		}
		if s.dir.TurnTaken() {
			s.health.NotReady("a command of this pod acts")
			_ = pulse.Sleep(ctx, endPoll)
			continue
		}
		if err := s.keptOut(); err != nil {
			s.stayOut(ctx, err)
			continue
		}
		s.warn(outOfMesh, nil)
		if err := s.serve(ctx); err != nil && ctx.Err() == nil && !s.dir.EndRequested() && !s.dir.TurnTaken() && s.keptOut() == nil {
			s.warn("starting over", err)
			if errors.Is(err, lifecycle.ErrGone) {
				s.announce.left(err.Error())
			}
			_ = pulse.Sleep(ctx, startOverPause)
		}
	}
	s.Log.Info("aku-init ends")
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// serve takes the pod's lock, brings the server into service and watches it, until something
// ends that.
func (s *Sidecar) serve(ctx context.Context) error {
	unlock, err := s.dir.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		s.dir.AwaitEnd(pulse.With(ctx, nil))
		cancel()
	}()

	s.become(metrics.Waiting, "", "starting")
	s.lastEnd()
	s.recorder.Begin()
	// A marker of an earlier sidecar proves nothing about the server now.
	if err := s.dir.Unmark(); err != nil {
		return err
	}
	// The sessions end before the lock is released: to the next process they would look like
	// users.
	defer s.Servers.CloseIdle()
	if err := s.CheckAddress(ctx); err != nil {
		return err
	}
	instance, err := s.starter().Start(ctx)
	if err != nil {
		return err
	}
	// The watch needs one session on the pod's own server, and none on the others.
	s.Servers.CloseIdle()
	if err := s.dir.Mark(); err != nil {
		return err
	}
	s.tidied = time.Time{} // tidy soon: the process that acted before may have been killed
	s.metrics.Started(s.recorder.End(nil))
	s.become(metrics.InService, "", "in service")
	process.Settle()
	s.Log.Info("AKU run successfully.")
	defer s.become(metrics.Waiting, lifecycle.ReasonUnreachable, "the own server left service")
	runner := wiring.Runner(s.Settings, s.Servers, s.Log)
	runner.Report = s.reportInService
	watcher := lifecycle.Watcher{Runner: runner, Since: instance, Replicas: s.replicas, Observed: process.GiveBack, Present: func() {
		if s.keptOut() != nil {
			cancel()
			return
		}
		s.markAgain()
		every(ctx, s.Settings.BeatEvery(), &s.beaten, s.beat)
		every(ctx, readInterval, &s.pairsRead, s.readPairs)
		every(ctx, tidyInterval, &s.tidied, s.tidy)
	}}
	err = watcher.Watch(ctx)
	if errors.Is(err, lifecycle.ErrGone) {
		err = errors.Join(err, s.dir.Unmark())
	}
	return err
}

// tidyInterval is how often the sidecar tidies up while the pod is in service.
const tidyInterval = 30 * time.Second

// tidy repairs aku's own tables in the pod's database, and returns memory to the system.
func (s *Sidecar) tidy(ctx context.Context) {
	if err := s.Servers.Upkeep(ctx); ctx.Err() == nil {
		s.warn("upkeep of the own database", err)
	}
	process.GiveBack()
}

// markAgain writes the marker again. After a quick start, the postStart hook of the database
// container may run late and remove it.
func (s *Sidecar) markAgain() {
	if !s.dir.Marked() {
		s.warn("write the marker", s.dir.Mark())
	}
}

func (s *Sidecar) starter() *lifecycle.Starter {
	runner := wiring.Runner(s.Settings, s.Servers, s.Log)
	runner.Report = s.report
	return &lifecycle.Starter{
		Runner:   runner,
		Options:  s.startOptions(),
		Admit:    s.keptOut,
		Settle:   s.Servers.Settle,
		Scripts:  func() []lifecycle.Script { return scripts(s.Settings.InitdbDir) },
		Replicas: s.replicas,
		SQL:      wiring.SQL(s.Settings.Mesh()),
		Plan:     s.plan,
	}
}

// startOptions are the present options of a start.
func (s *Sidecar) startOptions() akucore.StartOptions {
	options, err := wiring.StartOptions(s.Settings)
	s.warn("the order of a recovery is not followed", err)
	return options
}

// replicas is the number of pods that the StatefulSet wants, or -1 when it is not known.
func (s *Sidecar) replicas(ctx context.Context) int {
	replicas, err := wiring.Replicas(ctx, s.Settings)
	if ctx.Err() == nil {
		s.warn("not known", err)
	}
	return replicas
}

// plan plans with the present options: an order of a recovery can come while the pod waits.
func (s *Sidecar) plan(v akucore.View, o akucore.StartOptions) akucore.Plan {
	s.findEnd(v.Mesh, v.Pods[v.Self])
	if v.Self == akucore.Master {
		o.Recover = s.startOptions().Recover
	}
	return akucore.PlanStart(v, o)
}
