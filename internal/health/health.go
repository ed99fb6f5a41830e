// Package health answers the kubelet's probes.
package health

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"aku/internal/pulse"
)

// Health is what the probes are told. The zero value is not ready, and alive for ever.
type Health struct {
	state atomic.Pointer[state]
	pulse pulse.Pulse
	limit time.Duration
}

// Alive gives the pulse of the loop, which may be silent for the given time before /livez
// says that it is not alive. It is called before Serve.
func (h *Health) Alive(limit time.Duration) *pulse.Pulse {
	h.limit = limit
	h.pulse.Beat()
	return &h.pulse
}

type state struct {
	ready bool
	why   string
}

// Ready says that the pod is in service.
func (h *Health) Ready() { h.state.Store(&state{ready: true, why: "in service"}) }

// NotReady says why the pod is not in service.
func (h *Health) NotReady(why string) { h.state.Store(&state{why: why}) }

// Serve answers /livez, /readyz and the other pages given until the context ends.
func (h *Health) Serve(ctx context.Context, port int, pages map[string]http.Handler) error {
	mux := http.NewServeMux()
	for path, page := range pages {
		mux.Handle("GET "+path, page)
	}
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		silence := h.pulse.Silence()
		if h.limit > 0 && silence > h.limit {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, "not alive: nothing has moved for %s, and no step takes more than %s\n", silence.Round(time.Second), h.limit)
			return
		}
		fmt.Fprintln(w, "alive")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		s := h.state.Load()
		if s == nil {
			s = &state{why: "starting"}
		}
		if !s.ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintln(w, s.why)
	})
	server := http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(port))
	if err != nil {
		return fmt.Errorf("health port (AKU_HEALTH_PORT): %w", err)
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
