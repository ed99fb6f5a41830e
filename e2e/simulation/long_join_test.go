package simulation

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"aku/internal/akucore"
)

// longJoin: a join pauses before its SYNC, as long transactions make it do, and the other pods sweep their pairs meanwhile.
func longJoin(o *Options) {
	o.ServerCount, o.Reset, o.Linger, o.Lists, o.AddBlock, o.APIFails = 3, akucore.ResetNever, -1, false, false, 0
	o.Schedule = func(*rand.Rand, Options) (int, []event) { return 3, []event{{after: 5 * time.Minute}} }
	start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		return ifNamed("full join", akucore.PlanStart(v, o), func(p akucore.Plan) akucore.Plan {
			copies := slices.IndexFunc(p.Stages, func(s akucore.Stage) bool { return s.Steps[0].Do == akucore.Sync })
			if copies < 0 {
				return p // it only takes its remains away
			}
			delay := akucore.Step{Do: akucore.Delay, Side: akucore.Side{On: v.Self}, For: 100 * time.Second}
			p.Stages = slices.Insert(slices.Clone(p.Stages), copies, akucore.Stage{Title: "delay", Steps: []akucore.Step{delay}})
			return p
		})
	})(o)
}

// TestLongJoin_CopiesOnce: nobody starts the master's stopped sender before the SYNC that goes on from its pin.
func TestLongJoin_CopiesOnce(t *testing.T) {
	for n := range uint64(5) {
		o := OptionsOf(n + 1)
		longJoin(&o)
		out := runSeed(t, o)
		if copies := 2 * o.Blocks; len(out.Violations) > 0 || out.Figures.Syncs != copies || out.Figures.Broken > 0 {
			o.Tell = true
			t.Fatalf("seed %d: %d copies, want %d; %d did not end:\n%s", n+1, out.Figures.Syncs, copies, out.Figures.Broken, runSeed(t, o).Story)
		}
	}
}
