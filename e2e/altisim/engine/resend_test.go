package engine_test

import (
	"testing"
	"testing/synctest"

	"aku/e2e/altisim/engine"
)

// TestStop_WhatWasSentBesideAnAcknowledgementIsNotSentAgain: the acknowledgement of the first rows comes when more have
// been sent. The one of a STOP in good order must still move the restart point beyond these.
func TestStop_WhatWasSentBesideAnAcknowledgementIsNotSentAgain(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		start(t, a)
		stop(t, a)
		const rows = 251 // a few more than a sender reads at a time
		for key := range rows {
			a.insert(key)
		}
		start(t, a)
		synctest.Wait()
		stop(t, a)
		start(t, a)
		synctest.Wait()
		if b.keys() != rows {
			t.Errorf("%d rows have arrived, want %d", b.keys(), rows)
		}
		if n := b.Receivers()[0].Fail[engine.Insert]; n != 0 {
			t.Errorf("%d rows came again", n)
		}
	})
}
