//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aku/internal/akucore"
)

func TestMasterStart_OpensAtOnce(t *testing.T) {
	t.Parallel()
	c := start(t, 1, nil)
	c.createTables()
	if c.pods[0].isOpen() {
		t.Fatal("the server lets users in before the start")
	}
	c.inService(0)
	if !c.pods[0].isOpen() {
		t.Error("the server lets no users in after the start")
	}
	for _, said := range []string{"AKU started with START option.", "Start as MASTER Pod.", "AKU run successfully."} {
		c.pods[0].waitSaid(said)
	}
}

func TestInitdb_RunsOnceOnANewServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for file, text := range map[string]string{
		"02-rows.sql":  "INSERT INTO T1 VALUES (1, 10); INSERT INTO T1 VALUES (2, 20);",
		"01-table.sql": "-- the replicated table\n" + createTable + ";",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := start(t, 2, map[string]string{"AKU_INITDB_DIR": dir})
	c.inService(0)
	c.pods[0].do("DELETE FROM T1 WHERE ID = 2")
	c.pods[0].kill()
	c.pods[0].Kill9()
	c.pods[0].Restart()
	if err := c.pods[0].dir.Renew(); err != nil {
		t.Fatal(err)
	}
	c.inService(0, 1)
	for _, p := range c.pods {
		if rows := p.rows(); len(rows) != 1 || rows[1] != 10 {
			t.Errorf("pod %d has rows %v, want the one that was not deleted", p.number, rows)
		}
	}
}

func TestMissingTable_IsSaidAndHealsWithoutRestart(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, before, said, heal string }{
		{"missing", "CREATE TABLE OTHER (ID INTEGER PRIMARY KEY)", "table SYS.T1 does not exist on altibase-0", createTable},
		{"no primary key", "CREATE TABLE T1 (ID INTEGER, V INTEGER)", "table SYS.T1 on altibase-0 has no primary key", "DROP TABLE T1; " + createTable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, 1, nil)
			c.pods[0].asSYSDBA(test.before)
			c.pods[0].run()
			c.pods[0].waitSaid(test.said)
			if c.pods[0].isOpen() {
				t.Error("it lets users in")
			}
			c.pods[0].asSYSDBA(strings.Split(test.heal, "; ")...)
			c.pods[0].waitInService()
		})
	}
}

func TestWrongPassword_IsSaidAsSuchAndHeals(t *testing.T) {
	t.Parallel()
	password := filepath.Join(t.TempDir(), "password")
	write := func(text string) {
		if err := os.WriteFile(password, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("wrong")
	c := start(t, 1, map[string]string{"AKU_SYS_PASSWORD_FILE": password})
	c.createTables()
	c.pods[0].run()
	c.pods[0].waitSaid("ERR-4102E Invalid password: correct the SYS password in the Secret")
	write(c.pods[0].Password)
	c.pods[0].waitInService()
}

func TestJoin_WritesOnAllOpenPodsAreKept(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0)
	writers := []*writer{c.pods[0].write()}
	for n := 1; n < 3; n++ {
		c.inService(n)
		writers = append(writers, c.pods[n].write())
		before := writers[n].count()
		c.pods[n].eventually("the writer writes", func() bool { return writers[n].count() > before+50 })
	}
	total := 0
	for _, w := range writers {
		w.halt()
		total += w.count()
	}
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, writers...)
	t.Logf("%d rows acknowledged", total)
}

func TestEnd_WritesUntilShutOutAreKept(t *testing.T) {
	t.Parallel()
	for _, reset := range []akucore.ResetMode{akucore.ResetAlways, akucore.ResetNever} {
		t.Run("reset "+string(reset), func(t *testing.T) {
			c := start(t, 3, map[string]string{"AKU_REPLICATION_RESET_AT_END": string(reset)})
			c.createTables()
			c.inService(0, 1, 2)
			writers := []*writer{c.pods[0].write(), c.pods[1].write(), c.pods[2].write()}
			for _, n := range []int{2, 1} {
				leaver := c.pods[n]
				leaver.eventually("the writer writes", func() bool { return writers[n].count() > 100 })
				if err := leaver.end(); err != nil {
					t.Fatal(err)
				}
				if leaver.dir.Marked() {
					t.Error("the marker is still there")
				}
				for peer := range n {
					if _, xsn := c.pods[peer].object(n); (xsn == akucore.Unset) != (reset == akucore.ResetAlways) {
						t.Errorf("pod %d has XSN %d towards pod %d", peer, xsn, n)
					}
				}
				writers[n].halt()
			}
			writers[0].halt()
			c.mustHold([]int{0}, writers...)
		})
	}
}

func TestRestart_CatchesUpWithoutACopy(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	writers := []*writer{c.pods[0].write(), c.pods[1].write(), c.pods[2].write()}
	for _, n := range []int{1, 2, 0} {
		p := c.pods[n]
		before := writers[n].count()
		p.eventually("the writer writes", func() bool { return writers[n].count() > before+50 })
		p.Kill9()
		p.eventually("out of service", func() bool { return !p.dir.Marked() })
		p.Restart()
		p.waitInService()
	}
	for _, w := range writers {
		w.halt()
	}
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, writers...)
	for _, n := range []int{1, 2} {
		if copies := strings.Count(c.pods[n].said(), "Sync tables from MASTER Server."); copies != 1 {
			t.Errorf("pod %d made %d full copies, want only that of its join", n, copies)
		}
	}
}

func TestSidecarKilledAfterAnyStatementOfItsJoin_TheNextOneGoesOn(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1)
	writers := []*writer{c.pods[0].write(), c.pods[1].write()}
	joiner := c.pods[2]
	kills := 0
	for statements := 1; !joiner.dir.Marked(); statements++ {
		before := strings.Count(joiner.said(), "msg=done")
		joiner.run()
		joiner.eventually(fmt.Sprintf("%d statements", statements), func() bool {
			return joiner.dir.Marked() || strings.Count(joiner.said(), "msg=done") >= before+statements
		})
		joiner.kill()
		kills++
	}
	t.Logf("in service after %d kills", kills)
	joiner.run()
	writers = append(writers, joiner.write())
	joiner.eventually("the writer writes", func() bool { return writers[2].count() > 50 })
	for _, w := range writers {
		w.halt()
	}
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, writers...)
}

func TestSlave_WaitsForTheMasterAndNeverOpensWithoutIt(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.pods[1].run()
	c.pods[1].waitSaid("the master altibase-0 is not in service")
	if c.pods[1].isOpen() {
		t.Error("the slave lets users in")
	}
	c.inService(0)
	c.pods[1].waitInService()
}

func TestLostMaster_StaysClosedAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	c.pods[1].do("INSERT INTO T1 VALUES (1, 1)")
	master := c.pods[0]
	master.kill()
	master.Kill9()
	if err := os.RemoveAll(master.DataDir); err != nil {
		t.Fatal(err)
	}
	master.Restart()
	master.asSYSDBA(createTable)
	if err := master.dir.Renew(); err != nil {
		t.Fatal(err)
	}
	master.run()
	master.waitSaid(akucore.MasterFailed)
	master.waitSaid("altibase-1> ALTER REPLICATION AKU_REP_01 SYNC TABLE SYS.T1, SYS.AKU_REP_BEAT;")
	if master.isOpen() {
		t.Error("an empty master lets users in")
	}
	if rows := c.pods[1].rows(); len(rows) != 1 {
		t.Errorf("the slave has %d rows", len(rows))
	}
}

func TestEnd_DoesNotResetWhatWasNotDelivered(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_END_TIMEOUT": "20"})
	c.createTables()
	c.inService(0, 1)
	slave := c.pods[1]
	c.pods[0].kill()
	c.pods[0].Kill9()
	slave.do("INSERT INTO T1 VALUES (7, 7)")
	if err := slave.end(); err != nil {
		t.Error(err)
	}
	slave.waitSaid("nothing is reset, because the master altibase-0 is not in service")
	slave.waitSaid("altibase-0 is away: what it lacks stays in the log of AKU_REP_01")
	if xsn := slave.xsns(); xsn == fmt.Sprint(akucore.Unset) {
		t.Error("the pair was reset with a row that the master does not have")
	}
	// When both are back, the row arrives.
	c.pods[0].Restart()
	slave.Kill9()
	slave.Restart()
	for _, p := range c.pods {
		if err := p.dir.Renew(); err != nil {
			t.Fatal(err)
		}
	}
	c.pods[0].run()
	c.pods[0].waitInService()
	slave.waitInService()
	c.mustBeEqual(0, 1)
	if got := c.pods[0].rows()[7]; got != 7 {
		t.Errorf("the master has %d in row 7", got)
	}
}

func TestHungPeer_DelaysAnEndOnlyForABoundedTime(t *testing.T) {
	t.Parallel()
	c := start(t, 3, map[string]string{"AKU_END_TIMEOUT": "30", "AKU_QUERY_RETRY_COUNT": "1"})
	c.createTables()
	c.inService(0, 1, 2)
	c.pods[1].Pause()
	defer c.pods[1].Resume()
	began := time.Now()
	err := c.pods[2].end()
	t.Logf("ended after %s: %v", time.Since(began).Round(time.Millisecond), err)
	if took := time.Since(began); took > 35*time.Second {
		t.Errorf("the end took %s", took)
	}
}
