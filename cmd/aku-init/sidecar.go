package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"aku/internal/akucore"
	"aku/internal/altibase"
	"aku/internal/health"
	"aku/internal/process"
	"aku/internal/rundir"
	"aku/internal/settings"
)

// endPoll is how often the sidecar looks whether the hook wants to act.
const endPoll = 50 * time.Millisecond

// sidecar joins, opens and watches, again and again.
type sidecar struct {
	settings settings.Settings
	log      *slog.Logger
	dir      rundir.Dir
	health   health.Health
}

func newSidecar(s settings.Settings) *sidecar {
	return &sidecar{
		settings: s,
		log:      process.Logger(s.LogFormat, os.Stdout),
		dir:      rundir.Dir(s.RunDir),
	}
}

// run ends with its context; whatever happens to the server, it starts over.
func (s *sidecar) run(ctx context.Context) error {
	servers, disconnect, err := s.settings.Connect()
	if err != nil {
		return process.Misconfigured(err)
	}
	defer disconnect()
	serving := make(chan error, 1)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		err := s.health.Serve(ctx, s.settings.HealthPort)
		if err != nil {
			cancel(err)
		}
		serving <- err
	}()
	s.log.Info("AKU started with START option.", "pod", s.settings.PodName, "version", process.Version())
	for ctx.Err() == nil {
		if s.dir.EndRequested() {
			s.health.NotReady("ending")
			pause(ctx, endPoll)
			continue
		}
		if err := s.serve(ctx, servers); err != nil && ctx.Err() == nil {
			s.log.Warn("starting over", "reason", err)
		}
	}
	s.log.Info("aku-init ends")
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// serve brings the server into service and watches it, as the one process of the
// pod that acts, until something ends that.
func (s *sidecar) serve(ctx context.Context, servers *altibase.Cluster) error {
	unlock, err := s.dir.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for ctx.Err() == nil && !s.dir.EndRequested() {
			pause(ctx, endPoll)
		}
		cancel()
	}()

	// Sessions do not outlive the lock: to whoever acts next they would be users.
	defer servers.CloseIdle()
	if err := s.checkAddress(ctx); err != nil {
		return err
	}
	instance, err := s.starter(servers).Start(ctx)
	if err != nil {
		return err
	}
	// The watch needs one session of the own server and none of the others.
	servers.CloseIdle()
	if err := s.dir.Mark(); err != nil {
		return err
	}
	s.health.Ready()
	s.log.Info("AKU run successfully.")
	defer s.health.NotReady("the own server left service")
	err = s.watch(ctx, servers, instance)
	if errors.Is(err, akucore.ErrGone) {
		err = errors.Join(err, s.dir.Unmark())
	}
	return err
}

// watch looks after the server in service, and for pods that were removed.
func (s *sidecar) watch(ctx context.Context, servers *altibase.Cluster, instance akucore.Instance) error {
	ctx, cancel := context.WithCancel(ctx)
	var sweeping sync.WaitGroup
	sweeping.Go(func() { akucore.Sweep(ctx, s.settings.Runner(servers, s.log), s.settings.Replicas) })
	defer sweeping.Wait()
	defer cancel()
	return akucore.Watch(ctx, servers.Server(s.settings.Mesh().Self), instance, s.markAgain)
}

// markAgain writes the marker that the start hook of the database container
// removes when it runs only after a quick start was complete.
func (s *sidecar) markAgain() {
	if !s.dir.Marked() {
		if err := s.dir.Mark(); err != nil {
			s.log.Error("write the marker", "error", err)
		}
	}
}

func (s *sidecar) starter(servers akucore.Servers) *akucore.Starter {
	return &akucore.Starter{
		Runner:   s.settings.Runner(servers, s.log),
		Options:  s.settings.StartOptions(),
		Scripts:  s.scripts(),
		Replicas: s.settings.Replicas,
		Why:      s.health.NotReady,
		SQL:      s.settings.SQL,
	}
}

// scripts are the *.sql files that prepare a new server, in name order.
func (s *sidecar) scripts() []akucore.Script {
	if s.settings.InitdbDir == "" {
		return nil
	}
	files, _ := filepath.Glob(filepath.Join(s.settings.InitdbDir, "*.sql"))
	slices.Sort(files)
	var scripts []akucore.Script
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			s.log.Error("read an initdb script", "error", err)
			continue
		}
		scripts = append(scripts, akucore.Script{Name: filepath.Base(file), Text: string(text)})
	}
	return scripts
}

// pause waits unless the context ends first.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
