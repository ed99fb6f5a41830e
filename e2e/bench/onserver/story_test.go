package main

import (
	"testing"
	"time"
)

const log = `a line of the server
time=2026-11-30T01:42:30.000Z level=INFO msg="Start as SLAVE Pod."
time=2026-11-30T01:42:30.100Z level=INFO msg="AKU run successfully."
time=2026-11-30T01:43:00.000Z level=WARN msg="Start as SLAVE Pod."
time=2026-11-30T01:43:00.500Z level=INFO msg="Table truncation has ended." took=70ms
time=2026-11-30T01:43:02.521Z level=INFO msg="Replication sync has ended." took=2.021s
`

func TestStory_IsTheLastOne_WithItsParts_AndEndsWithItsLastWord(t *testing.T) {
	if s, ended := tell(log, starts, done, copies); ended {
		t.Errorf("it has not ended yet, got %+v", s)
	}
	s, ended := tell(log+`time=2026-11-30T01:43:03.000Z level=INFO msg="AKU run successfully."`+"\n", starts, done, copies, empties)
	if !ended || s.Took != 3*time.Second || s.Parts[copies] != 2021*time.Millisecond || s.Parts[empties] != 70*time.Millisecond {
		t.Errorf("got %+v, %v", s, ended)
	}
}
