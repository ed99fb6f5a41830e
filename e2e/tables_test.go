//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"aku/e2e/internal/trial"
)

// The values add a table to replication while users write to all pods. The rolling update copies this table
// only.
func TestTableList_ChangedByHelmUpgrade_OnlyTheNewTableIsCopied(t *testing.T) {
	t.Parallel()
	m := newMesh(t, trial.Values{})
	for number := range m.pods {
		_, err := m.space.Query(t.Context(), number, "CREATE TABLE SYS.T2 (ID INTEGER PRIMARY KEY)")
		must(t, err)
	}
	_, err := m.space.Query(t.Context(), 0, "INSERT INTO SYS.T2 VALUES (1)")
	must(t, err)
	m.under(t, "helm upgrade that adds a table", func(t *testing.T, _ []*trial.Writer) {
		before := m.space.Pods()
		must(t, m.space.Upgrade(t.Context(), "aku.replications[0].namePrefix=AKU_REP", "aku.replications[0].tables={SYS.T1,SYS.T2}"))
		must(t, m.space.AwaitReplaced(t.Context(), rollLimit, before, trial.Pod(0), trial.Pod(1), trial.Pod(2)))
		for number := range m.pods {
			pod := m.space.Pods()[trial.Pod(number)]
			_, err := m.space.Copied(t.Context(), healLimit, pod)
			must(t, err)
			said := m.space.LogOf(pod, trial.Sidecar)
			if strings.Contains(said, ": SYNC AKU_REP") {
				t.Errorf("%s made a full copy:\n%s", pod.Name, said)
			}
			if number > 0 && !strings.Contains(said, fmt.Sprintf("SYNC TABLE AKU_REP_0%d SYS.T2", number)) {
				t.Errorf("%s did not copy the new table:\n%s", pod.Name, said)
			}
		}
	})
	for number := range m.pods {
		_, err := m.space.Query(t.Context(), number, fmt.Sprintf("INSERT INTO SYS.T2 VALUES (%d)", 10+number))
		must(t, err)
	}
	for number := range m.pods {
		must(t, trial.Await(t.Context(), healLimit, "all rows of the new table on "+trial.Pod(number), func(ctx context.Context) string {
			rows, err := m.space.Query(ctx, number, "SELECT ID FROM SYS.T2 ORDER BY ID")
			if err != nil {
				return err.Error()
			}
			if fmt.Sprint(rows) == "[[1] [10] [11] [12]]" {
				return ""
			}
			return fmt.Sprint(rows)
		}))
	}
}
