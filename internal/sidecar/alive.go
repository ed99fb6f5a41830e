package sidecar

import (
	"time"

	"aku/internal/altibase"
	"aku/internal/settings"
	"aku/internal/wiring"
)

// aliveFor is the most time between two moves of a sidecar that is not wedged.
//
// Whatever waits moves at least once a second: for the master, for a lock, for the own
// server, for a copy. What does not is one statement of a step: a look at what it needs, the
// statement, and the pause before it is tried again, or the delay before the pod is opened.
// However many tables, blocks and pods there are, each statement that comes back is a move.
func aliveFor(s settings.Settings) time.Duration {
	options, _ := wiring.StartOptions(s) // the order of a recovery is no matter here
	pause := max(wiring.Runner(s, nil, nil).RetryDelay, options.OpenDelay)
	return 2*altibase.LongestCall + pause
}
