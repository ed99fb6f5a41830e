//go:build e2e && node

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"aku/e2e/internal/trial"
)

// cutFor is the length of a cut that heals by itself.
const cutFor = time.Minute

// The cut separates only the two slaves.
func TestNetworkCut_HealsOrOneOfBothLeaves_NoAcknowledgedRowIsLost(t *testing.T) {
	t.Parallel()
	m := newMesh(t, trial.Values{})
	m.under(t, "network cut between altibase-1 and altibase-2 for a minute", func(t *testing.T, writers []*trial.Writer) {
		heal, err := m.space.Cut(t.Context(), trial.Pod(1), trial.Pod(2))
		must(t, err)
		healed := time.After(cutFor)
		m.awaitCut(t, 1, 2)
		for _, writer := range writers {
			must(t, writer.AwaitMore(t.Context(), healLimit, enough))
		}
		<-healed
		must(t, heal())
		for _, writer := range writers {
			mustBeUndisturbed(t, writer)
		}
	})
	m.under(t, "scale down while a peer cannot be reached", func(t *testing.T, writers []*trial.Writer) {
		const leaver, peer = 2, 1
		copies := m.space.Said(trial.Pod(peer), trial.Sidecar, copied)
		// The cut ends with the pod that leaves.
		_, err := m.space.Cut(t.Context(), trial.Pod(leaver), trial.Pod(peer))
		must(t, err)
		m.awaitCut(t, peer, leaver)
		// The pod itself cannot deliver to the peer what is written now.
		must(t, writers[leaver].AwaitMore(t.Context(), healLimit, enough))
		must(t, m.space.Upgrade(t.Context(), "replicaCount=2"))
		must(t, m.space.AwaitGone(t.Context(), healLimit, trial.Pod(leaver)))
		m.stop(t, writers[leaver])
		writers[leaver] = nil
		m.pods = leaver
		must(t, trial.Await(t.Context(), healLimit, "a full copy of "+trial.Pod(peer), func(context.Context) string {
			if now := m.space.Said(trial.Pod(peer), trial.Sidecar, copied); now <= copies {
				return fmt.Sprintf("%d full copies since the pod left", now-copies)
			}
			return ""
		}))
		must(t, m.space.AwaitReady(t.Context(), healLimit, trial.Pod(peer)))
		mustBeUndisturbed(t, writers[0])
	})
}

// awaitCut waits until the senders of both pods notice the cut.
func (m *mesh) awaitCut(t *testing.T, pods ...int) {
	t.Helper()
	for _, number := range pods {
		must(t, trial.Await(t.Context(), healLimit, "a sender that has lost its peer on "+trial.Pod(number), func(ctx context.Context) string {
			rows, err := m.space.Query(ctx, number, "SELECT STATUS, NET_ERROR_FLAG FROM V$REPSENDER WHERE REP_NAME = 'AKU_REP_12'")
			if err != nil {
				return err.Error()
			}
			if len(rows) == 1 && rows[0][0] == "2" && rows[0][1] == "1" {
				return ""
			}
			return fmt.Sprint(rows)
		}))
	}
}
