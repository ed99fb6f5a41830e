package simulation

import (
	"math/rand/v2"
	"testing"
	"time"

	"aku/internal/akucore"
)

// slowTransactions: on every pod somebody has a transaction of 8 s open all the time, one after the other, and others write;
// slaves join.
func slowTransactions(o *Options) {
	o.ServerCount, o.Reset, o.Linger, o.LingerFor = 3, akucore.ResetNever, maxPods, 8*time.Second
	o.Lists, o.AddBlock, o.APIFails = false, false, 0
	o.Schedule = func(*rand.Rand, Options) (int, []event) { return 3, []event{{after: 3 * time.Minute}} }
}

// unseen: the same, and those of the master show in no view, so that a SYNC is tried beside the other slaves first.
func unseen(o *Options) {
	slowTransactions(o)
	o.Unseen = true
}

// floor is what a join takes beside the transactions that it waits for: up to a second of tries, STOPs to the whole second, and
// a SYNC of at least 2 s.
const floor = 4 * time.Second

// TestSlowTransactions_AJoinCopiesOnce: no join beside them begins again, and none waits for more than three of them.
func TestSlowTransactions_AJoinCopiesOnce(t *testing.T) {
	for n := range schedules() / 40 {
		o := OptionsOf(n + 1)
		slowTransactions(&o)
		out := runSeed(t, o)
		copies := 2 * o.Blocks
		if len(out.Violations) > 0 || out.Figures.Syncs != copies || out.Figures.Broken > 0 || out.Figures.Slowest > 3*o.LingerFor+floor {
			o.Tell = true
			t.Fatalf("seed %d: %d copies, want %d; %d did not end, the slowest join took %s:\n%s",
				n+1, out.Figures.Syncs, copies, out.Figures.Broken, out.Figures.Slowest, runSeed(t, o).Story)
		}
	}
}
