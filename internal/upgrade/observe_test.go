package upgrade

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle/lifecycletest"
)

func TestAsk_EachServerIsAskedWithinTheSameLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		asked := ask(t.Context(), mesh(4, blockA), lifecycletest.Servers{
			{}, lifecycletest.Closed, {Err: akucore.ErrPassword}, {Hangs: true},
		}, 4)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %s", took)
		}
		for pod, want := range []error{nil, akucore.ErrClosed, akucore.ErrPassword, akucore.ErrTimeout} {
			if err := asked[pod].Err; !errors.Is(err, want) {
				t.Errorf("pod %d: %v, want %v", pod, err, want)
			}
		}
	})
}
