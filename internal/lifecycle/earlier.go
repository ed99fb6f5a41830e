package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"aku/internal/akucore"
)

// earlier returns a function that reads, once, which of the transactions that are open now
// are open still. They have written none of the tables that a SYNC copies, else it would wait
// for them. Its sender leaves out what they write later: it begins at the copy, and leaves out
// a transaction that began before (e2e/conformance/cases/18-transactions.txt). A pinned copy
// leaves nothing out.
func earlier(ctx context.Context, source Transactions, s akucore.Step) func() []Transaction {
	if s.Do != akucore.Sync || s.Pinned {
		return func() []Transaction { return nil }
	}
	before := writers(ctx, source)
	return sync.OnceValue(func() []Transaction {
		return slices.DeleteFunc(writers(ctx, source), func(t Transaction) bool {
			return !slices.ContainsFunc(before, func(b Transaction) bool { return b.ID == t.ID })
		})
	})
}

// writers are the open transactions of users that have written. A server that cannot be
// asked shows none.
func writers(ctx context.Context, source Transactions) []Transaction {
	open, _, _ := source.OpenTransactions(ctx)
	return ofUsers(open)
}

// sayEarlier reports the transactions whose later rows a copy may leave out.
func (r *Runner) sayEarlier(s akucore.Step, object string, earlier []Transaction) {
	if len(earlier) > 0 {
		r.sayGivenUp(object, s.On, s.Peer, fmt.Errorf("transactions of %s began before the copy and had written none of its tables by then. "+
			"Rows that they write later may be missing there; once they have ended, compare the pods with aku-init verify", sessions(earlier)))
	}
}
