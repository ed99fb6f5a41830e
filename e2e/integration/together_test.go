//go:build integration

package integration

import (
	"os"
	"strings"
	"testing"
	"time"

	"aku/internal/akucore"
)

func TestAllPodsStartAtOnce_NewAndRestarted(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	together := func() {
		for _, n := range []int{2, 0, 1} {
			c.pods[n].run()
		}
		for _, p := range c.pods {
			p.waitInService()
		}
	}
	together()
	writers := []*writer{c.pods[0].write(), c.pods[1].write(), c.pods[2].write()}
	for _, w := range writers {
		c.pods[0].eventually("writes", func() bool { return w.count() > 20 })
	}
	for _, p := range c.pods {
		p.kill()
		p.Kill9()
		if err := p.dir.Renew(); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range c.pods {
		p.Restart()
	}
	together()
	for _, w := range writers {
		w.halt()
	}
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, writers...)
	for _, n := range []int{1, 2} {
		if copies := strings.Count(c.pods[n].said(), "Replication sync has ended."); copies != 1 {
			t.Errorf("pod %d made %d full copies, want only that of its first start", n, copies)
		}
	}
}

func TestSYSDBASlot_IsSharedPolitely(t *testing.T) {
	t.Parallel()
	c := start(t, 1, nil)
	c.createTables()
	p := c.pods[0]
	human := p.sysdba()
	p.run()
	p.waitSaid("Start as MASTER Pod.")
	time.Sleep(500 * time.Millisecond)
	if p.dir.Marked() {
		t.Error("the pod opened without a session")
	}
	human.Close()
	p.waitInService()
	// In service, the SYSDBA session is free again.
	p.sysdba().Close()
}

func TestEndDuringAJoin_TakesOverAndLeavesNothingPinned(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"full join", "START RETRY AKU_REP_12", "TRUNCATE SYS.T1", "Sync tables", "Replication sync has ended."} {
		t.Run(moment, func(t *testing.T) {
			c := start(t, 3, nil)
			c.createTables()
			c.inService(0, 1)
			writers := []*writer{c.pods[0].write(), c.pods[1].write()}
			leaver := c.pods[2]
			leaver.run()
			leaver.waitSaid(moment)
			if err := leaver.end(); err != nil {
				t.Fatal(err)
			}
			if leaver.dir.Marked() {
				t.Error("the marker is there")
			}
			for peer := range 2 {
				rows := c.pods[peer].SQL("SELECT COUNT(*) FROM SYSTEM_.SYS_REPLICATIONS_ WHERE REPLICATION_NAME LIKE '%2' AND XSN <> -1")
				if rows[0] != "0" {
					t.Errorf("pod %d keeps its log for a pod that left", peer)
				}
			}
			for _, w := range writers {
				w.halt()
			}
			c.mustBeEqual(0, 1)
			c.mustHold([]int{0, 1}, writers...)
		})
	}
}

func TestLostSlave_JoinsAnew(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	writers := []*writer{c.pods[0].write(), c.pods[1].write()}
	lost := c.pods[2]
	lost.kill()
	lost.Kill9()
	if err := os.RemoveAll(lost.DataDir); err != nil {
		t.Fatal(err)
	}
	lost.Restart()
	lost.asSYSDBA(createTable)
	if err := lost.dir.Renew(); err != nil {
		t.Fatal(err)
	}
	lost.run()
	lost.waitInService()
	for _, w := range writers {
		w.halt()
	}
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, writers...)
}

func TestMasterWasReset_TheSlaveHandsOverAndJoinsAnew(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	slave := c.pods[1]
	// The slave is cut off, commits a row, and dies. Meanwhile the master is reset.
	slave.kill()
	slave.do("ALTER REPLICATION AKU_REP_01 STOP", "INSERT INTO T1 VALUES (42, 42)")
	slave.Kill9()
	c.pods[0].do("ALTER REPLICATION AKU_REP_01 STOP", "ALTER REPLICATION AKU_REP_01 RESET", "INSERT INTO T1 VALUES (43, 43)")
	slave.Restart()
	if err := slave.dir.Renew(); err != nil {
		t.Fatal(err)
	}
	slave.run()
	slave.waitInService()
	c.mustBeEqual(0, 1)
	if rows := c.pods[0].rows(); rows[42] != 42 || rows[43] != 43 {
		t.Errorf("rows %v, want what both pods took", rows)
	}
}

func TestMasterIsAnotherOne_TheSlaveKeepsItsRows(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	c.pods[0].do("INSERT INTO T1 VALUES (1, 1)")
	c.mustBeEqual(0, 1)
	// Everything stops. The master comes back first and is empty, so it opens.
	for _, p := range c.pods {
		p.kill()
		p.Kill9()
		if err := p.dir.Renew(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(c.pods[0].DataDir); err != nil {
		t.Fatal(err)
	}
	c.pods[0].Restart()
	c.pods[0].asSYSDBA(createTable)
	c.inService(0)
	slave := c.pods[1]
	slave.Restart()
	slave.run()
	slave.waitSaid(akucore.MasterFailed)
	slave.kill()
	dba := slave.sysdba()
	defer dba.Close()
	if rows := dba.Rows("SELECT ID FROM T1"); len(rows) != 1 {
		t.Errorf("the slave has rows %v", rows)
	}
}

// noticed is how long a server that hangs may stay in service: three polls, a second apart, each up to 10 s
// and 2 s more to be cancelled.
const noticed = 3 * 13 * time.Second

func TestHungServer_LeavesServiceAndComesBack(t *testing.T) {
	t.Parallel()
	c := start(t, 1, nil)
	c.createTables()
	c.inService(0)
	p := c.pods[0]
	p.Pause()
	began := time.Now()
	p.eventually("out of service", func() bool { return !p.dir.Marked() })
	if took := time.Since(began); took > noticed {
		t.Errorf("that was noticed after %s, at most %s are allowed", took, noticed)
	}
	p.Resume()
	p.waitInService()
}

// A sidecar that is wedged must not keep its pod from ending.
func TestSidecarThatDoesNotLetGo_IsNotWaitedForForLong(t *testing.T) {
	t.Parallel()
	c := start(t, 1, map[string]string{"AKU_END_TIMEOUT": "80"})
	unlock, err := c.pods[0].dir.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	began := time.Now()
	if err := c.pods[0].end(); err == nil || !strings.Contains(err.Error(), "is held by another process of this pod") {
		t.Errorf("the end: %v", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it waited for %s", took)
	}
}

func TestEnd_LeavesNoMarker(t *testing.T) {
	t.Parallel()
	c := start(t, 1, nil)
	c.createTables()
	c.inService(0)
	if err := c.pods[0].end(); err != nil {
		t.Fatal(err)
	}
	if c.pods[0].dir.Marked() {
		t.Error("the pod counts as in service")
	}
}

func TestEndThatCannotDeliver_SaysWhatWasLeftUndone(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_END_TIMEOUT": "10", "AKU_DRAIN_TIME": "0"})
	c.createTables()
	c.inService(0, 1)
	// The master's receiver does not exist, so nothing arrives.
	c.pods[0].kill()
	c.pods[0].dropsReplication("AKU_REP_01")
	c.pods[1].do("INSERT INTO T1 VALUES (1, 1)")
	err := c.pods[1].end()
	if err == nil {
		t.Fatal("the end reports success")
	}
	for _, want := range []string{"altibase-1: DELIVER AKU_REP_01 to altibase-0", "refused: not proven"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %q", err, want)
		}
	}
}
