//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"aku/e2e/internal/trial"
	"aku/internal/akucore"
)

// grace is the shortest grace period that the chart accepts for these pods.
const grace = 18

// Rows that only a lost volume holds are lost with it. So each of these pods has delivered before its volume
// is removed. The other pods take writes all the time.
func TestVolumes_LostOrLeftBehind_NoAcknowledgedRowIsLost(t *testing.T) {
	t.Parallel()
	m := newMesh(t, trial.Values{"terminationGracePeriodSeconds": grace, "aku": trial.Values{"drainTime": 0, "shutdownAtEnd": 0}})

	m.under(t, "grace period too short for a server that hangs", func(t *testing.T, writers []*trial.Writer) {
		const leaver = 2
		pod := trial.Pod(leaver)
		must(t, m.space.Freeze(t.Context(), pod, trial.Database))
		must(t, m.space.Upgrade(t.Context(), "replicaCount=2"))
		must(t, m.space.AwaitGone(t.Context(), healLimit, pod))
		must(t, m.space.AwaitLog(t.Context(), healLimit, pod, trial.Database,
			fmt.Sprintf("TIMEOUT: the end did not finish in %ds (AKU_END_TIMEOUT)", grace-5)))
		// Its volume holds what it has not delivered.
		must(t, m.space.Upgrade(t.Context(), "replicaCount=3"))
		must(t, m.space.AwaitReady(t.Context(), healLimit, pod))
		for _, writer := range writers[:leaver] {
			mustBeUndisturbed(t, writer)
		}
	})

	m.under(t, "the volume of a slave is lost", func(t *testing.T, writers []*trial.Writer) {
		const lost = 2
		m.stop(t, writers[lost])
		m.awaitDelivered(t, lost)
		before := m.space.Pods()
		must(t, m.space.LoseVolume(t.Context(), startLimit, lost))
		must(t, m.space.AwaitReplaced(t.Context(), 2*healLimit, before, trial.Pod(lost)))
		m.mustHaveCopied(t, lost, 1)
		writers[lost] = m.write(t, lost)
		for _, writer := range writers[:lost] {
			mustBeUndisturbed(t, writer)
		}
	})

	m.under(t, "the volume of the master is lost, its printed statements are run", func(t *testing.T, writers []*trial.Writer) {
		m.stop(t, writers[0])
		m.awaitDelivered(t, 0)
		must(t, m.space.LoseVolume(t.Context(), startLimit, 0))
		asked := m.awaitAsked(t)
		mustBeClosed(t, m.space)
		must(t, writers[1].AwaitMore(t.Context(), healLimit, enough))
		must(t, writers[2].AwaitMore(t.Context(), healLimit, enough))
		for _, line := range asked {
			m.obey(t, line)
		}
		must(t, m.space.AwaitReady(t.Context(), 2*healLimit, trial.Pod(0), trial.Pod(1), trial.Pod(2)))
		mustBeUndisturbed(t, writers[1])
		writers[0] = m.write(t, 0)
	})
}

// An earlier copy of a volume is put back. Its database believes that it has joined, but its peers know a
// longer log. Without beats, it would never get the rows that it lost, and its peers would skip what its
// users write.
func TestVolume_SetBackToAnEarlierCopy_IsCopiedAnew_NoAcknowledgedRowIsLost(t *testing.T) {
	t.Parallel()
	// The pairs of a pod that is scaled away are kept, as for a pod whose node is being repaired.
	m := newMesh(t, trial.Values{"aku": trial.Values{"replicationResetAtEnd": 0}})
	const old = 2
	pod := trial.Pod(old)
	m.under(t, "the volume of a slave is set back", func(t *testing.T, writers []*trial.Writer) {
		away := func(do func(context.Context, int) error) {
			t.Helper()
			must(t, m.space.Upgrade(t.Context(), "replicaCount=2"))
			must(t, m.space.AwaitGone(t.Context(), healLimit, pod))
			must(t, do(t.Context(), old))
			must(t, m.space.Upgrade(t.Context(), "replicaCount=3"))
			must(t, m.space.AwaitReady(t.Context(), 2*healLimit, pod))
		}
		away(m.space.CopyVolume)
		m.mustHaveCopied(t, old, 0)
		for _, writer := range writers {
			must(t, writer.AwaitMore(t.Context(), healLimit, enough))
		}
		before := m.space.Said(pod, trial.Sidecar, copied)
		away(m.space.SetVolumeBack)
		must(t, trial.Await(t.Context(), 2*healLimit, "a full copy of "+pod, func(context.Context) string {
			if now := m.space.Said(pod, trial.Sidecar, copied); now <= before {
				return fmt.Sprintf("%d full copies since its volume was set back", now-before)
			}
			return ""
		}))
		must(t, m.space.AwaitReady(t.Context(), healLimit, pod))
		for _, writer := range writers[:old] {
			mustBeUndisturbed(t, writer)
		}
	})

	m.under(t, "the volume of the master is set back", func(t *testing.T, writers []*trial.Writer) {
		master := trial.Pod(akucore.Master)
		must(t, m.space.WithoutPod(t.Context(), healLimit, akucore.Master, m.space.CopyVolume))
		must(t, m.space.AwaitReady(t.Context(), healLimit, master))
		for _, writer := range writers {
			must(t, writer.AwaitMore(t.Context(), healLimit, enough))
		}
		must(t, m.space.WithoutPod(t.Context(), healLimit, akucore.Master, m.space.SetVolumeBack))
		must(t, m.space.AwaitLog(t.Context(), healLimit, master, trial.Sidecar, akucore.MasterFailed, "Its database is older than "+trial.Pod(1)+" knows"))
		mustDescribe(t, m.space, master, "MasterFailed", "recover --from")
		if trial.Ready(m.space.Pods()[master]) {
			t.Error("a master that was set back is in service")
		}
		if said, err := m.aku(t, master, "recover", "--from", "1", "--yes"); err != nil {
			t.Fatalf("recover: %v\n%s", err, said)
		}
		must(t, m.space.AwaitReady(t.Context(), healLimit, master, trial.Pod(1), trial.Pod(2)))
		mustBeUndisturbed(t, writers[1])
	})
}

// asked is a line of the recovery that the master prints.
type asked struct {
	pod  int
	text string
}

var (
	askedMessage = regexp.MustCompile(`msg=("The MASTER server is detected to have failed\. Check and perform a manual recovery\.(?:[^"\\]|\\.)*")`)
	askedLine    = regexp.MustCompile(`(?m)^ +` + regexp.QuoteMeta(trial.Pod(0)[:len(trial.Pod(0))-1]) + `(\d)> (.*);$`)
	askedWait    = regexp.MustCompile(`^-- wait until (SELECT .*) on ` + trial.Pod(0)[:len(trial.Pod(0))-1] + `(\d) is what it is here$`)
	askedSettle  = regexp.MustCompile(`^-- wait until the transactions are over that (SELECT .*) names now$`)
)

// awaitAsked waits for the message of a master that lost its rows, and returns its lines.
func (m *mesh) awaitAsked(t *testing.T) []asked {
	t.Helper()
	var lines []asked
	must(t, trial.Await(t.Context(), healLimit, "statements that recover the master in its log", func(context.Context) string {
		messages := askedMessage.FindAllStringSubmatch(m.space.LogOf(m.space.Pods()[trial.Pod(0)], trial.Sidecar), -1)
		if len(messages) == 0 {
			return "no such message"
		}
		message, err := strconv.Unquote(messages[len(messages)-1][1])
		must(t, err)
		lines = nil
		for _, line := range askedLine.FindAllStringSubmatch(message, -1) {
			pod, err := strconv.Atoi(line[1])
			must(t, err)
			lines = append(lines, asked{pod, line[2]})
		}
		// The message is complete when it names both slaves.
		if !strings.Contains(message, trial.Pod(1)+">") || !strings.Contains(message, trial.Pod(2)+">") {
			return message
		}
		return ""
	}))
	return lines
}

// obey follows a line of a recovery: it runs the statement as printed, or does what the comment asks for.
func (m *mesh) obey(t *testing.T, line asked) {
	t.Helper()
	t.Logf("%s> %s;", trial.Pod(line.pod), line.text)
	switch wait, settle := askedWait.FindStringSubmatch(line.text), askedSettle.FindStringSubmatch(line.text); {
	case settle != nil:
		open := transactions(m.somehow(t, line.pod, settle[1]))
		must(t, trial.Await(t.Context(), healLimit, line.text, func(context.Context) string {
			for id := range transactions(m.somehow(t, line.pod, settle[1])) {
				if open[id] {
					return "transaction " + id + " is open"
				}
			}
			return ""
		}))
	case wait != nil:
		peer, err := strconv.Atoi(wait[2])
		must(t, err)
		here := m.one(t, line.pod, wait[1])
		must(t, trial.Await(t.Context(), healLimit, line.text, func(context.Context) string {
			if there := m.one(t, peer, wait[1]); there < here {
				return fmt.Sprintf("%d of %d", there, here)
			}
			return ""
		}))
	case line.text == "-- close the user sessions":
		database := m.somehow(t, line.pod, "SELECT DB_NAME FROM SYSTEM_.SYS_DATABASE_")
		for _, row := range m.somehow(t, line.pod, "SELECT ID FROM V$SESSION WHERE SYSDBA_FLAG <> 1") {
			m.somehow(t, line.pod, "ALTER DATABASE "+database[0][0]+" SESSION CLOSE "+row[0])
		}
	case line.text == "-- or leave it, if it was 1 before":
		// It was 0 before.
	case strings.HasPrefix(line.text, "--"):
		t.Fatalf("nobody knows what to do: %s", line.text)
	default:
		m.somehow(t, line.pod, line.text)
	}
}

// transactions are the IDs in the first column.
func transactions(rows [][]string) map[string]bool {
	ids := map[string]bool{}
	for _, row := range rows {
		ids[row[0]] = true
	}
	return ids
}

// one is the number that a statement returns.
func (m *mesh) one(t *testing.T, number int, statement string) int64 {
	t.Helper()
	rows := m.somehow(t, number, statement)
	if len(rows) != 1 {
		t.Fatalf("%s on %s: %v", statement, trial.Pod(number), rows)
	}
	n, err := strconv.ParseInt(rows[0][0], 10, 64)
	must(t, err)
	return n
}

// somehow runs a statement as SYSDBA, who gets in whether users do or not. There is only one such session,
// and aku needs it now and then.
func (m *mesh) somehow(t *testing.T, number int, statement string) [][]string {
	t.Helper()
	var rows [][]string
	must(t, trial.Await(t.Context(), startLimit, "the SYSDBA session", func(ctx context.Context) (busy string) {
		var err error
		rows, err = m.space.QueryAsSYSDBA(ctx, number, statement)
		// Beside writers, a CREATE or DROP can fail for a lock. The next try nearly always gets it.
		if err != nil && (strings.Contains(err.Error(), "41041") || strings.Contains(err.Error(), "11075")) {
			return err.Error()
		}
		if err != nil && strings.Contains(err.Error(), "410EB") {
			return "" // the session has ended by itself
		}
		must(t, err)
		return ""
	}))
	return rows
}
