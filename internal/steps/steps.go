// Package steps sums up one start or one end of a pod: how long each kind of step took, how often
// it was repeated, and how many rows were copied.
package steps

import (
	"strings"
	"sync"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// Summary is one start or one end. The hook leaves it for the sidecar as JSON.
type Summary struct {
	Began    time.Time          `json:"began"`
	Seconds  float64            `json:"seconds"`
	OK       bool               `json:"ok"`
	Steps    map[string]float64 `json:"steps"` // seconds by Name during which at least one such step ran
	Retries  int                `json:"retries"`
	Rows     int64              `json:"rows"` // copied, a lower bound
	Failures []lifecycle.Reason `json:"failures,omitempty"`
	// Found marks an end without a summary. The next start found at Began that the server had not
	// ended in good order. Nothing else is known of it.
	Found bool `json:"found,omitempty"`
}

// Recorder sums up events. It may be called from several goroutines.
type Recorder struct {
	mu      sync.Mutex
	began   time.Time
	ran     map[string]*ran
	rows    map[object]int64
	retries int
	failed  []lifecycle.Reason
}

// mostFailures bounds the memory of a start that fails for hours.
const mostFailures = 20

// Begin starts a new summary.
func (r *Recorder) Begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began, r.ran, r.rows, r.retries, r.failed = time.Now(), map[string]*ran{}, map[object]int64{}, 0, nil
}

// ran is the time during which at least one of several steps ran.
type ran struct {
	running int
	since   time.Time     // when the first of the running steps began
	before  time.Duration // the sum of the earlier times
}

func (r *ran) time() time.Duration {
	if r.running == 0 {
		return r.before
	}
	return r.before + time.Since(r.since)
}

// Record adds an event.
func (r *Recorder) Record(e lifecycle.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ran == nil {
		return // before Begin
	}
	switch e.Kind {
	case lifecycle.StepRetried:
		r.retries++
	case lifecycle.StepBegun:
		name := Name(e.Step.Do)
		if r.ran[name] == nil {
			r.ran[name] = &ran{}
		}
		if r.ran[name].running++; r.ran[name].running == 1 {
			r.ran[name].since = time.Now()
		}
	case lifecycle.StepDone, lifecycle.StepFailed:
		if kind := r.ran[Name(e.Step.Do)]; kind != nil {
			kind.before = kind.time()
			kind.since = time.Now()
			kind.running--
		}
		if e.Kind == lifecycle.StepFailed && len(r.failed) < mostFailures {
			r.failed = append(r.failed, lifecycle.ReasonOf(e.Err))
		}
	case lifecycle.Copied:
		r.rows[object{e.Step.On, e.Step.Peer, e.Step.Block}] = e.Rows
	}
}

// object is the side of a pair that a step is about.
type object struct{ on, peer, block int }

// End sums up the events since Begin.
func (r *Recorder) End(err error) Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Summary{
		Began: r.began, Seconds: time.Since(r.began).Seconds(), OK: err == nil,
		Steps: map[string]float64{}, Retries: r.retries, Failures: r.failed,
	}
	for name, ran := range r.ran {
		s.Steps[name] = ran.time().Seconds()
	}
	for _, rows := range r.rows {
		s.Rows += rows
	}
	return s
}

// Name is a verb as a label value, such as start_retry.
func Name(do akucore.Verb) string { return strings.ReplaceAll(strings.ToLower(string(do)), " ", "_") }
