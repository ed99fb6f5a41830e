package sidecar

import (
	"context"
	"fmt"
	"time"

	"aku/internal/akucore"
	"aku/internal/events"
	"aku/internal/lifecycle"
	"aku/internal/metrics"
	"aku/internal/rundir"
)

const (
	// readInterval is the time between two reads of the pairs while the pod is in service.
	readInterval = 5 * time.Second
	// readLimit bounds what is done every so often: the watch, whose session it uses, waits for it.
	readLimit = 3 * time.Second
)

// every does something when the interval since the last time is over.
func every(ctx context.Context, interval time.Duration, last *time.Time, do func(context.Context)) {
	if time.Since(*last) < interval {
		return
	}
	*last = time.Now()
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	do(ctx)
}

// become reports a new state of the pod: to the probes, in the metrics, in the stream of
// events and in Kubernetes Events.
func (s *Sidecar) become(state metrics.State, reason lifecycle.Reason, why string) {
	if state == metrics.InService {
		s.health.Ready()
	} else {
		s.health.NotReady(why)
	}
	s.announce.note(state, reason, why)
	if s.metrics.SetState(state, reason) {
		s.publish(events.Entry{Kind: events.State, Text: fmt.Sprintf("%s: %s", state, why), Reason: string(reason)})
	}
}

func (s *Sidecar) publish(e events.Entry) {
	e.Pod = s.Settings.PodName
	s.events.Publish(e)
}

// report passes on the events of a plan that runs.
func (s *Sidecar) report(e lifecycle.Event) {
	s.metrics.Record(e)
	s.recorder.Record(e)
	switch e.Kind {
	case lifecycle.Planned:
		s.become(metrics.Joining, "", e.Plan.Name)
		s.publish(events.Entry{Kind: events.Plan, Text: e.Plan.Name})
	case lifecycle.Waiting:
		state, reason := metrics.Waiting, lifecycle.ReasonOf(e.Err)
		if reason == lifecycle.ReasonMasterFailed || reason == lifecycle.ReasonSlaveFailed || reason == lifecycle.ReasonKept {
			state = metrics.Human
		}
		s.become(state, reason, e.Err.Error())
	case lifecycle.StepDone:
		s.publish(s.stepEvent(events.Step, e))
	case lifecycle.StepFailed:
		s.publish(s.stepEvent(events.Failed, e))
	case lifecycle.StepRetried:
		s.publish(s.stepEvent(events.Retry, e))
	case lifecycle.GivenUp:
		s.rowsGivenUp(rundir.OneLine(e.Err.Error()))
	case lifecycle.Copied:
		one := s.stepEvent(events.Copy, e)
		one.Rows = e.Rows
		s.publish(one)
	}
}

// reportInService is report for the work beside the watch: it does not change the state.
func (s *Sidecar) reportInService(e lifecycle.Event) {
	if e.Kind != lifecycle.Planned && e.Kind != lifecycle.Waiting {
		s.report(e)
	}
}

func (s *Sidecar) stepEvent(kind events.Kind, e lifecycle.Event) events.Entry {
	text := e.Step.Describe(s.Settings.Mesh())
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return events.Entry{Kind: kind, Text: text, Reason: string(lifecycle.ReasonOf(e.Err)), Seconds: e.Took.Seconds()}
}

// readPairs reads the pairs of the pod's own server, and reports which peers connected and
// disconnected.
func (s *Sidecar) readPairs(ctx context.Context) {
	traffic, err := s.Servers.Server(s.Settings.Mesh().Self).Traffic(ctx)
	if err != nil {
		return // the watch reports what is wrong; a metric has the time of the last read
	}
	there := map[string]bool{}
	for _, pair := range s.metrics.SetTraffic(traffic) {
		peer := s.Settings.Mesh().PodName(pair.Peer)
		connected := pair.Sender == akucore.SenderRunning
		there[pair.Object] = connected
		switch was := s.peers[pair.Object]; {
		case connected && !was:
			s.publish(events.Entry{Kind: events.PeerFound, Peer: peer, Text: pair.Object + " is connected"})
		case was && !connected:
			s.publish(events.Entry{Kind: events.PeerLost, Peer: peer, Text: pair.Object + " has lost its peer"})
		}
	}
	s.peers = there
}
