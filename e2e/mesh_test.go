//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"aku/e2e/internal/trial"
)

const keysOfAWriter = 1_000_000

// copied is the sidecar's log line after a full copy.
const copied = "Replication sync has ended."

// enough is the number of statements that show that a writer works.
const enough = 50

// mesh is a release of three pods under test.
type mesh struct {
	space   *trial.Space
	pods    int
	started int64 // writers so far; each has its own range of keys
	written int   // statements acknowledged to the ended writers
}

func newMesh(t *testing.T, values trial.Values) *mesh {
	t.Helper()
	m := &mesh{space: open(t), pods: 3}
	values["replicaCount"] = m.pods
	must(t, m.space.Install(t.Context(), values))
	must(t, m.space.StartClient(t.Context()))
	must(t, m.space.AwaitReady(t.Context(), 2*startLimit, trial.Pod(0), trial.Pod(1), trial.Pod(2)))
	askVersion(t, m.space)
	for number, want := range []int{0, 1, 1} {
		m.mustHaveCopied(t, number, want)
	}
	return m
}

// mustHaveCopied checks the number of full copies in the start of a pod.
func (m *mesh) mustHaveCopied(t *testing.T, number, want int) {
	t.Helper()
	copies, err := m.space.Copied(t.Context(), healLimit, m.space.Pods()[trial.Pod(number)])
	must(t, err)
	if copies != want {
		t.Errorf("%s made %d full copies when it started, want %d", trial.Pod(number), copies, want)
	}
}

// under causes a fault with a writer on each pod. Afterwards all pods must take writes, and every row is
// accounted for. The fault may end writers and replace them, or set nil for a pod that is gone.
func (m *mesh) under(t *testing.T, name string, fault func(*testing.T, []*trial.Writer)) {
	t.Helper()
	ok := t.Run(name, func(t *testing.T) {
		survived.begin()
		began, before := time.Now(), m.written
		var writers []*trial.Writer
		for number := range m.pods {
			writers = append(writers, m.write(t, number))
		}
		for _, writer := range writers {
			must(t, writer.AwaitMore(t.Context(), startLimit, enough))
		}
		fault(t, writers)
		for _, writer := range writers {
			if writer != nil {
				must(t, writer.AwaitMore(t.Context(), healLimit, enough))
			}
		}
		for _, writer := range writers {
			if writer != nil {
				m.stop(t, writer)
			}
		}
		mustAgree(t, m.space, m.pods)
		survived.add(name, m.written-before, time.Since(began))
	})
	if !ok {
		t.FailNow()
	}
}

// write starts a writer. The flags are those of the client.
func (m *mesh) write(t *testing.T, number int, flags ...string) *trial.Writer {
	t.Helper()
	m.started++
	writer, err := m.space.StartWriter(fmt.Sprintf("writer-%d", m.started), number, m.started*keysOfAWriter, 50, flags...)
	must(t, err)
	return writer
}

// stop ends a writer and counts what it wrote.
func (m *mesh) stop(t *testing.T, writer *trial.Writer) {
	t.Helper()
	done, err := writer.Stop(t.Context())
	must(t, err)
	m.written += done.Acknowledged()
	if done.Vanished > 0 {
		t.Errorf("%d rows vanished on %s before the eyes of their writer", done.Vanished, done.Host)
	}
}

// mustBeUndisturbed checks that a writer noticed nothing.
func mustBeUndisturbed(t *testing.T, writer *trial.Writer) {
	t.Helper()
	if p := writer.Progress(); p.Sessions != 1 || p.Unknown > 0 {
		t.Errorf("the writer on %s was disturbed: %+v", p.Host, p)
	}
}

// awaitDelivered waits until the peers have everything that a pod acknowledged: a row written now arrives
// after it.
func (m *mesh) awaitDelivered(t *testing.T, number int) {
	t.Helper()
	m.started++
	key := m.started * keysOfAWriter
	last, err := m.space.Load(t.Context(), number, key, 1)
	must(t, err)
	m.written += last.Acknowledged()
	for peer := range m.pods {
		must(t, trial.Await(t.Context(), healLimit, "delivery of all that "+trial.Pod(number)+" holds to "+trial.Pod(peer), func(ctx context.Context) string {
			rows, err := m.space.Query(ctx, peer, fmt.Sprintf("SELECT COUNT(*) FROM SYS.T1 WHERE ID = %d", key))
			switch {
			case err != nil:
				return err.Error()
			case rows[0][0] != "1":
				return "its last row is not there"
			}
			return ""
		}))
	}
}

// mustAgree waits for the last changes, and checks that all pods hold the same rows and none is lost.
func mustAgree(t *testing.T, space *trial.Space, pods int) {
	t.Helper()
	must(t, trial.Await(t.Context(), healLimit, "the same rows on all pods, and none lost", func(ctx context.Context) string {
		copies, err := space.Copies(ctx, pods)
		if err != nil {
			return err.Error()
		}
		verdicts, err := space.Verify(ctx, pods)
		if err != nil {
			return err.Error()
		}
		for i := range copies {
			if !copies[i].Same(copies[0]) || verdicts[i].Lost() > 0 || verdicts[i].Extra > 0 {
				return fmt.Sprintf("%+v %+v", copies, verdicts)
			}
		}
		return ""
	}))
}
