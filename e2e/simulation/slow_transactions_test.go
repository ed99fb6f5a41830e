package simulation

import (
	"math/rand/v2"
	"testing"
	"time"

	"aku/internal/akucore"
)

// slowTransactions: on every pod one user has a transaction of 8 s open all the time, others write, and
// slaves join.
func slowTransactions(o *Options) {
	o.ServerCount, o.Reset, o.Linger, o.LingerFor = 3, akucore.ResetNever, maxPods, 8*time.Second
	o.Lists, o.AddBlock, o.APIFails = false, false, 0
	o.Schedule = func(*rand.Rand, Options) (int, []event) { return 3, []event{{after: 3 * time.Minute}} }
}

// unseen: the same, but no view shows the master's transactions, so a SYNC is tried beside the other slaves
// first.
func unseen(o *Options) {
	slowTransactions(o)
	o.Unseen = true
}

// floor is the time of a join without the transactions that it waits for: up to a second of tries, STOPs to
// the whole second, and a SYNC of at least 2 s.
const floor = 4 * time.Second

// TestSlowTransactions_AJoinCopiesOnce: no join begins again, and none waits for more than three of these
// transactions.
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
