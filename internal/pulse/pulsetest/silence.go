// Package pulsetest tells tests how long a pulse was silent.
package pulsetest

import (
	"time"

	"aku/internal/pulse"
)

// Silence watches a pulse until it is asked how long that was silent at most.
func Silence(moves *pulse.Pulse) (longest func() time.Duration) {
	moves.Beat()
	most := time.Duration(0)
	stop, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
				most = max(most, moves.Silence())
			}
		}
	}()
	return func() time.Duration {
		close(stop)
		<-watched
		return most
	}
}
