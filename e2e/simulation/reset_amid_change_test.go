package simulation

import (
	"math/rand/v2"
	"testing"
	"time"

	"aku/internal/akucore"
)

// resetAmidChange: somebody has a slave join anew while it changes its list of tables.
func resetAmidChange(o *Options) {
	inOrder(o, func(*rand.Rand) []event {
		reset := armed{fault: joinAnewByHand(2), on: 2, of: "TRUNCATE", moment: before}
		return []event{{after: inService, fault: roll()}, {arm: &reset}, {after: 2 * time.Minute}}
	})
	o.Lists, o.Reset, o.WriteEvery = true, akucore.ResetNever, 100*time.Millisecond
}

// TestResetAmidChange_LosesNothing: the SYNC TABLE of the new tables must not begin a log anew that holds rows of the others.
func TestResetAmidChange_LosesNothing(t *testing.T) {
	for n := range uint64(10) {
		o := OptionsOf(n + 1)
		resetAmidChange(&o)
		if out := runSeed(t, o); len(out.Violations) > 0 {
			o.Tell = true
			t.Fatalf("seed %d:\n%s", n+1, runSeed(t, o).Story)
		}
	}
}
