package sidecar

import (
	"context"
	"errors"
	"fmt"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
	"aku/internal/process"
	"aku/internal/wiring"
)

// Start joins and opens once, without a watch, as the vendor's utility does. It
// gives up after the configured retries.
func (s *Sidecar) Start(ctx context.Context) error {
	if s.dir.Marked() {
		return errors.New("the start is already completed: clear-marker forgets that")
	}
	if err := s.keptOut(); err != nil {
		return err
	}
	return s.once(ctx, s.dir.Lock, func() error {
		if err := s.CheckAddress(ctx); err != nil {
			return err
		}
		starter := s.starter()
		starter.Tries = s.Settings.QueryRetryCount + 1
		if _, err := starter.Start(ctx); err != nil {
			return err
		}
		return s.dir.Mark()
	})
}

// Clean removes all replication of the pod. It acts instead of the sidecar, if one runs.
func (s *Sidecar) Clean(ctx context.Context) error {
	return s.once(ctx, s.dir.TakeTurn, func() error {
		view, err := lifecycle.Observe(ctx, s.Settings.Mesh(), s.Servers, wiring.Unasked)
		if err != nil {
			return fmt.Errorf("own server: %w", err)
		}
		plan := akucore.PlanClean(view)
		return errors.Join(wiring.Runner(s.Settings, s.Servers, s.Log).RunAll(ctx, plan), s.dir.Unmark())
	})
}

// once does one thing while it holds the pod's lock, and logs the result.
func (s *Sidecar) once(ctx context.Context, turn func(context.Context) (func(), error), do func() error) error {
	unlock, err := turn(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	// The sessions end before the lock is released: to the next process they would look like
	// users.
	defer s.Servers.CloseIdle()
	err = do()
	switch {
	case errors.Is(err, lifecycle.ErrHuman):
		s.Log.Error("AKU failed to run.")
		return process.Human(err)
	case err != nil:
		s.Log.Error("AKU failed to run.")
		return err
	}
	s.Log.Info("AKU run successfully.")
	return nil
}
