// Package hook is what aku-prestop does: it takes over from the sidecar, and takes the
// pod's server out of replication, within a hard limit.
package hook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"aku/internal/akucore"
	"aku/internal/kube"
	"aku/internal/lifecycle"
	"aku/internal/rundir"
	"aku/internal/settings"
	"aku/internal/steps"
	"aku/internal/wiring"
)

// lockPatience is how long the sidecar may take to abandon a statement and release the lock.
const lockPatience = 10 * time.Second

// Run ends the pod within its time (AKU_END_TIMEOUT). The error and the log say what could
// not be done.
func Run(ctx context.Context, s settings.Settings, servers lifecycle.Servers, log *slog.Logger) error {
	began := time.Now() // asking for the grace period counts, too
	limit, whose := limit(ctx, s.EndLimit(), kube.OwnPod{Name: s.PodName}.Grace, log)
	ctx, cancel := context.WithDeadlineCause(ctx, began.Add(limit), fmt.Errorf("the end did not finish in %s (%s)", limit, whose))
	defer cancel()
	log.Info("AKU started with END option.", "pod", s.PodName, "limit", limit)
	ender := lifecycle.Ender{Runner: wiring.Runner(s, servers, log), Options: wiring.EndOptions(s), Replicas: func(ctx context.Context) int {
		replicas, err := wiring.Replicas(ctx, s)
		if err != nil {
			log.Warn("not known", "reason", err)
		}
		return replicas
	}}
	var recorder steps.Recorder
	progress := lifecycle.Progress{Mesh: s.Mesh(), Shutdown: ender.Options.Shutdown}
	still := still{log: log, left: progress.Left}
	sayDone := sync.OnceFunc(func() { log.Info("AKU run successfully.") })
	ender.Runner.Report = func(e lifecycle.Event) {
		switch e.Kind {
		case lifecycle.StepBegun:
			still.say()
			// The container ends with its server, and would cut this line off. If the stop
			// itself fails, the lines after it say so.
			if e.Step.Do == akucore.Shutdown && len(progress.Left()) == 1 {
				sayDone()
			}
			progress.Record(e)
		case lifecycle.StepDone, lifecycle.StepFailed:
			progress.Record(e)
			still.say()
		case lifecycle.GivenUp:
			if err := rundir.Dir(s.RunDir).NoteGivenUp(e.Err.Error()); err != nil {
				log.Warn("this is not in the metrics", "error", err)
			}
		default:
			progress.Record(e)
		}
		recorder.Record(e)
	}
	still.say()
	// This line is logged in time even when a call into a server hangs: people search for
	// it when a pod ended half-way.
	sayUndone := sync.OnceFunc(func() {
		log.Error(lifecycle.WhyCut(ctx), "left_undone", lifecycle.LeftUndone(progress.Left()))
	})
	defer context.AfterFunc(ctx, sayUndone)()
	recorder.Begin()
	err := end(ctx, rundir.Dir(s.RunDir), &ender)
	if err != nil && ctx.Err() != nil {
		sayUndone() // before the process ends
	}
	if failed := steps.Write(s.RunDir, recorder.End(err)); failed != nil {
		log.Warn("what the end took is not in the metrics", "error", failed)
	}
	if err != nil {
		log.Error("AKU failed to run.", "error", err)
		return err
	}
	sayDone()
	return nil
}

// end asks the sidecar to release the lock, and acts instead.
func end(ctx context.Context, dir rundir.Dir, ender *lifecycle.Ender) error {
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	unlock, err := dir.TakeOver(waiting)
	if err != nil {
		return err
	}
	defer unlock()
	return errors.Join(ender.End(ctx), dir.Unmark())
}
