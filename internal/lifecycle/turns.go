package lifecycle

import (
	"context"
	"fmt"
	"sync"
	"time"

	"aku/internal/akucore"
)

// turn is a step that may have to wait for another one of its stage.
type turn struct {
	step   akucore.Step
	at     Place
	before *turn // nil: waits for no other step

	// Who waits for this step reads these once it is over.
	over  chan struct{}
	end   func(error) // the first call counts
	err   error
	waits *turn // what the step still waited for when its time was over
}

// turns makes each STOP wait for the previous one on its server. The server does its STOPs one
// after the other anyway, each at the next tick of its sender's own second. In the order in
// which the senders were started, the ticks follow each other.
func turns(s akucore.Stage) []*turn {
	all := make([]*turn, len(s.Steps))
	last := map[int]*turn{} // the STOP before, of a server
	for i, step := range s.Steps {
		t := &turn{step: step, over: make(chan struct{})}
		var once sync.Once
		t.end = func(err error) {
			once.Do(func() {
				t.err = err
				close(t.over)
			})
		}
		if step.Do == akucore.Stop {
			t.before, last[step.On] = last[step.On], t
		}
		all[i] = t
	}
	return all
}

// await waits for the previous STOP. If the context ends meanwhile, its error names the STOP
// that took the time. That one's own time is over as well, and its error says why it hangs: it
// is waited for, as the stage does in any case.
func (t *turn) await(ctx context.Context, m akucore.Mesh) error {
	if t.before == nil {
		return nil
	}
	select {
	case <-t.before.over:
	case <-ctx.Done():
	}
	if deadline, ok := ctx.Deadline(); ctx.Err() == nil && (!ok || time.Now().Before(deadline)) {
		return nil
	}
	<-ctx.Done() // at once: the other step's time may be over a moment earlier
	<-t.before.over
	t.waits = t.before
	if t.before.waits != nil {
		t.waits = t.before.waits
	}
	why := ""
	if t.waits.err != nil {
		why = " (" + t.waits.err.Error() + ")"
	}
	return fmt.Errorf("%w: it waited for %s%s: %w", akucore.ErrTimeout, t.waits.step.Describe(m), why, context.Cause(ctx))
}
