//go:build integration

package integration

import (
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
)

// BenchmarkLatency measures a join beside two open and idle pods, and an end with nothing to deliver, with
// the waits of a real server: START 1 s, SYNC 2 s, STOP up to 1 s and one at a time per server, keep-alive 6
// s.
//
//	go test -tags=integration -run '^$' -bench Latency -benchtime 1x ./e2e/integration
func BenchmarkLatency(b *testing.B) {
	for range b.N {
		c := startWith(b, 3, altisimtest.Options{TimeScale: 1}, nil)
		c.createTables()
		c.inService(0, 1)
		report := func(what string, do func()) {
			began := time.Now()
			do()
			b.ReportMetric(time.Since(began).Seconds(), what+"-s")
		}
		end := func() {
			if err := c.pods[2].end(); err != nil {
				b.Error(err)
			}
		}
		time.Sleep(7 * time.Second) // a keep-alive has passed: the pods are idle
		report("first-join", func() { c.inService(2) })
		time.Sleep(7 * time.Second)
		report("idle-end", end)
		c.pods[2].kill()
		if err := c.pods[2].dir.Renew(); err != nil { // as in a new pod
			b.Fatal(err)
		}
		time.Sleep(7 * time.Second)
		report("join-again", func() { c.inService(2) })
		report("end-at-once", end)
	}
}
