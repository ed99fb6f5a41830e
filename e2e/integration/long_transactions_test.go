//go:build integration

package integration

import (
	"context"
	"fmt"
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
)

// longTransactions is a user of a pod whose transactions follow each other without a pause. Each stays open
// for a while after its first row.
func (p *pod) longTransactions(open time.Duration) *writer {
	p.t.Helper()
	w := p.newWriter()
	session := p.Open(altisimtest.Dial{})
	go func() {
		defer close(w.done)
		for key := int(writers.Add(1)) * keysPerWriter; !w.stopped(); key++ {
			tx, err := session.BeginTx(context.Background(), nil)
			if err == nil {
				_, err = tx.Exec(fmt.Sprintf("INSERT INTO T1 VALUES (%d, 0)", key))
			}
			if err != nil {
				p.t.Errorf("a long transaction on pod %d: %v", p.number, err)
				return
			}
			select {
			case <-time.After(open):
			case <-w.stop:
			}
			if err := tx.Commit(); err != nil {
				p.t.Errorf("the COMMIT of a long transaction on pod %d: %v", p.number, err)
				return
			}
			w.mu.Lock()
			w.acked[key] = 0
			w.mu.Unlock()
		}
	}()
	p.t.Cleanup(w.halt)
	return w
}

// SYNC, CREATE and DROP need the table exclusively on the master, and what a slave sends queues behind them.
func TestJoin_BesideLongTransactionsOnTheMaster_LosesNothing(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1)
	long := c.pods[0].longTransactions(c.pods[0].Wait(8 * time.Second))
	w := c.pods[1].write()
	c.pods[1].eventually("the writer writes", func() bool { return w.count() > 50 })
	c.pods[2].run()
	joined := []int{0, 1}
	for deadline := time.Now().Add(patience); len(joined) == 2 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if c.pods[2].dir.Marked() {
			joined = append(joined, 2)
		}
	}
	if len(joined) == 2 {
		t.Errorf("pod 2 is not in service after %s", patience) // its effects on the others count all the same
	}
	before := w.count()
	c.pods[1].eventually("the writer goes on", func() bool { return w.count() > before+50 })
	w.halt()
	long.halt()
	t.Logf("%d rows of the slave and %d transactions of the master acknowledged", w.count(), long.count())
	c.mustBeEqual(joined...)
	c.mustHold(joined, w, long)
}
