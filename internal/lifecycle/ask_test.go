package lifecycle

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAskPods_EachHasItsAnswerOrItsError_AndTheLimitForItself(t *testing.T) {
	fault := errors.New("no")
	for name, test := range map[string]struct {
		atOnce int
		took   time.Duration
	}{"all at once": {4, 3 * time.Second}, "two at once": {2, 4 * time.Second}, "one by one": {1, 6 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var now, most atomic.Int32
				began := time.Now()
				answers, errs := AskPods(t.Context(), 4, test.atOnce, 3*time.Second, func(ctx context.Context, pod int) (int, error) {
					defer now.Add(-1)
					if n := now.Add(1); n > most.Load() {
						most.Store(n)
					}
					switch pod {
					case 1:
						<-ctx.Done()
						return 0, ctx.Err()
					case 2:
						time.Sleep(time.Second)
						return 0, fault
					}
					time.Sleep(time.Second)
					return 10 * pod, nil
				})
				if !slices.Equal(answers, []int{0, 0, 0, 30}) || errs[0] != nil || !errors.Is(errs[1], context.DeadlineExceeded) || !errors.Is(errs[2], fault) || errs[3] != nil {
					t.Errorf("%v %v", answers, errs)
				}
				if took := time.Since(began); took != test.took || int(most.Load()) != test.atOnce {
					t.Errorf("it took %s, %d at the same time; want %s, %d", took, most.Load(), test.took, test.atOnce)
				}
			})
		})
	}
}
