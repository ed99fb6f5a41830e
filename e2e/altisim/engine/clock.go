package engine

import (
	"context"
	"time"
)

// The waits of the real server. A Clock scales all of them together.
const (
	startWait     = 1 * time.Second  // START looks once more after this, unless its first look finds the sender running
	stopTick      = 1 * time.Second  // STOPs end at whole seconds of the clock
	syncWait      = 2 * time.Second  // SYNC needs at least this, whatever the size
	ackWait       = 6 * time.Second  // from the last change sent to the keep-alive that is acknowledged
	silenceWait   = 30 * time.Second // a peer that does not answer for this long counts as gone
	truncateWait  = 700 * time.Millisecond
	shutdownLeast = 10 * time.Second // SHUTDOWN IMMEDIATE, whatever was written
	shutdownMost  = 17 * time.Second
)

// What each table adds to a wait. The real server took with 1,001 tables: SYNC 4.5 s in place
// of 2, START 1.4 to 1.9 s in place of 1, 1,000 TRUNCATEs of empty tables 3.9 to 4.3 s.
const (
	tableAgreed  = 600 * time.Microsecond // in the handshake
	tableCopied  = 2 * time.Millisecond   // by SYNC, beside its handshake
	tableEmptied = 4 * time.Millisecond   // by TRUNCATE
)

// activeFor is how long after its last record a sender counts as sending: a FLUSH that
// comes meanwhile is acknowledged at once.
const activeFor = 30 * time.Millisecond

// flushAllRounds is how often FLUSH ALL looks whether the log has moved on meanwhile.
const flushAllRounds = 3

// ackRecords is how many changes a receiver applies before it acknowledges
// without being asked.
const ackRecords = 100

// silenceFloor keeps a fast clock from taking a busy machine for a dead peer.
const silenceFloor = 10 * time.Second

// lockFloor keeps a fast clock from taking a busy machine for somebody who holds a lock.
const lockFloor = time.Second

// Clock turns the real server's waits into this server's. The zero Clock runs
// in real time.
type Clock struct {
	// Scale is what one second of the real server takes here, in seconds.
	// 0 means 1.
	Scale float64
}

// fewTables add nothing to a wait that could be told from its other causes.
const fewTables = 100

// forTables is what so many tables add to a wait.
func forTables(tables int, each time.Duration) time.Duration {
	return time.Duration(max(0, tables-fewTables)) * each
}

// Real is how long a wait of d on the real server's clock takes.
func (c Clock) Real(d time.Duration) time.Duration {
	if c.Scale == 0 {
		return d
	}
	return time.Duration(float64(d) * c.Scale)
}

// Sleep waits for d on the server's clock or until ctx ends.
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

// Silence is how long a peer may not answer before it counts as gone.
func (c Clock) Silence() time.Duration { return max(c.Real(silenceWait), silenceFloor) }

// LockWait is how long a wait for a lock may last that the real server limits to d.
func (c Clock) LockWait(d time.Duration) time.Duration { return max(c.Real(d), min(d, lockFloor)) }

// untilNextSecond waits for the next whole second of the server's clock.
func (c Clock) untilNextSecond(ctx context.Context) error {
	now, tick := time.Now(), c.Real(stopTick)
	return sleep(ctx, now.Truncate(tick).Add(tick).Sub(now))
}
