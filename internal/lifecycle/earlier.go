package lifecycle

import (
	"context"
	"fmt"
	"slices"

	"aku/internal/akucore"
)

// writers are the open transactions of users that have written. A server that cannot be
// asked shows none.
func writers(ctx context.Context, source Transactions) []Transaction {
	open, _, _ := source.OpenTransactions(ctx)
	return slices.DeleteFunc(open, func(t Transaction) bool { return t.Session == 0 })
}

// sayEarlier reports the transactions that were open before a copy and when it had its view
// of the rows. They had written none of its tables, else the SYNC would have waited for them.
// It is not known whether the sender that the SYNC starts sends what they write later; the
// sender of a START does not (e2e/conformance/cases/18-transactions.txt).
func (r *Runner) sayEarlier(s akucore.Step, object string, before, then []Transaction) {
	earlier := slices.DeleteFunc(then, func(t Transaction) bool {
		return !slices.ContainsFunc(before, func(b Transaction) bool { return b.ID == t.ID })
	})
	if len(earlier) > 0 {
		r.sayGivenUp(object, s.On, s.Peer, fmt.Errorf("transactions of %s began before the copy and had written none of its tables by then. "+
			"Rows that they write later may be missing there; once they have ended, compare the pods with aku-init verify", sessions(earlier)))
	}
}
