package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

// settleLimit is how long a join waits for transactions of others. The server itself
// bounds them, too, with its UTRANS_TIMEOUT.
const settleLimit = 60 * time.Second

// ofUsers leaves out the transactions of receivers.
func ofUsers(open []Transaction) []Transaction {
	return slices.DeleteFunc(open, func(t Transaction) bool { return t.Session == 0 })
}

// alsoIn leaves out the transactions that are not among others.
func alsoIn(some, others []Transaction) []Transaction {
	return slices.DeleteFunc(some, func(t Transaction) bool {
		return !slices.ContainsFunc(others, func(other Transaction) bool { return other.ID == t.ID })
	})
}

// settle waits for the end of the transactions of users that are open now and have written.
// A sender ignores a transaction that began before the sender's start point. So a log that is
// pinned at "now" leaves out the whole transaction, also what it writes later. A copy that is
// made before its COMMIT does not contain it, either. Transactions of receivers do not matter,
// because they are not replicated further.
func (r *Runner) settle(ctx context.Context, server Transactions, s akucore.Step) error {
	first, ok, err := server.OpenTransactions(ctx)
	if err != nil {
		return err
	}
	if !ok {
		r.Log.Warn("open transactions cannot be seen; one that stays open while tables are copied is not in the copy", "pod", r.Mesh.PodName(s.On))
		return nil
	}
	first = ofUsers(first)
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
			return fmt.Errorf("%w: %w", r.tooLong(s.On, first, "for "+took.Round(time.Millisecond).String()), err)
		}
		now, ok, err := server.OpenTransactions(ctx)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("the transactions of %s cannot be seen any more", r.Mesh.PodName(s.On))
		}
		first = alsoIn(first, now)
	}
	return nil
}
