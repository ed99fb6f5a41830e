package engine_test

import (
	"context"
	"testing"
	"testing/synctest"

	"aku/e2e/altisim/engine"
)

// TestStop_WhatWasSentBesideAnAcknowledgementIsNotSentAgain: the acknowledgement of the first rows comes when more have
// been sent. The one of a STOP in good order must still move the restart point beyond these.
func TestStop_WhatWasSentBesideAnAcknowledgementIsNotSentAgain(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		ctx := context.Background()
		do := func(what string, err error) {
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		do("START", a.Start(ctx, "R", false))
		do("STOP", a.Stop(ctx, "R"))
		const rows = 251 // a few more than a sender reads at a time
		for key := range rows {
			a.insert(key)
		}
		do("START", a.Start(ctx, "R", false))
		synctest.Wait()
		do("STOP", a.Stop(ctx, "R"))
		do("START", a.Start(ctx, "R", false))
		synctest.Wait()
		if b.keys() != rows {
			t.Errorf("%d rows have arrived, want %d", b.keys(), rows)
		}
		if n := b.Receivers()[0].Fail[engine.Insert]; n != 0 {
			t.Errorf("%d rows came again", n)
		}
	})
}
