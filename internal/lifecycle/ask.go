package lifecycle

import (
	"context"
	"sync"
	"time"
)

// AnswerLimit bounds the answer of one pod; a pod that hangs counts as not reachable.
const AnswerLimit = 10 * time.Second

// AskPods asks the pods below a number, at most atOnce of them at the same time, and returns
// an answer or an error for each. The limit is for each pod; 0 is no limit.
func AskPods[T any](ctx context.Context, pods, atOnce int, limit time.Duration, ask func(ctx context.Context, pod int) (T, error)) ([]T, []error) {
	answers, errs := make([]T, pods), make([]error, pods)
	turns := make(chan struct{}, atOnce)
	var asking sync.WaitGroup
	for pod := range pods {
		asking.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			ctx := ctx
			if limit > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, limit)
				defer cancel()
			}
			answers[pod], errs[pod] = ask(ctx, pod)
		})
	}
	asking.Wait()
	return answers, errs
}
