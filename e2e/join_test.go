//go:build e2e

package e2e

import (
	"testing"

	"aku/e2e/internal/trial"
)

// The copy of a joining pod needs the locks of all tables, and so do its objects on the master. Transactions
// on the master make them wait all the time. Rows of the other slave that queue behind them must not be given
// up, and must not keep them from their locks.
func TestJoin_BesideLongTransactionsOfTheMaster_NoAcknowledgedRowIsLost(t *testing.T) {
	t.Parallel()
	m := newMesh(t, trial.Values{})
	m.under(t, "a join beside transactions of 8 s on the master", func(t *testing.T, writers []*trial.Writer) {
		const joiner = 2
		pod := trial.Pod(joiner)
		must(t, m.space.Upgrade(t.Context(), "replicaCount=2"))
		must(t, m.space.AwaitGone(t.Context(), healLimit, pod))
		m.stop(t, writers[joiner])
		long := m.write(t, 0, "-hold", "8s")
		must(t, long.AwaitMore(t.Context(), startLimit, 1))
		must(t, m.space.Upgrade(t.Context(), "replicaCount=3"))
		must(t, m.space.AwaitReady(t.Context(), 2*healLimit, pod))
		m.mustHaveCopied(t, joiner, 1)
		writers[joiner] = m.write(t, joiner)
		must(t, long.AwaitMore(t.Context(), startLimit, 1))
		m.stop(t, long)
		for _, writer := range append(writers[:joiner:joiner], long) {
			mustBeUndisturbed(t, writer)
		}
	})
}
