package akucore

import (
	"testing"
	"time"
)

func TestSplit_TailsAreKept(t *testing.T) {
	const s = time.Second
	tests := []struct {
		end, drain time.Duration
		shutdown   bool
		want       Budget
	}{
		{115 * s, 5 * s, true, Budget{Deliver: 82 * s, Shutdown: 20 * s}},
		{115 * s, 5 * s, false, Budget{Deliver: 102 * s}},
		{20 * s, 5 * s, false, Budget{Deliver: 7 * s}},
		{20 * s, 5 * s, true, Budget{Deliver: 5 * s, Shutdown: 5 * s}}, // too little for all
	}
	for _, test := range tests {
		if got := Split(test.end, test.drain, test.shutdown); got != test.want {
			t.Errorf("%s, drain %s, shutdown %t: %+v, want %+v", test.end, test.drain, test.shutdown, got, test.want)
		}
	}
}
