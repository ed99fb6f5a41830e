//go:build integration

package integration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"aku/e2e/altisim/altisimtest"
	"aku/internal/akucore"
	"aku/internal/wiring"
)

// writesMuch moves the numbers of the pod's log far above those of a new database, and waits until the
// receivers of its peers remember them.
func (p *pod) writesMuch(peers ...*pod) {
	p.t.Helper()
	const rows = 5000
	first := int(writers.Add(1)) * keysPerWriter
	// Each row has a number of its own. Where nothing writes a beat, the restart points move once, and that may be over before
	// anybody looks.
	past := p.lastNumber() + rows
	p.do(fmt.Sprintf("INSERT INTO T1 SELECT %d + LEVEL, 0 FROM DUAL CONNECT BY LEVEL <= %d", first, rows))
	p.eventually("the restart points are past these rows", func() bool {
		return !slices.ContainsFunc(p.restartPoints(), func(xsn int64) bool { return xsn < past })
	})
	p.do(fmt.Sprintf("INSERT INTO T1 VALUES (%d, 0)", first)) // tells the peers
	for _, peer := range peers {
		peer.eventually("all rows are here", func() bool {
			return peer.SQL(fmt.Sprintf("SELECT COUNT(*) FROM T1 WHERE ID BETWEEN %d AND %d", first, first+rows))[0] == fmt.Sprint(rows+1)
		})
	}
}

// lastNumber is the number of the last record in the pod's log.
func (p *pod) lastNumber() int64 { return slices.Max(p.numbers("SELECT REP_LAST_SN FROM V$REPGAP")) }

func (p *pod) restartPoints() []int64 { return p.numbers("SELECT XSN FROM SYSTEM_.SYS_REPLICATIONS_") }

// numbers are the rows of a query for one number of each replication.
func (p *pod) numbers(query string) (numbers []int64) {
	p.t.Helper()
	for _, row := range p.SQL(query) {
		n, err := strconv.ParseInt(row, 10, 64)
		if err != nil {
			p.t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		p.t.Fatalf("%s: no rows", query)
	}
	return numbers
}

// writesRows is a user that writes rows to a pod, each in its own transaction, and the acknowledged rows.
func (p *pod) writesRows(n int) *writer {
	p.t.Helper()
	session := p.Open(altisimtest.Dial{})
	defer session.Close()
	w := p.newWriter()
	close(w.done)
	first := int(writers.Add(1)) * keysPerWriter
	for key := first; key < first+n; key++ {
		session.Do(fmt.Sprintf("INSERT INTO T1 VALUES (%d, 0)", key))
		w.acked[key] = 0
	}
	return w
}

// A new database has low numbers, while its peers' receivers remember high numbers of the old one.
func TestJoin_AfterALostVolume_WhatItsUsersWriteReachesAll(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	slave := c.pods[1]
	slave.writesMuch(c.pods[0], c.pods[2])
	slave.loseVolume()
	slave.waitInService()
	w := slave.writesRows(100)
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, w)
}

func TestRecover_LostMaster_WhatItsUsersWriteReachesAll(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	master := c.pods[0]
	master.writesMuch(c.pods[1], c.pods[2])
	master.loseVolume()
	master.waitSaid(akucore.MasterFailed)
	if _, err := master.recover(context.Background(), 1, nil); err != nil {
		t.Fatal(err)
	}
	c.allInService()
	w := master.writesRows(100)
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, w)
}

// joinsByAnotherTool joins a slave with a new database by hand, and keeps the object that another pod has
// for it. That pod's receiver then still remembers the log of the old database.
func (p *pod) joinsByAnotherTool(keeps int) {
	p.t.Helper()
	s, servers := p.settings()
	defer servers.CloseIdle()
	runner := wiring.Runner(s, servers, p.logger())
	own, kept := akucore.Side{On: p.number, Peer: akucore.Master}, akucore.Side{On: keeps, Peer: p.number}
	steps := []akucore.Step{{Do: akucore.MakeBeats, Side: own}, {Do: akucore.Stop, Side: kept}, {Do: akucore.Reset, Side: kept}, {Do: akucore.Create, Side: own}}
	if keeps == akucore.Master {
		steps = append(steps, akucore.Step{Do: akucore.Sync, Side: kept}, akucore.Step{Do: akucore.StartRetry, Side: own})
	} else {
		master := own.Back()
		steps = append(steps,
			akucore.Step{Do: akucore.Stop, Side: master}, akucore.Step{Do: akucore.Drop, Side: master}, akucore.Step{Do: akucore.Create, Side: master},
			akucore.Step{Do: akucore.StartRetry, Side: kept},
			akucore.Step{Do: akucore.Sync, Side: master},
			akucore.Step{Do: akucore.Create, Side: kept.Back()}, akucore.Step{Do: akucore.StartRetry, Side: kept.Back()},
			akucore.Step{Do: akucore.Start, Side: own, New: true})
	}
	for _, step := range steps {
		if err := runner.Run(context.Background(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{step}}}}); err != nil {
			p.t.Fatal(err)
		}
	}
}

// starts runs the sidecar beside a closed server, as after the restart of both, but the server keeps its
// memory.
func (p *pod) starts() {
	p.t.Helper()
	p.asSYSDBA("ALTER SYSTEM SET ADMIN_MODE = 1")
	if err := p.dir.Renew(); err != nil {
		p.t.Fatal(err)
	}
	p.run()
}

// After another tool's join, a slave skips what the users of a pod write, and no view shows it. Neither of the two knows
// which of them lacks rows, so both join anew.
func TestStart_BesideASlaveThatRemembersAnEarlierDatabase_HasItJoinAnew(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	slave := c.pods[2]
	slave.writesMuch(c.pods[0], c.pods[1])
	slave.anew()
	slave.joinsByAnotherTool(1)
	slave.run()
	slave.waitSaid("altibase-1 is to join anew")
	c.pods[1].sweepsAtOnce()
	c.allInService()
	w := slave.writesRows(100)
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, w)
}

// sweepsAtOnce has a sidecar start anew: it does at once what its sweep would do within a minute.
func (p *pod) sweepsAtOnce() {
	p.t.Helper()
	p.kill()
	p.run()
	p.waitSaid("hand over and give up the copy")
}

// The pod that skips starts, and the one that is skipped is in service. Both join anew.
func TestStart_OfASlaveThatRemembersAnEarlierDatabaseOfAnother_JoinsAnew(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	other, slave := c.pods[1], c.pods[2]
	other.writesMuch(c.pods[0], slave)
	slave.kill()
	other.anew()
	other.joinsByAnotherTool(slave.number)
	other.asSYSDBA("ALTER SYSTEM SET ADMIN_MODE = 0")
	w := other.writesRows(100)
	slave.starts()
	slave.waitSaid("hand over and give up the copy: altibase-2 skips what altibase-1 writes")
	slave.waitSaid("altibase-1 is to join anew")
	other.run()
	c.allInService()
	after := other.writesRows(100)
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, w, after)
}

// What the master skips is on the slave alone. The master stays closed beside it, and so does the slave beside the master,
// which keeps the rows until a person has written them on the master and given up the copy as the slave says.
func TestStart_MasterThatRemembersAnEarlierDatabaseOfASlave_TheSlaveKeepsItsRows(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	master, slave := c.pods[0], c.pods[1]
	slave.writesMuch(master)
	slave.anew()
	slave.joinsByAnotherTool(akucore.Master)
	slave.asSYSDBA("ALTER SYSTEM SET ADMIN_MODE = 0")
	w := slave.writesRows(100)

	master.kill()
	master.starts()
	master.waitSaid("This pod stays closed. Delete the pod altibase-1")
	slave.Kill9() // nobody asks it to end in good order
	master.waitInService()
	slave.Restart()
	slave.run()
	slave.waitSaid("This pod keeps them and stays closed.")
	if slave.isOpen() {
		t.Error("the slave is open, and the master skips what its users write")
	}

	session := slave.sysdba()
	var rows []string
	for key := range w.acked {
		rows = append(rows, session.Rows(fmt.Sprintf("SELECT 'INSERT INTO T1 VALUES (' || ID || ', ' || V || ')' FROM T1 WHERE ID = %d", key))...)
	}
	session.Close()
	if len(rows) != len(w.acked) {
		t.Fatalf("the slave has %d of its %d rows", len(rows), len(w.acked))
	}
	master.do(rows...)
	slave.asSYSDBA(slave.asksFor()...)
	slave.waitInService()
	after := slave.writesRows(100)
	c.mustBeEqual(0, 1)
	c.mustHold([]int{0, 1}, w, after)
}

// asksFor are the statements on the own server that the pod has asked for last.
func (p *pod) asksFor() (statements []string) {
	said := p.said()
	prompt := fmt.Sprintf("altibase-%d> ", p.number)
	for _, part := range strings.Split(said[strings.LastIndex(said, "level=ERROR"):], prompt)[1:] {
		statement, _, _ := strings.Cut(part, ";")
		statements = append(statements, statement)
	}
	return statements
}

// copyVolume copies the volume of a pod in service, and lets its users go on without a sidecar: nothing writes a beat.
func (p *pod) copyVolume() (copied string) {
	p.t.Helper()
	p.kill()
	p.Kill9()
	copied = filepath.Join(p.t.TempDir(), "copied")
	if err := os.CopyFS(copied, os.DirFS(p.DataDir)); err != nil {
		p.t.Fatal(err)
	}
	p.Restart()
	p.asSYSDBA("ALTER SYSTEM SET ADMIN_MODE = 0")
	return copied
}

// setBackTo puts a copy in the place of the volume of a pod whose server is away, and starts the pod.
func (p *pod) setBackTo(copied string) {
	p.t.Helper()
	if err := errors.Join(os.RemoveAll(p.DataDir), os.CopyFS(p.DataDir, os.DirFS(copied))); err != nil {
		p.t.Fatal(err)
	}
	p.Restart()
	if err := p.dir.Renew(); err != nil {
		p.t.Fatal(err)
	}
	p.run()
}

// No beat shows that the slave was set back, and the master has started since, so it skips nothing. But the other slave
// skips what this one writes next: then this one may lack rows, and joins anew.
func TestStart_OfASlaveSetBackByLessThanABeat_ThatAnotherSlaveSkips_JoinsAnew(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	master, other, slave := c.pods[0], c.pods[1], c.pods[2]
	copied := slave.copyVolume()
	w := slave.writesRows(100)
	slave.writesMuch(master, other)
	slave.Kill9()
	master.kill()
	master.Kill9()
	master.Restart()
	master.run()
	master.waitInService()

	slave.setBackTo(copied)
	slave.waitSaid("altibase-1 is to join anew")
	other.sweepsAtOnce()
	c.allInService()
	after := slave.writesRows(100)
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, w, after)
}

// No beat shows that the master was set back, and the slave skips what it writes next. The slave has rows that the master
// lacks, so it must not join anew: the master stays closed until a person has chosen.
func TestStart_OfAMasterSetBackByLessThanABeat_TheSlaveKeepsItsRows(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	master, slave := c.pods[0], c.pods[1]
	copied := master.copyVolume()
	w := master.writesRows(100)
	master.writesMuch(slave)
	master.Kill9()
	master.setBackTo(copied)
	master.waitSaid("altibase-1 skips what altibase-0 writes")
	master.asSYSDBA(master.asksFor()...)
	master.waitSaid("Recover it from a slave in service")
	if _, err := master.recover(context.Background(), 1, nil); err != nil {
		t.Fatal(err)
	}
	c.allInService()
	after := master.writesRows(100)
	c.mustBeEqual(0, 1)
	c.mustHold([]int{0, 1}, w, after)
}
