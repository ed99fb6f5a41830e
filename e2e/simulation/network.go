package simulation

import "time"

// network is who reaches whom, and how fast.
type network struct {
	cut  [maxPods][maxPods]bool // no packet gets through, in either direction
	hung [maxPods]bool          // the server takes connections but does not answer
	slow [maxPods]time.Duration // added to every answer of the server

	changed time.Time // the last change of any of these
}

// silent tells whether one pod gets no answer from another's server. There is no error; one waits.
func (w *world) silent(from, to int) bool {
	return w.network.hung[to] || from != to && w.network.cut[from][to]
}

func (w *world) partition(a, b int, on bool) {
	w.network.changed = time.Now()
	w.network.cut[a][b], w.network.cut[b][a] = on, on
}

// running is the server of a pod that takes connections, or nil when connections are refused.
func (w *world) running(pod int) *server {
	if p := w.pods[pod]; p != nil && p.server != nil && p.server.up {
		return p.server
	}
	return nil
}
