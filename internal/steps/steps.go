// Package steps sums up what one start or one end of a pod did: how long each kind of
// step took, how often it was tried again, how many rows it copied.
package steps

import (
	"slices"
	"strings"
	"sync"
	"time"

	"aku/internal/akucore"
)

// Summary is one start or one end. Its JSON form is what the hook leaves for the sidecar.
type Summary struct {
	Began    time.Time          `json:"began"`
	Seconds  float64            `json:"seconds"`
	OK       bool               `json:"ok"`
	Steps    map[string]float64 `json:"steps"` // seconds by Name: how long at least one such step ran
	Retries  int                `json:"retries"`
	Rows     int64              `json:"rows"` // copied, a lower bound
	Failures []akucore.Reason   `json:"failures,omitempty"`
	// Found: nobody left word of this end. It was found later, at Began, that the server
	// had not ended in good order, and nothing else is known of it.
	Found bool `json:"found,omitempty"`
}

// Recorder sums up events. It may be told from several goroutines.
type Recorder struct {
	mu      sync.Mutex
	began   time.Time
	spans   map[string][]span
	rows    map[object]int64
	retries int
	failed  []akucore.Reason
}

// span is a time during which a step ran.
type span struct{ from, to time.Time }

// mostFailures bounds what is kept of a start that fails for hours.
const mostFailures = 20

// mostSpans bounds the spans of one kind of step; full ones are merged.
const mostSpans = 256

// Begin forgets everything: something new begins now.
func (r *Recorder) Begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began, r.spans, r.rows, r.retries, r.failed = time.Now(), map[string][]span{}, map[object]int64{}, 0, nil
}

// Tell takes an event.
func (r *Recorder) Tell(e akucore.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.spans == nil {
		return // nothing has begun
	}
	switch e.Kind {
	case akucore.StepRetried:
		r.retries++
	case akucore.StepDone, akucore.StepFailed:
		now, name := time.Now(), Name(e.Step.Do)
		r.spans[name] = append(r.spans[name], span{now.Add(-e.Took), now})
		if len(r.spans[name]) > mostSpans {
			r.spans[name] = merge(r.spans[name])
		}
		if e.Kind == akucore.StepFailed && len(r.failed) < mostFailures {
			r.failed = append(r.failed, akucore.ReasonOf(e.Err))
		}
	case akucore.Copied:
		r.rows[object{e.Step.On, e.Step.Peer, e.Step.Group}] = e.Rows
	}
}

// object is the side of a pair that a step is about.
type object struct{ on, peer, group int }

// End sums up what was told since Begin.
func (r *Recorder) End(err error) Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Summary{
		Began: r.began, Seconds: time.Since(r.began).Seconds(), OK: err == nil,
		Steps: map[string]float64{}, Retries: r.retries, Failures: r.failed,
	}
	for name, spans := range r.spans {
		for _, one := range merge(spans) {
			s.Steps[name] += one.to.Sub(one.from).Seconds()
		}
	}
	for _, rows := range r.rows {
		s.Rows += rows
	}
	return s
}

// merge unites spans that overlap: steps that run at the same time take their time once.
func merge(spans []span) []span {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var merged []span
	for _, s := range spans {
		if n := len(merged); n > 0 && !s.from.After(merged[n-1].to) {
			if s.to.After(merged[n-1].to) {
				merged[n-1].to = s.to
			}
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// Name is a verb as a label value, such as start_retry.
func Name(do akucore.Verb) string { return strings.ReplaceAll(strings.ToLower(string(do)), " ", "_") }
