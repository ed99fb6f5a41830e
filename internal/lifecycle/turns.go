package lifecycle

import (
	"context"
	"sync"

	"aku/internal/akucore"
)

// turn is a step that may have to wait for another one of its stage.
type turn struct {
	step  akucore.Step
	at    Place
	after <-chan struct{} // nil: waits for no other step
	over  func()
}

// turns makes each STOP wait for the previous one on its server. The server does its STOPs one
// after the other anyway, each at the next tick of its sender's own second. In the order in
// which the senders were started, the ticks follow each other.
func turns(s akucore.Stage) []turn {
	all := make([]turn, len(s.Steps))
	last := map[int]<-chan struct{}{} // the STOP before, of a server
	for i, step := range s.Steps {
		all[i] = turn{step: step, over: func() {}}
		if step.Do == akucore.Stop {
			over := make(chan struct{})
			all[i].after, all[i].over = last[step.On], sync.OnceFunc(func() { close(over) })
			last[step.On] = over
		}
	}
	return all
}

// await waits for the previous STOP, or until the context ends; then the step fails, too.
func (t turn) await(ctx context.Context) {
	if t.after == nil {
		return
	}
	select {
	case <-t.after:
	case <-ctx.Done():
	}
}
