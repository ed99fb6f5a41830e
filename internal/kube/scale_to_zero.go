package kube

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"aku/internal/pulse"
)

const (
	// scalePoll is the time between two reads of the pods.
	scalePoll = time.Second
	// wedgedAfter is how long the next pod may be out of service without being deleted. Kubernetes
	// deletes a ready pod within moments. It never deletes a pod that is not ready while a pod with
	// a lower number is not ready either.
	wedgedAfter = 10 * time.Second
)

// ScaleToZero ends all pods of the StatefulSet, highest number first, each when the one before is
// gone. It returns when there are none. most is the highest possible pod number. A StatefulSet that
// does not exist has no pods.
//
// Kubernetes ends the pods, but stops where two pods are not ready. ScaleToZero then deletes the
// next pod itself, in the same order. So a release that never came up can be uninstalled.
func (s StatefulSet) ScaleToZero(ctx context.Context, log *slog.Logger, most int) error {
	err := insist(ctx, log, func() error { return s.scale(ctx, 0) })
	if errors.Is(err, errNotFound) {
		log.Info("there is no StatefulSet, so there is nothing to end", "statefulset", s.Name)
		return nil
	}
	if err != nil {
		return err
	}
	log.Info("scaled to 0, the pods end one after the other", "statefulset", s.Name)
	var next wedge
	said := ""
	var left []pod
	for {
		now, err := ask(ctx, log, func() ([]pod, error) { return s.pods(ctx, most) })
		switch {
		case err != nil && ctx.Err() != nil && len(left) > 0:
			return s.inVain(left)
		case err != nil:
			return err
		}
		if left = now; len(left) == 0 {
			log.Info("all pods are gone", "statefulset", s.Name)
			return nil
		}
		if now := describe(left); now != said {
			log.Info("waiting", "for", now)
			said = now
		}
		if next.wedged(left[0]) {
			log.Warn("it is out of service, and Kubernetes does not end it by itself: it is deleted", "pod", left[0].Metadata.Name)
			if err := insist(ctx, log, func() error { return s.end(ctx, left[0]) }); err != nil {
				return err
			}
		}
		if pulse.Sleep(ctx, scalePoll) != nil {
			return s.inVain(left)
		}
	}
}

// inVain says what is left, and what a person can do about it.
func (s StatefulSet) inVain(left []pod) error {
	return fmt.Errorf("the time is over, and %s. See what keeps the pods (kubectl describe pod %s), then try again; "+
		"helm uninstall --no-hooks ends all that are left at once",
		describe(left), left[0].Metadata.Name)
}

// insist repeats a call until it succeeds, or until repeating cannot help.
func insist(ctx context.Context, log *slog.Logger, call func() error) error {
	said := ""
	var before error
	for {
		err := pulse.CutShort(ctx, call(), before)
		if err == nil || errors.Is(err, errNotFound) || errors.Is(err, errForbidden) {
			return err
		}
		before = err
		if now := err.Error(); now != said && ctx.Err() == nil {
			log.Warn("trying again", "error", err)
			said = now
		}
		if pulse.Sleep(ctx, scalePoll) != nil {
			return err
		}
	}
}

// ask is insist for a call with an answer.
func ask[T any](ctx context.Context, log *slog.Logger, call func() (T, error)) (answer T, err error) {
	err = insist(ctx, log, func() error {
		answer, err = call()
		return err
	})
	return answer, err
}

// wedge measures for how long one pod has been out of service without being deleted.
type wedge struct {
	uid   string
	since time.Time
}

// wedged tells whether the next pod has to be deleted here.
func (w *wedge) wedged(p pod) bool {
	if p.ending() || p.ready() {
		w.uid = ""
		return false
	}
	if w.uid != p.Metadata.UID {
		w.uid, w.since = p.Metadata.UID, time.Now()
	}
	return time.Since(w.since) >= wedgedAfter
}
