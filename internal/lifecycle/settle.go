package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

// settleLimit is how long a join waits for transactions of others. The server bounds
// them itself, by its UTRANS_TIMEOUT.
const settleLimit = 60 * time.Second

// settle waits until all transactions of a server's users are over that have written and
// are open now. The server's sender ignores a transaction whose begin is before the point
// that it starts at, so a log pinned at "now" leaves all of it out, also what is
// written later; and a copy that is made before its COMMIT does not have it either. What
// a receiver writes is sent to nobody.
func (r *Runner) settle(ctx context.Context, server Transactions, s akucore.Step) error {
	users := func(open []Transaction) []Transaction {
		return slices.DeleteFunc(open, func(t Transaction) bool { return t.Session == 0 })
	}
	first, ok, err := server.OpenTransactions(ctx)
	if err != nil {
		return err
	}
	if !ok {
		r.Log.Warn("open transactions cannot be seen; one that stays open while tables are copied is not in the copy", "pod", r.Mesh.PodName(s.On))
		return nil
	}
	first = users(first)
	began, told := time.Now(), false
	for poll := pollFirst; len(first) > 0; poll = min(2*poll, pollMost) {
		took := time.Since(began)
		if took > settleLimit {
			return r.tooLong(s.On, first, fmt.Sprintf("for %s; what they commit would be missing here", settleLimit))
		}
		if took > lateAfter && !told {
			told = true
			r.sayWaiting(s, first)
		}
		if err := pulse.Sleep(ctx, poll); err != nil {
			return err
		}
		now, ok, err := server.OpenTransactions(ctx)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("the transactions of %s cannot be seen any more", r.Mesh.PodName(s.On))
		}
		first = slices.DeleteFunc(first, func(t Transaction) bool {
			return !slices.ContainsFunc(now, func(other Transaction) bool { return other.ID == t.ID })
		})
	}
	return nil
}
