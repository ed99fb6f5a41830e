package akucore

import (
	"testing"
	"time"
)

func TestSplit_TailsAreKept(t *testing.T) {
	const s = time.Second
	tests := []struct {
		left     time.Duration
		shutdown bool
		want     Budget
	}{
		{110 * s, true, Budget{Deliver: 82 * s, Shutdown: 20 * s}},
		{110 * s, false, Budget{Deliver: 102 * s}},
		{15 * s, false, Budget{Deliver: 7 * s}},
		{16 * s, true, Budget{Deliver: 4 * s, Shutdown: 4 * s}}, // too little for all
	}
	for _, test := range tests {
		if got := Split(test.left, test.shutdown); got != test.want {
			t.Errorf("%s, shutdown %t: %+v, want %+v", test.left, test.shutdown, got, test.want)
		}
	}
}
