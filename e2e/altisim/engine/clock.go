package engine

import (
	"context"
	"time"
)

// The waits of the real server. A Clock scales all of them together.
const (
	startWait     = 1 * time.Second  // START returns after the sender has begun to run
	stopTick      = 1 * time.Second  // a sender looks once a tick whether it shall stop
	syncWait      = 2 * time.Second  // SYNC needs at least this, whatever the size
	ackWait       = 6 * time.Second  // from the last change sent to the keep-alive that is acknowledged
	retryWait     = 60 * time.Second // between two tries to reach a peer
	silenceWait   = 30 * time.Second // a peer that does not answer for this long counts as gone
	truncateWait  = 700 * time.Millisecond
	shutdownQuick = 2 * time.Second // SHUTDOWN IMMEDIATE, with nothing replicating
	shutdownBusy  = 10 * time.Second
)

// ackRecords is how many changes a receiver applies before it acknowledges
// without being asked.
const ackRecords = 100

// silenceFloor keeps a fast clock from taking a busy machine for a dead peer.
const silenceFloor = 10 * time.Second

// Clock turns the real server's waits into this server's. The zero Clock runs
// in real time.
type Clock struct {
	// Scale is what one second of the real server takes here, in seconds.
	// 0 means 1.
	Scale float64
}

// Real is how long a wait of d on the real server's clock takes.
func (c Clock) Real(d time.Duration) time.Duration {
	if c.Scale == 0 {
		return d
	}
	return time.Duration(float64(d) * c.Scale)
}

// Sleep waits for d on the server's clock or until ctx ends.
func (c Clock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(c.Real(d))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Silence is how long a peer may not answer before it counts as gone.
func (c Clock) Silence() time.Duration { return max(c.Real(silenceWait), silenceFloor) }
