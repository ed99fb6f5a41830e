package sidecar

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"aku/internal/kube"
	"aku/internal/lifecycle"
	"aku/internal/metrics"
	"aku/internal/pulse"
)

const (
	// announceAgain is the time after which a lasting trouble is announced again:
	// Kubernetes deletes an Event after an hour.
	announceAgain = 30 * time.Minute
	// busyAllowed is how long the SYSDBA session may be taken before it is announced: a
	// tool may need it for a moment, and aku itself releases it after each statement.
	busyAllowed = time.Minute
	// announceTries and announcePause bound the tries against an API server that does not
	// answer. The log has everything in any case.
	announceTries = 6
	announcePause = 10 * time.Second
	// mostAnnounced is how many announcements may wait; more are dropped.
	mostAnnounced = 8
)

// troubles are the reasons that are announced: those that end only when a person acts.
var troubles = map[lifecycle.Reason]string{
	lifecycle.ReasonMasterFailed: "MasterFailed",
	lifecycle.ReasonSlaveFailed:  "SlaveFailed",
	lifecycle.ReasonTables:       "TablesNotReady",
	lifecycle.ReasonPassword:     "WrongPassword",
	lifecycle.ReasonStranger:     "WrongServer",
	lifecycle.ReasonSurplus:      "PodNumberTooHigh",
	lifecycle.ReasonForeign:      "OtherUtility",
	lifecycle.ReasonCopyLimit:    "CopyTooSlow",
	lifecycle.ReasonKept:         "CopyKept",
	lifecycle.ReasonFatal:        "CannotReplicate",
}

// announcer reports in Kubernetes Events of the pod what a person must know, so that
// `kubectl describe pod` shows it. Its callers never wait for the API server.
type announcer struct {
	tell      func(context.Context, kube.Note) error // nil: nobody is told
	log       *slog.Logger
	waiting   chan kube.Note
	announced map[lifecycle.Reason]time.Time // since the pod was last in service
	gone      map[string]time.Time           // why the pod left service → when that was last announced
	busy      time.Time                      // since when the SYSDBA session is taken; zero when it is free
}

func newAnnouncer(tell func(context.Context, kube.Note) error, log *slog.Logger) *announcer {
	return &announcer{tell: tell, log: log, waiting: make(chan kube.Note, mostAnnounced), announced: map[lifecycle.Reason]time.Time{}, gone: map[string]time.Time{}}
}

// note records the state of the pod. A trouble is announced once, and again while it
// lasts. When an announced trouble is over, that is announced, too.
func (a *announcer) note(state metrics.State, reason lifecycle.Reason, why string) {
	name, trouble := troubles[reason]
	switch {
	case reason != lifecycle.ReasonBusy:
		a.busy = time.Time{}
	case a.busy.IsZero():
		a.busy = time.Now()
	case time.Since(a.busy) >= busyAllowed:
		name, trouble = "SYSDBATaken", true
		why += ": end the other session, the server has only one for SYSDBA and is closed to all others"
	}
	switch {
	case state == metrics.InService && len(a.announced) > 0:
		clear(a.announced)
		a.queue(kube.Note{Reason: "InService", Text: "the pod is in service"})
	case trouble && time.Since(a.announced[reason]) >= announceAgain:
		a.announced[reason] = time.Now()
		a.queue(kube.Note{Warning: true, Reason: name, Text: sentences(why)})
	}
}

// left announces why a pod in service starts over. Otherwise nobody would notice a tool that
// drops or changes replications, or closes the server: aku repairs it, and the tool does it
// again.
func (a *announcer) left(why string) {
	if time.Since(a.gone[why]) < announceAgain {
		return
	}
	a.gone[why] = time.Now()
	a.queue(kube.Note{Warning: true, Reason: "LeftService", Text: sentences(why) + ". The pod starts over by itself. Where this is not what you did, look for another tool " +
		"that works on the replication or restarts the server"})
}

func (a *announcer) queue(e kube.Note) {
	if a.tell == nil {
		return
	}
	select {
	case a.waiting <- e:
	default:
	}
}

// sentences removes the statements, which follow in indented lines: they are in the log.
func sentences(why string) string {
	var kept []string
	for line := range strings.Lines(why) {
		if line = strings.TrimRight(line, "\n"); line != "" && line[0] != ' ' {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, " ")
}

// run sends the waiting announcements until the context ends.
func (a *announcer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-a.waiting:
			if err := a.send(ctx, e); err != nil && ctx.Err() == nil {
				a.log.Warn("kubectl describe does not show it", "event", e.Reason, "error", err)
			}
		}
	}
}

func (a *announcer) send(ctx context.Context, e kube.Note) error {
	var err error
	for try := range announceTries {
		if try > 0 {
			_ = pulse.Sleep(ctx, announcePause)
		}
		if err = a.tell(ctx, e); err == nil || kube.Forbidden(err) || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("after %d tries: %w", announceTries, err)
}
