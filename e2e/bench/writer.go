package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"aku/e2e/altisim/altisimtest"
)

const (
	// writePause is the pause between two rows of a writer: at most 200 rows a second.
	writePause = 5 * time.Millisecond
	// keysPerWriter keeps the writers' keys apart.
	keysPerWriter = 100_000
	firstKey      = 500_000_000
)

var writers atomic.Int64

// writer is a user on one pod. It inserts rows on one session, each in its own transaction, until the session
// is closed or the writer is stopped.
type writer struct {
	on    *pod
	first int64
	acked atomic.Int64 // acknowledged rows, with keys from first on
	stop  context.CancelFunc
	done  sync.WaitGroup
}

func (p *pod) write() *writer {
	ctx, cancel := context.WithCancel(context.Background())
	w := &writer{on: p, first: firstKey + writers.Add(1)*keysPerWriter, stop: cancel}
	c := p.Open(altisimtest.Dial{})
	w.done.Go(func() {
		defer c.Close()
		for key := w.first; ctx.Err() == nil && key < w.first+keysPerWriter; key++ {
			// The statement is not cancelled at the end. A row that is not acknowledged does not count.
			if c.Try(context.WithoutCancel(ctx), fmt.Sprintf("INSERT INTO SYS.T0 VALUES (%d, 'written')", key)) != nil {
				return
			}
			w.acked.Add(1)
			time.Sleep(writePause)
		}
	})
	p.mesh.host.Cleanup(w.halt)
	return w
}

// halt stops the writer. It may be called more than once.
func (w *writer) halt() {
	w.stop()
	w.done.Wait()
}

// await waits until so many rows are acknowledged.
func (w *writer) await(rows int64) {
	for deadline := time.Now().Add(time.Minute); w.acked.Load() < rows; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.on.mesh.host.Fatalf("the writer on pod %d does not write", w.on.number)
		}
	}
}

// settleTime is the time without an arrival after which missing rows count as lost. Rows on their way arrive
// within milliseconds.
const settleTime = 1500 * time.Millisecond

// lost is the number of acknowledged rows of a stopped writer that a pod does not have and does not get.
func (w *writer) lost(on *pod) int64 {
	last, since := int64(-1), time.Now()
	for {
		var has int64
		count := func(c *altisimtest.Conn) {
			has = c.Int(fmt.Sprintf("SELECT COUNT(*) FROM SYS.T0 WHERE ID >= %d AND ID < %d", w.first, w.first+w.acked.Load()))
		}
		c := on.Open(altisimtest.Dial{})
		count(c)
		c.Close()
		missing := w.acked.Load() - has
		switch {
		case missing <= 0:
			return 0
		case missing != last:
			last, since = missing, time.Now()
		case time.Since(since) > settleTime:
			return missing
		}
		time.Sleep(50 * time.Millisecond)
	}
}
