//go:build integration

package integration

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
	"aku/internal/recovery"
	"aku/internal/verify"
)

// loseVolume kills the pod's server and starts it again, empty. The sidecar goes on.
func (p *pod) loseVolume() {
	p.t.Helper()
	p.anew()
	p.run()
}

// anew gives the pod a new database.
func (p *pod) anew() {
	p.t.Helper()
	p.kill()
	p.Kill9()
	if err := os.RemoveAll(p.DataDir); err != nil {
		p.t.Fatal(err)
	}
	p.Restart()
	p.asSYSDBA(createTable)
	if err := p.dir.Renew(); err != nil {
		p.t.Fatal(err)
	}
}

// recover does what aku-init recover does in the pod.
func (p *pod) recover(ctx context.Context, source int, report func(lifecycle.Event)) (string, error) {
	s, servers := p.settings()
	defer servers.CloseIdle()
	var text strings.Builder
	err := recovery.Recovery{Settings: s, Servers: servers, Log: p.logger(), Source: source, Report: report}.Run(ctx, &text)
	return text.String(), err
}

func TestRecover_LostMasterUnderWriters_LosesNothing(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	var writers []*writer
	for _, n := range []int{1, 2} {
		w := c.pods[n].write()
		writers = append(writers, w)
		c.pods[n].eventually("rows are written", func() bool { return w.count() > 100 })
	}
	master := c.pods[0]
	master.loseVolume()
	master.waitSaid(akucore.MasterFailed)
	text, err := master.recover(context.Background(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "TO BE REMOVED FROM altibase-0") {
		t.Errorf("it does not say which rows go: %s", text)
	}
	c.allInService()
	before := writers[1].count()
	c.pods[2].eventually("users go on", func() bool { return writers[1].count() > before+20 })
	for _, w := range writers {
		w.halt()
	}
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, writers...)
	if report := c.verify(verify.Options{Replicas: 3, Checksums: true}); !report.Equal {
		t.Error("verify says that the pods are not equal")
	}
}

func TestRecover_InterruptedAtAnyStep_StaysClosedAndGoesOn(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	w := c.pods[1].write()
	c.pods[1].eventually("rows are written", func() bool { return w.count() > 50 })
	c.pods[2].do("INSERT INTO T1 VALUES (1, 1)")
	master := c.pods[0]
	master.loseVolume()
	master.waitSaid(akucore.MasterFailed)
	for at := 1; ; at++ {
		ctx, cancel := context.WithCancel(context.Background())
		var mu sync.Mutex
		steps := 0
		var last akucore.Step
		_, err := master.recover(ctx, 1, func(e lifecycle.Event) {
			if e.Kind != lifecycle.StepBegun {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if steps++; steps == at {
				last = e.Step
				cancel()
			}
		})
		cancel()
		if err == nil && steps < at || last.Do == akucore.Close {
			break // the copy was complete before the other slaves were closed
		}
		t.Logf("interrupted at step %d, %s: %v", at, last.Do, err)
		if last.Do != akucore.EndRecovery && master.isOpen() {
			t.Fatalf("interrupted at %s, and the master is open", last.Do)
		}
		if master.isOpen() || master.dir.Marked() {
			break
		}
		if at > 40 {
			t.Fatal("it never ends")
		}
	}
	c.allInService()
	w.halt()
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, w)
	if got := c.pods[0].rows()[1]; got != 1 {
		t.Error("the row of the other slave is lost")
	}
}

func TestRecover_SlaveThatCannotDeliver_IsWaitedForUnlessGivenUp(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	c.pods[1].do("INSERT INTO T1 VALUES (1, 1)")
	master, away := c.pods[0], c.pods[2]
	away.kill()
	away.Kill9()
	master.loseVolume()
	master.waitSaid(akucore.MasterFailed)
	_, err := master.recover(context.Background(), 1, nil)
	if err == nil || !strings.Contains(err.Error(), "give that up with --without 2") {
		t.Fatalf("a slave that may hold what nobody else has: %v", err)
	}
	if master.isOpen() {
		t.Fatal("a recovery that was refused opened the master")
	}
	run := master.launch(t, "exec aku-init recover --from 1 --without 2 --yes")
	if code := run.exit(); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, run.said())
	}
	master.waitInService()
	away.Restart()
	if err := away.dir.Renew(); err != nil {
		t.Fatal(err)
	}
	away.run()
	away.waitInService()
	c.mustBeEqual(0, 1, 2)
	if rows := master.rows(); len(rows) != 1 {
		t.Errorf("%d rows, want that of the source", len(rows))
	}
}

func TestRecover_RefusesAMasterThatIsNotLost(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	c.pods[0].do("INSERT INTO T1 VALUES (1, 1)")
	_, err := c.pods[0].recover(context.Background(), 1, nil)
	if err == nil || !strings.Contains(fmt.Sprint(err), "is in service: there is nothing to recover") {
		t.Errorf("a master in service: %v", err)
	}
	c.pods[0].waitInService()
	c.mustBeEqual(0, 1)
	if rows := c.pods[0].rows(); len(rows) != 1 {
		t.Errorf("%d rows are left", len(rows))
	}
}
