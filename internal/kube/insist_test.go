package kube

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

func TestInsist_PausesBetweenTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*scalePoll+scalePoll/2)
		defer cancel()
		tries := 0
		err := insist(ctx, slog.New(slog.DiscardHandler), func() error {
			if tries++; tries > 100 {
				return nil
			}
			time.Sleep(time.Millisecond)
			return errConflict
		})
		if !errors.Is(err, errConflict) || tries != 11 {
			t.Errorf("%d tries in ten pauses, want 11: %v", tries, err)
		}
	})
}

func TestInsist_CutShortInATry_SaysWhatHadFailedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), scalePoll+scalePoll/2)
		defer cancel()
		tries := 0
		err := insist(ctx, slog.New(slog.DiscardHandler), func() error {
			if tries++; tries == 1 {
				return errConflict
			}
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errConflict) {
			t.Errorf("%v", err)
		}
	})
}
