package sidecar

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"aku/internal/events"
	"aku/internal/kube"
	"aku/internal/lifecycle"
	"aku/internal/status"
)

// rowsGivenUp reports that a receiver failed to apply changes, and repeats do not explain it.
func (s *Sidecar) rowsGivenUp(text string) {
	s.metrics.GivenUp()
	s.givenUp.add(text)
	s.publish(events.Entry{Kind: events.Failed, Text: text, Reason: string(lifecycle.ReasonGivenUp)})
	s.announce.queue(kube.Note{Warning: true, Reason: "RowsGivenUp", Text: text})
}

// takeGivenUp reports what other programs of the pod saw: the hook, and a command that recovers.
func (s *Sidecar) takeGivenUp() {
	texts, err := s.dir.TakeGivenUp()
	s.warn("reports of rows that were given up", err)
	for _, text := range texts {
		s.rowsGivenUp(text)
	}
}

// givenUpPage is the page with the newest such reports, one a line. The command status reads it.
type givenUpPage struct {
	mu    sync.Mutex
	lines []string
}

func (p *givenUpPage) add(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, fmt.Sprintf("%s %s", time.Now().UTC().Format(time.RFC3339), text))
	p.lines = p.lines[max(0, len(p.lines)-status.MostGivenUp):]
}

func (p *givenUpPage) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.lines {
		_, _ = io.WriteString(w, line+"\n") // who asked is gone
	}
}
