package engine

import (
	"context"
	"time"
)

// The waits of the real server. A Clock scales all of them.
const (
	startWait     = 1 * time.Second  // START checks again after this, unless its first check finds the sender running
	stopTick      = 1 * time.Second  // STOPs end at whole seconds of the clock
	syncWait      = 2 * time.Second  // the least time of a SYNC, whatever the size
	ackWait       = 6 * time.Second  // from the last sent change to the acknowledged keep-alive
	silenceWait   = 30 * time.Second // a peer that is silent for this long counts as gone
	truncateWait  = 700 * time.Millisecond
	reshapeWait   = 3 * time.Second  // a change of columns, while rows of a peer arrive (3.0 s, once 5.0 s)
	syncLockLeast = 2 * time.Second  // a SYNC that may wait 1 s for a lock gives up after 2 s; one that may wait 3 s, after 3 s
	shutdownLeast = 10 * time.Second // SHUTDOWN IMMEDIATE, whatever was written
	shutdownMost  = 17 * time.Second
)

// What each table adds to a wait. With 1,001 tables, the real server took 4.5 s instead of 2 s for a SYNC,
// 1.4 to 1.9 s instead of 1 s for a START, and 3.9 to 4.3 s for 1,000 TRUNCATEs of empty tables.
const (
	tableAgreed  = 600 * time.Microsecond // in the handshake
	tableCopied  = 2 * time.Millisecond   // by SYNC, besides its handshake
	tableEmptied = 4 * time.Millisecond   // by TRUNCATE
)

// activeFor is how long after its last record a sender counts as sending. A FLUSH within that time is
// acknowledged at once.
const activeFor = 30 * time.Millisecond

// receivingFor is how long after its last row a receiver counts as receiving.
const receivingFor = time.Second

// flushAllRounds is how often FLUSH ALL checks whether the log has grown meanwhile.
const flushAllRounds = 3

// ackRecords is how many changes a receiver applies before it acknowledges without being asked.
const ackRecords = 100

// silenceFloor keeps a fast clock from mistaking a busy machine for a dead peer.
const silenceFloor = 10 * time.Second

// lockFloor keeps a fast clock from mistaking a busy machine for a held lock.
const lockFloor = time.Second

// Clock converts the real server's waits to this server's. The zero Clock runs in real time.
type Clock struct {
	// Scale is the time for one second of the real server, in seconds. 0 means 1.
	Scale float64
}

// fewTables is the number up to which tables add nothing measurable to a wait.
const fewTables = 100

// forTables is what so many tables add to a wait.
func forTables(tables int, each time.Duration) time.Duration {
	return time.Duration(max(0, tables-fewTables)) * each
}

// Real is the real time of a wait of d on the server's clock.
func (c Clock) Real(d time.Duration) time.Duration {
	if c.Scale == 0 {
		return d
	}
	return time.Duration(float64(d) * c.Scale)
}

// Sleep waits for d on the server's clock, or until ctx ends.
func (c Clock) Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, c.Real(d)) }

func sleep(ctx context.Context, real time.Duration) error {
	if real <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(real)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Silence is how long a peer may be silent before it counts as gone.
func (c Clock) Silence() time.Duration { return max(c.Real(silenceWait), silenceFloor) }

// LockWait is how long a lock is waited for that the real server waits for up to d.
func (c Clock) LockWait(d time.Duration) time.Duration { return max(c.Real(d), min(d, lockFloor)) }

// untilNextSecond waits for the next whole second of the server's clock.
func (c Clock) untilNextSecond(ctx context.Context) error {
	now, tick := time.Now(), c.Real(stopTick)
	return sleep(ctx, now.Truncate(tick).Add(tick).Sub(now))
}
