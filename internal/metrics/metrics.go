// Package metrics keeps the sidecar's knowledge in the form that Prometheus reads. A scrape copies
// what is in memory. It asks no server and waits for nothing.
//
// Labels have few values: states, reasons and steps are fixed lists. A pod has at most five peers,
// with one replication object for each block.
package metrics

import (
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
	"aku/internal/steps"
)

// State is what a pod does at the moment.
type State string

// The states.
const (
	Waiting   State = "waiting"     // for its server, another pod, or a table
	Joining   State = "joining"     // a start is under way
	InService State = "in_service"  // users are let in
	Ending    State = "ending"      // the preStop hook runs
	Human     State = "needs_human" // the start cannot go on before a person acts
)

var states = []State{Waiting, Joining, InService, Ending, Human}

// Metrics is the present state. New makes it.
type Metrics struct {
	mesh     akucore.Mesh
	version  string
	registry *prometheus.Registry

	mu      sync.Mutex
	state   State
	reason  lifecycle.Reason
	changed time.Time
	pairs   []Pair
	readAt  time.Time // when pairs were read
	pinned  map[string]time.Time
	delays  map[string]time.Duration
	givenUp int
	starts  int
	retries int
	errors  map[lifecycle.Reason]int
	erredAt map[lifecycle.Reason]time.Time
	start   *steps.Summary
	end     *steps.Summary
}

// Pair is the own side of one replication object.
type Pair struct {
	Object string
	Peer   int
	akucore.Traffic
}

// New makes the metrics of a pod that waits.
func New(m akucore.Mesh, version string) *Metrics {
	s := &Metrics{
		mesh: m, version: version, registry: prometheus.NewRegistry(), state: Waiting, changed: time.Now(),
		pinned: map[string]time.Time{}, delays: map[string]time.Duration{}, errors: map[lifecycle.Reason]int{}, erredAt: map[lifecycle.Reason]time.Time{},
	}
	s.registry.MustRegister(s)
	return s
}

// Handler answers scrapes: two at a time, each within seconds.
func (s *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: 2, Timeout: 5 * time.Second, DisableCompression: true,
	})
}

// SetState sets what the pod does and, unless all is well, the reason. It reports whether either
// changed.
func (s *Metrics) SetState(state State, reason lifecycle.Reason) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == state && s.reason == reason {
		return false
	}
	if s.state != state {
		s.changed = time.Now()
	}
	s.state, s.reason = state, reason
	if state != InService {
		s.pairs = nil // they are not read in this state
		clear(s.delays)
	}
	return true
}

// State returns what the pod does.
func (s *Metrics) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// SetTraffic stores the traffic of the own server's objects, and returns the pairs of the mesh.
func (s *Metrics) SetTraffic(traffic map[string]akucore.Traffic) []Pair {
	var pairs []Pair
	for _, peer := range s.mesh.Peers() {
		for _, block := range s.mesh.Blocks {
			name := block.Object(akucore.PairOf(s.mesh.Self, peer))
			if t, exists := traffic[name]; exists {
				pairs = append(pairs, Pair{Object: name, Peer: peer, Traffic: t})
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.readAt, s.pairs = now, pairs
	kept := map[string]time.Time{}
	for _, p := range pairs {
		if p.XSN == akucore.Unset || p.Sender == akucore.SenderRunning {
			continue
		}
		since, known := s.pinned[p.Object]
		if !known {
			since = now
		}
		kept[p.Object] = since
	}
	s.pinned = kept
	return pairs
}

// SetDelay stores the delay of what an object's peer sends here.
func (s *Metrics) SetDelay(object string, delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delays[object] = delay
}

// Started stores the summary of a complete start.
func (s *Metrics) Started(start steps.Summary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.starts++
	s.start = &start
}

// Ended stores the summary of the pod's last end.
func (s *Metrics) Ended(end steps.Summary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end = &end
}

// GivenUp counts a report that rows were given up.
func (s *Metrics) GivenUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.givenUp++
}

// Record counts failures.
func (s *Metrics) Record(e lifecycle.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.Kind {
	case lifecycle.StepRetried:
		s.retries++
	case lifecycle.StepFailed:
	default:
		return
	}
	reason := lifecycle.ReasonOf(e.Err)
	s.errors[reason]++
	s.erredAt[reason] = time.Now()
}
