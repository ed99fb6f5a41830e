package events

import (
	"fmt"
	"time"
)

// String is the event as a line for people.
func (e Entry) String() string {
	line := fmt.Sprintf("%s %s %s: %s", e.Time.UTC().Format("15:04:05.000"), e.Pod, e.Kind, e.Text)
	if e.Peer != "" {
		line += " (" + e.Peer + ")"
	}
	if e.Rows > 0 {
		line += fmt.Sprintf(" (%d rows)", e.Rows)
	}
	if e.Seconds > 0 {
		line += fmt.Sprintf(" (%s)", time.Duration(e.Seconds*float64(time.Second)).Round(time.Millisecond))
	}
	return line
}
