//go:build integration

package integration

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
)

// keysPerWriter keeps the key ranges of writers apart.
const keysPerWriter = 100_000

// writers counts the writers of this process.
var writers atomic.Int64

// writer is a user that inserts rows and updates its own, each statement in its own transaction, and stores
// what the server acknowledged.
type writer struct {
	t    testing.TB
	stop chan struct{}
	done chan struct{}

	mu    sync.Mutex
	acked map[int]int  // key → last acknowledged value
	open  map[int]bool // keys whose last statement has an unknown outcome
}

func (p *pod) newWriter() *writer {
	return &writer{t: p.t, stop: make(chan struct{}), done: make(chan struct{}), acked: map[int]int{}, open: map[int]bool{}}
}

// write starts a writer on a pod. It connects again after every failure, until it is stopped.
func (p *pod) write() *writer {
	w := p.newWriter()
	go func() {
		defer close(w.done)
		next := int(writers.Add(1)) * keysPerWriter
		for !w.stopped() {
			session, err := p.Connect(altisimtest.Dial{})
			if err != nil {
				time.Sleep(5 * time.Millisecond)
				continue
			}
			next = w.work(session, next)
			session.Close()
		}
	}()
	p.t.Cleanup(w.halt)
	return w
}

func (w *writer) stopped() bool {
	select {
	case <-w.stop:
		return true
	default:
		return false
	}
}

// work inserts a row and then updates an earlier one, until a statement fails.
func (w *writer) work(session *altisimtest.Conn, next int) int {
	for !w.stopped() {
		if !w.do(session, fmt.Sprintf("INSERT INTO T1 VALUES (%d, 0)", next), next, 0) {
			return next + 1 // its outcome is unknown, so the key is not used again
		}
		if next%2 == 0 {
			w.mu.Lock()
			value, known := w.acked[next-1]
			w.mu.Unlock()
			if known && !w.do(session, fmt.Sprintf("UPDATE T1 SET V = %d WHERE ID = %d", value+1, next-1), next-1, value+1) {
				return next + 1
			}
		}
		next++
	}
	return next
}

func (w *writer) do(session *altisimtest.Conn, statement string, key, value int) bool {
	w.mu.Lock()
	w.open[key] = true
	w.mu.Unlock()
	err := session.Try(context.Background(), statement)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		return false
	}
	w.acked[key] = value
	delete(w.open, key)
	return true
}

// halt stops the writer. It may be called more than once.
func (w *writer) halt() {
	w.mu.Lock()
	if !w.stopped() {
		close(w.stop)
	}
	w.mu.Unlock()
	<-w.done
}

// count is the number of rows acknowledged so far.
func (w *writer) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acked)
}

// rows are all rows of the table on a pod. A pod that is to join anew is closed at any time, so its next opening is waited for.
func (p *pod) rows() map[int]int {
	p.t.Helper()
	var lines []string
	p.eventually("a user reads its rows", func() bool {
		session, err := p.Connect(altisimtest.Dial{})
		if err != nil {
			return false
		}
		defer session.Close()
		lines, err = session.TryRows("SELECT ID, V FROM T1")
		return err == nil
	})
	rows := map[int]int{}
	for _, line := range lines {
		var id, v int
		if _, err := fmt.Sscan(strings.ReplaceAll(line, "|", " "), &id, &v); err != nil {
			p.t.Fatalf("row %q: %v", line, err)
		}
		rows[id] = v
	}
	return rows
}

// mustHold checks that pods hold everything that writers were told is committed: the acknowledged value, or
// that of a later statement of unknown outcome.
func (c *cluster) mustHold(pods []int, writers ...*writer) {
	c.t.Helper()
	for _, n := range pods {
		var missing, stale int
		rows := c.pods[n].rows()
		for _, w := range writers {
			w.mu.Lock()
			for key, want := range w.acked {
				got, ok := rows[key]
				switch {
				case !ok:
					missing++
				case got != want && !(w.open[key] && got == want+1):
					stale++
				}
			}
			w.mu.Unlock()
		}
		if missing+stale > 0 {
			c.t.Errorf("pod %d lacks %d acknowledged rows and %d acknowledged updates", n, missing, stale)
		}
	}
}

// mustBeEqual waits until open pods hold the same rows. No writer may run.
func (c *cluster) mustBeEqual(pods ...int) {
	c.t.Helper()
	var diff string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if diff = c.difference(pods); diff == "" {
			return
		}
	}
	c.t.Error(diff)
}

func (c *cluster) difference(pods []int) string {
	first := c.pods[pods[0]].rows()
	for _, n := range pods[1:] {
		rows := c.pods[n].rows()
		for id, v := range first {
			if got, ok := rows[id]; !ok || got != v {
				return fmt.Sprintf("row %d is %d on pod %d, and %d (there: %t) on pod %d; %d and %d rows", id, v, pods[0], got, ok, n, len(first), len(rows))
			}
		}
		if len(rows) != len(first) {
			return fmt.Sprintf("pod %d has %d rows, pod %d has %d", pods[0], len(first), n, len(rows))
		}
	}
	return ""
}
