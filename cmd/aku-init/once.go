package main

import (
	"context"
	"errors"
	"fmt"

	"aku/internal/akucore"
	"aku/internal/altibase"
	"aku/internal/process"
)

// start joins and opens once, without a watch, as the vendor's utility does. It
// gives up after the configured retries.
func (s *sidecar) start(ctx context.Context) error {
	if s.dir.Marked() {
		return errors.New("the start is already completed: clear-marker forgets that")
	}
	return s.once(ctx, func(servers *altibase.Cluster) error {
		if err := s.checkAddress(ctx); err != nil {
			return err
		}
		starter := s.starter(servers)
		starter.Tries = s.settings.QueryRetryCount + 1
		if _, err := starter.Start(ctx); err != nil {
			return err
		}
		return s.dir.Mark()
	})
}

// clean takes all replication of the pod away.
func (s *sidecar) clean(ctx context.Context) error {
	return s.once(ctx, func(servers *altibase.Cluster) error {
		view, err := akucore.Observe(ctx, s.settings.Mesh(), servers, -1)
		if err != nil {
			return fmt.Errorf("own server: %w", err)
		}
		plan := akucore.PlanClean(s.settings.Mesh(), view)
		return errors.Join(s.settings.Runner(servers, s.log).RunAll(ctx, plan), s.dir.Unmark())
	})
}

// once does one thing as the one process of the pod that acts, and says how it went.
func (s *sidecar) once(ctx context.Context, do func(*altibase.Cluster) error) error {
	servers, disconnect, err := s.settings.Connect()
	if err != nil {
		return process.Misconfigured(err)
	}
	defer disconnect()
	unlock, err := s.dir.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	err = do(servers)
	switch {
	case errors.Is(err, akucore.ErrHuman):
		s.log.Error("AKU failed to run.")
		return process.Human(err)
	case err != nil:
		s.log.Error("AKU failed to run.")
		return err
	}
	s.log.Info("AKU run successfully.")
	return nil
}
