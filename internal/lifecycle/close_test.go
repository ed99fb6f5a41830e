package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

// crowdedServer has a user whose session goes some time after it was closed.
type crowdedServer struct {
	idleServer
	goes    time.Duration
	full    bool // no further session is let in
	admin   bool
	closed  time.Time
	closes  int
	reserve int
}

func (s *crowdedServer) Reserve(context.Context, int) error {
	s.reserve++
	if s.full {
		return errors.New("MAX_CLIENT reached")
	}
	return nil
}

func (s *crowdedServer) SetAdminMode(_ context.Context, on bool) error {
	s.admin = on
	return nil
}

func (s *crowdedServer) UserSessions(context.Context) ([]Session, error) {
	if !s.closed.IsZero() && time.Since(s.closed) >= s.goes {
		return nil, nil
	}
	return []Session{{ID: 9, User: "APP", From: "TCP 10.0.0.7:4711"}}, nil
}

func (s *crowdedServer) CloseUserSessions(context.Context) error {
	s.closes++
	if s.closed.IsZero() {
		s.closed = time.Now()
	}
	return nil
}

func TestClose_IsBoundedAndSaysWhoStays(t *testing.T) {
	for name, test := range map[string]struct {
		goes  time.Duration
		full  bool
		stays bool
		most  time.Duration
	}{
		"goes at once":                 {most: 5*time.Second + 200*time.Millisecond},
		"rolls back for a while":       {goes: 3 * time.Second, most: 8*time.Second + 200*time.Millisecond},
		"does not go":                  {goes: time.Hour, stays: true, most: 5*time.Second + closeLimit + 200*time.Millisecond},
		"the server has none to spare": {full: true, most: 5*time.Second + 200*time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &crowdedServer{goes: test.goes, full: test.full}
				r := Runner{Mesh: mesh(1), Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler), DrainTime: 5 * time.Second, RetryCount: 5}
				began := time.Now()
				err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Close, Side: akucore.Side{On: 1}}}}}})
				if errors.Is(err, errUsersStay) != test.stays || (err != nil) != test.stays {
					t.Errorf("error %v", err)
				}
				if test.stays && !strings.Contains(err.Error(), "9 (APP, TCP 10.0.0.7:4711)") {
					t.Errorf("it does not say who stays: %v", err)
				}
				if took := time.Since(began); took > test.most {
					t.Errorf("it took %s", took)
				}
				if !server.admin {
					t.Error("users are let in")
				}
			})
		})
	}
}

// endServer delivers slowly after its users were asked to go: all the time that is left is
// the delivery's.
type endServer struct {
	crowdedServer
	began   time.Time
	arrives time.Duration
}

func (s *endServer) Brief(context.Context) (akucore.State, error) {
	return akucore.State{Instance: akucore.Instance{AdminMode: s.admin}, Objects: map[string]akucore.Object{
		"AKU_REP_01": {Name: "AKU_REP_01", Started: true, XSN: 7, Sender: akucore.SenderRunning},
	}}, nil
}

func (s *endServer) Beat(context.Context, akucore.Table, int) (akucore.Beat, error) {
	return akucore.Beat{Number: 7}, nil
}
func (s *endServer) Arrived(context.Context, akucore.Table, int, int64) (bool, error) {
	return time.Since(s.began) >= s.arrives, nil
}
func (s *endServer) Carries(context.Context, string, akucore.Table) (bool, error) { return true, nil }
func (s *endServer) Sender(context.Context, string) (akucore.SenderState, error) {
	return akucore.SenderRunning, nil
}
func (s *endServer) Traffic(context.Context) (map[string]akucore.Traffic, error) {
	return map[string]akucore.Traffic{"AKU_REP_01": {Receiver: &akucore.Received{}}, "AKU_REP_12": {Receiver: &akucore.Received{}}}, nil
}
func (s *endServer) Stop(context.Context, string) error                 { return nil }
func (s *endServer) Flush(context.Context, string, time.Duration) error { return akucore.ErrTimeout }

func TestEnd_WhatNobodyHasUsedIsForDelivering(t *testing.T) {
	for name, test := range map[string]struct {
		arrives time.Duration
		works   bool
	}{"100 s after it began": {100 * time.Second, true}, "never": {time.Hour, false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				own := &endServer{began: time.Now(), arrives: test.arrives}
				m := mesh(1)
				m.ServerCount = 2
				master := &endServer{began: time.Now(), arrives: test.arrives}
				r := Runner{Mesh: m, Servers: pods{0: master, 1: own}, Log: slog.New(slog.DiscardHandler), DrainTime: 60 * time.Second}
				ctx, cancel := context.WithTimeoutCause(t.Context(), 120*time.Second, errors.New("the end did not finish"))
				defer cancel()
				e := Ender{Runner: &r, Options: akucore.EndOptions{Flush: true, Reset: akucore.ResetNever}}
				if err := e.End(ctx); (err == nil) != test.works {
					t.Errorf("after %s: %v", time.Since(own.began), err)
				}
			})
		})
	}
}

// An end can have less time than users were to have: with a shorter grace period. A user
// who stays then takes not more than a part of it.
func TestEnd_ShorterThanTheDrainTime_StillDeliversAndStops(t *testing.T) {
	for _, limit := range []time.Duration{10 * time.Second, 25 * time.Second, 60 * time.Second} {
		t.Run(limit.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				own := &endServer{crowdedServer: crowdedServer{goes: time.Hour}, began: time.Now()}
				m := mesh(1)
				m.ServerCount = 2
				r := Runner{Mesh: m, Servers: pods{0: &endServer{began: time.Now()}, 1: own}, Log: slog.New(slog.DiscardHandler), DrainTime: time.Minute, RetryCount: 5, RetryDelay: time.Second}
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				progress := Progress{Mesh: m}
				r.Report = progress.Record
				e := Ender{Runner: &r, Options: akucore.EndOptions{Flush: true, Reset: akucore.ResetAlways}}
				err := e.End(ctx)
				if !errors.Is(err, errUsersStay) {
					t.Errorf("error %v", err)
				}
				left := strings.Join(progress.Left(), "; ")
				if strings.Contains(left, "DELIVER") || strings.Contains(left, "STOP") || !strings.Contains(left, "RESET AKU_REP_01") {
					t.Errorf("left undone: %s", left)
				}
				if own.closes == 0 {
					t.Error("its session was not closed")
				}
			})
		})
	}
}

// A user who stays keeps nothing from being done but the RESET.
func TestEnd_UsersThatStay_NothingIsReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own := &endServer{crowdedServer: crowdedServer{goes: time.Hour}, began: time.Now()}
		m := mesh(1)
		m.ServerCount = 2
		r := Runner{Mesh: m, Servers: pods{0: &endServer{began: time.Now()}, 1: own}, Log: slog.New(slog.DiscardHandler)}
		ctx, cancel := context.WithTimeout(t.Context(), 120*time.Second)
		defer cancel()
		progress := Progress{Mesh: m}
		r.Report = progress.Record
		e := Ender{Runner: &r, Options: akucore.EndOptions{Flush: true, Reset: akucore.ResetAlways}}
		err := e.End(ctx)
		if !errors.Is(err, errUsersStay) {
			t.Errorf("error %v", err)
		}
		left := strings.Join(progress.Left(), "; ")
		if strings.Contains(left, "DELIVER") || strings.Contains(left, "STOP") || !strings.Contains(left, "RESET AKU_REP_01") {
			t.Errorf("left undone: %s", left)
		}
	})
}
