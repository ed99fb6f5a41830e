package sidecar

import (
	"time"

	"aku/internal/altibase"
	"aku/internal/settings"
	"aku/internal/wiring"
)

// aliveFor is the longest time between two pulses of a sidecar that does not hang.
//
// A sidecar that waits (for the master, for a lock, for its server, for a copy) beats at least
// once a second. Only one statement of a step does not: the check of its guard, the statement,
// and then the pause before it is repeated, or the delay before the pod is opened. Each
// statement that returns is a beat, so the number of tables, blocks and pods does not matter.
func aliveFor(s settings.Settings) time.Duration {
	options, _ := wiring.StartOptions(s) // the order of a recovery does not matter here
	pause := max(wiring.Runner(s, nil, nil).RetryDelay, options.OpenDelay)
	return 2*altibase.LongestCall + pause
}
