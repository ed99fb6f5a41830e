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
	// writePause is between two rows of a writer: at most 200 a second.
	writePause = 5 * time.Millisecond
	// keysPerWriter keeps the writers' keys apart.
	keysPerWriter = 100_000
	firstKey      = 500_000_000
)

var writers atomic.Int64

// writer is a user on one pod, who inserts rows on one session, each committed by
// itself, until that is closed or the writer is stopped.
type writer struct {
	on    *pod
	first int64
	acked atomic.Int64 // rows that the server acknowledged, with keys from first on
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
			// The statement is not cut: what is not acknowledged is not counted.
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

// halt stops the writer, once or more often.
func (w *writer) halt() {
	w.stop()
	w.done.Wait()
}

// await waits until the writer is well under way.
func (w *writer) await(rows int64) {
	for deadline := time.Now().Add(time.Minute); w.acked.Load() < rows; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.on.mesh.host.Fatalf("the writer on pod %d does not write", w.on.number)
		}
	}
}

// settleTime is how long nothing must arrive any more before what is missing counts
// as lost; what is under way arrives within milliseconds.
const settleTime = 1500 * time.Millisecond

// lost is how many acknowledged rows of a stopped writer a pod does not have and
// does not get.
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
