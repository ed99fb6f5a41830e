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
		atOnce      int
		least, most time.Duration // who comes first is not given
	}{"all at once": {4, 3 * time.Second, 3 * time.Second}, "two at once": {2, 3 * time.Second, 4 * time.Second}, "one by one": {1, 6 * time.Second, 6 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var now, most atomic.Int32
				began := time.Now()
				answers, errs := AskPods(t.Context(), 4, test.atOnce, 3*time.Second, func(ctx context.Context, pod int) (int, error) {
					defer now.Add(-1)
					n := now.Add(1)
					for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
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
				if took := time.Since(began); took < test.least || took > test.most || int(most.Load()) != test.atOnce {
					t.Errorf("it took %s, %d at the same time; want %s to %s, %d", took, most.Load(), test.least, test.most, test.atOnce)
				}
			})
		})
	}
}
