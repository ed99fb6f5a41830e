package events

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestStream_ShowsWhatIsKeptAndGoesOnWhereAReaderWas(t *testing.T) {
	hub := &Hub{}
	server := httptest.NewServer(hub)
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	for i := range kept + 10 {
		hub.Publish(Entry{Kind: Step, Text: fmt.Sprint(i)})
	}
	var seen []Entry
	if err := Follow(t.Context(), address, time.Time{}, false, func(e Entry) { seen = append(seen, e) }); err != nil {
		t.Fatal(err)
	}
	if len(seen) != kept || seen[0].Text != "10" || seen[kept-1].Text != fmt.Sprint(kept+9) {
		t.Fatalf("%d events, from %q to %q", len(seen), seen[0].Text, seen[len(seen)-1].Text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := make(chan string)
	go func() {
		_ = Follow(ctx, address, seen[kept-2].Time, true, func(e Entry) { got <- e.Text })
	}()
	if text := <-got; text != seen[kept-1].Text {
		t.Errorf("goes on with %q, want %q", text, seen[kept-1].Text)
	}
	hub.Publish(Entry{Kind: State, Text: strings.Repeat("x", 3*maxText)})
	if text := <-got; len(text) != maxText {
		t.Errorf("an event of %d bytes, want at most %d", len(text), maxText)
	}
}

func TestSlowReader_IsDropped_AndNobodyWaitsForIt(t *testing.T) {
	hub := &Hub{}
	_, slow, leave, ok := hub.subscribe(time.Time{})
	if !ok {
		t.Fatal("no reader is let in")
	}
	defer leave()
	for range behind + 1 {
		hub.Publish(Entry{})
	}
	n := 0
	for range slow {
		n++
	}
	if n != behind {
		t.Errorf("it got %d events, want %d", n, behind)
	}
	if len(hub.readers) != 0 {
		t.Errorf("%d readers are left", len(hub.readers))
	}
}

func TestReaders_AreLimited(t *testing.T) {
	hub := &Hub{}
	var leave func()
	for range mostReader {
		_, _, leave, _ = hub.subscribe(time.Time{})
	}
	response := httptest.NewRecorder()
	hub.ServeHTTP(response, httptest.NewRequest("GET", "/events", nil))
	if response.Code != 503 {
		t.Errorf("status %d", response.Code)
	}
	leave()
	if _, _, _, ok := hub.subscribe(time.Time{}); !ok {
		t.Error("a place that was left stays taken")
	}
}
