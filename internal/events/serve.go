package events

import (
	"encoding/json"
	"net/http"
	"time"
)

const (
	// writeLimit is how long a reader may take to take an event.
	writeLimit = 5 * time.Second
	// aliveInterval is how often an empty line is sent, so that both ends see a dead connection.
	aliveInterval = 15 * time.Second
)

// ServeHTTP streams the events as JSON lines: those kept, then, unless follow=false, those
// to come. Since, a time, leaves the older ones away.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var since time.Time
	if text := r.FormValue("since"); text != "" {
		var err error
		if since, err = time.Parse(time.RFC3339Nano, text); err != nil {
			http.Error(w, "since: "+err.Error(), http.StatusBadRequest)
			return
		}
	}
	past, next, leave, ok := h.subscribe(since)
	if !ok {
		http.Error(w, "too many follow the events already", http.StatusServiceUnavailable)
		return
	}
	defer leave()
	w.Header().Set("Content-Type", "application/x-ndjson")
	control, lines := http.NewResponseController(w), json.NewEncoder(w)
	write := func(events ...Entry) error {
		if err := control.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
			return err
		}
		for _, e := range events {
			if err := lines.Encode(e); err != nil {
				return err
			}
		}
		if len(events) == 0 {
			if _, err := w.Write([]byte("\n")); err != nil {
				return err
			}
		}
		return control.Flush()
	}
	if write(past...) != nil || r.FormValue("follow") == "false" {
		return
	}
	alive := time.NewTicker(aliveInterval)
	defer alive.Stop()
	for {
		var err error
		select {
		case <-r.Context().Done():
			return
		case e, fast := <-next:
			if !fast {
				return
			}
			err = write(e)
		case <-alive.C:
			err = write()
		}
		if err != nil {
			return
		}
	}
}
