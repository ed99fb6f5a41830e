//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"

	"aku/e2e/internal/trial"
)

// The copy of a joining pod needs the locks of all tables, and so do its objects on the master. Transactions
// on the master make them wait all the time, and those of the other slave make its pin wait. Rows of the other
// slave that queue behind the copy must not be given up, and must not keep it from its locks.
func TestJoin_BesideLongTransactionsOnBothOpenPods_NoAcknowledgedRowIsLost(t *testing.T) {
	t.Parallel()
	m := newMesh(t, trial.Values{})
	m.under(t, "a join beside transactions of 8 s on both open pods", func(t *testing.T, writers []*trial.Writer) {
		const joiner = 2
		pod := trial.Pod(joiner)
		must(t, m.space.Upgrade(t.Context(), "replicaCount=2"))
		must(t, m.space.AwaitGone(t.Context(), healLimit, pod))
		m.stop(t, writers[joiner])
		long := []*trial.Writer{m.write(t, 0, "-hold", "8s"), m.write(t, 1, "-hold", "8s")}
		for _, writer := range long {
			must(t, writer.AwaitMore(t.Context(), startLimit, 1))
		}
		must(t, m.space.Upgrade(t.Context(), "replicaCount=3"))
		plans := func() int {
			return strings.Count(m.space.LogOf(m.space.Pods()[pod], trial.Sidecar), `msg=plan name="full join"`)
		}
		must(t, trial.Await(t.Context(), startLimit, "the join of "+pod, func(context.Context) string {
			if plans() == 0 {
				return "not in its log"
			}
			return ""
		}))
		before := long[0].Progress().Acknowledged()
		must(t, m.space.AwaitReady(t.Context(), 2*healLimit, pod))
		t.Logf("%d transactions of the master ended until %s was in service", long[0].Progress().Acknowledged()-before, pod)
		m.mustHaveCopied(t, joiner, 1)
		said := m.space.LogOf(m.space.Pods()[pod], trial.Sidecar)
		t.Logf("the join began %d times", plans())
		for _, failed := range []string{"ERR-11075", "ERR-61153"} { // of CREATE and DROP, and of SYNC
			if strings.Contains(said, failed) {
				t.Errorf("a statement did not get its lock within AKU_LOCK_WAIT, so the join began again: %s", failed)
			}
		}
		writers[joiner] = m.write(t, joiner)
		for _, writer := range long {
			must(t, writer.AwaitMore(t.Context(), startLimit, 1))
			m.stop(t, writer)
		}
		for _, writer := range append(writers[:joiner:joiner], long...) {
			mustBeUndisturbed(t, writer)
		}
	})
}
