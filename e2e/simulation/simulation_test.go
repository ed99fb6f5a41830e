package simulation

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

var (
	seed  = flag.Uint64("seed", 0, "run this seed alone and print its story")
	count = flag.Uint64("seeds", 0, "how many seeds to run; 0 for the usual number")
	from  = flag.Uint64("from", 1, "first seed")
)

// schedules is the number of seeds in the test. It is lower under the race detector, which makes each ten
// times slower.
func schedules() uint64 {
	switch {
	case *count > 0:
		return *count
	case raceDetector:
		return 60
	}
	return 2000
}

// runSeed runs a seed in a bubble of its own.
func runSeed(t *testing.T, o Options) (out Outcome) {
	synctest.Test(t, func(*testing.T) { out = Run(o) })
	return out
}

// TestSchedules_LoseNothing runs a number of seeds, or with SOAK=1 until it is interrupted. Then it ends the
// running schedules and prints a summary.
func TestSchedules_LoseNothing(t *testing.T) {
	if *seed > 0 {
		o := OptionsOf(*seed)
		o.Tell = true
		out := runSeed(t, o)
		t.Log("\n" + out.Story)
		if len(out.Violations) > 0 {
			t.Fail()
		}
		return
	}
	var next atomic.Uint64
	next.Store(*from)
	last := *from + schedules()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	soak, _ := strconv.ParseBool(os.Getenv("SOAK"))
	if soak {
		last = ^uint64(0)
	}
	var mu sync.Mutex
	var figures Figures
	var failed []uint64
	began := time.Now()
	told := began
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for {
				if ctx.Err() != nil {
					return
				}
				n := next.Add(1) - 1
				if n >= last {
					return
				}
				out := runSeed(t, OptionsOf(n))
				mu.Lock()
				figures.add(out.Figures)
				if len(out.Violations) > 0 {
					failed = append(failed, n)
					t.Errorf("seed %d: %s", n, out.Violations[0])
				}
				if soak && len(out.Violations) > 0 {
					o := OptionsOf(n)
					o.Tell = true
					fmt.Printf("seed %d failed; its story:\n%s\n", n, runSeed(t, o).Story)
				}
				if soak && time.Since(told) > 10*time.Second {
					told = time.Now()
					ran := next.Load() - *from
					fmt.Printf("%d schedules, %.1f a second, %d failed\n", ran, float64(ran)/time.Since(began).Seconds(), len(failed))
				}
				stop := !soak && len(failed) >= 20
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	workers.Wait()
	ran := min(next.Load(), last) - *from
	t.Logf("%d schedules in %s, %.1f a second: %+v", ran, time.Since(began).Round(time.Second), float64(ran)/time.Since(began).Seconds(), figures)
	if len(failed) > 0 {
		o := OptionsOf(failed[0])
		o.Tell = true
		t.Logf("%d of %d schedules failed; run one again with -seed N. The story of %s", len(failed), ran, runSeed(t, o).Story)
	}
}
