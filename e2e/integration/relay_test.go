//go:build integration

package integration

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// relay is a network between a client and a server that can hold requests back.
type relay struct {
	mu       sync.Mutex
	hold     string        // hold a request with these words
	executed bool          // hold its answer, not the request itself
	held     chan struct{} // closed when it is held
	flows    chan struct{} // closed unless requests are held
}

// newRelay forwards connections to an address to another one. It is nil when somebody already listens at the
// address.
func newRelay(t testing.TB, from, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", from)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{flows: make(chan struct{})}
	close(r.flows)
	t.Cleanup(func() {
		listener.Close()
		r.flow()
	})
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			go r.connect(in, to)
		}
	}()
	return r
}

// holdAt holds the next request with these words, before or after it is executed, and all later requests on
// its connection. The channel is closed when the request is held.
func (r *relay) holdAt(text string, executed bool) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hold, r.executed, r.held = text, executed, make(chan struct{})
	return r.held
}

// stall holds all requests on connections that were answered once, until flow is called.
func (r *relay) stall() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flows = make(chan struct{})
}

// flow lets everything pass again.
func (r *relay) flow() {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.flows:
	default:
		close(r.flows)
	}
}

func (r *relay) connect(in net.Conn, to string) {
	defer in.Close()
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer out.Close()
	var answered, muted atomic.Bool
	go func() {
		defer func() {
			if !muted.Load() { // else its client hears nothing more, also when the server ends
				in.Close()
			}
		}()
		buffer := make([]byte, 32<<10)
		for {
			n, err := out.Read(buffer)
			if err != nil {
				return
			}
			answered.Store(true)
			if muted.Load() {
				continue
			}
			if _, err := in.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := in.Read(buffer)
		if err != nil {
			return
		}
		r.mu.Lock()
		flows, holds, executed := r.flows, r.hold != "" && strings.Contains(string(buffer[:n]), r.hold), r.executed
		if holds {
			r.hold = ""
			close(r.held)
		}
		r.mu.Unlock()
		if holds && !executed {
			_, _ = io.Copy(io.Discard, in) // until the client disconnects
			return
		}
		if holds {
			muted.Store(true)
		}
		if answered.Load() {
			<-flows
		}
		if _, err := out.Write(buffer[:n]); err != nil {
			return
		}
	}
}
