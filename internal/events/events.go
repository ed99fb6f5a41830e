// Package events is the stream of what a sidecar sees and does, for people who follow it
// live. It keeps the newest events, and drops a reader that is too slow.
package events

import (
	"slices"
	"sync"
	"time"
)

// Entry is one line of the stream.
type Entry struct {
	Time    time.Time `json:"time"`
	Pod     string    `json:"pod"`
	Kind    Kind      `json:"kind"`
	Text    string    `json:"text"` // for people, at most maxText bytes
	Reason  string    `json:"reason,omitempty"`
	Peer    string    `json:"peer,omitempty"`
	Seconds float64   `json:"seconds,omitempty"` // what it took
	Rows    int64     `json:"rows,omitempty"`
}

// Kind says what an event is about.
type Kind string

// The kinds.
const (
	State     Kind = "state" // the pod came into another state
	Plan      Kind = "plan"
	Step      Kind = "step"
	Retry     Kind = "retry"
	Failed    Kind = "failed" // a step
	Copy      Kind = "copy"
	PeerLost  Kind = "peer_lost"
	PeerFound Kind = "peer_found"
	End       Kind = "end" // the hook is done
)

const (
	kept       = 256  // events that a new reader is shown
	maxText    = 2000 // bytes
	behind     = 64   // events that a reader may be behind
	mostReader = 8    // readers at a time
)

// Hub hands events to readers. The zero value is ready.
type Hub struct {
	mu      sync.Mutex
	ring    []Entry
	readers map[chan Entry]bool
	last    time.Time
}

// Publish never blocks: a reader that has not kept up is dropped.
func (h *Hub) Publish(e Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(e.Text) > maxText {
		e.Text = e.Text[:maxText]
	}
	// Times say where a reader was, so no two events have the same.
	e.Time = time.Now().Round(0)
	if !e.Time.After(h.last) {
		e.Time = h.last.Add(time.Nanosecond)
	}
	h.last = e.Time
	if len(h.ring) == kept {
		h.ring = slices.Delete(h.ring, 0, 1)
	}
	h.ring = append(h.ring, e)
	for reader := range h.readers {
		select {
		case reader <- e:
		default:
			delete(h.readers, reader)
			close(reader)
		}
	}
}

// subscribe gives the events after a time and those to come, until leave is called. The
// channel is closed when the reader was too slow; ok is false when there are too many.
func (h *Hub) subscribe(since time.Time) (past []Entry, next <-chan Entry, leave func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.readers) >= mostReader {
		return nil, nil, nil, false
	}
	for _, e := range h.ring {
		if e.Time.After(since) {
			past = append(past, e)
		}
	}
	reader := make(chan Entry, behind)
	if h.readers == nil {
		h.readers = map[chan Entry]bool{}
	}
	h.readers[reader] = true
	return past, reader, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.readers, reader)
	}, true
}
