//go:build integration

package integration

import (
	"context"
	"fmt"
	"testing"

	"aku/e2e/altisim/altisimtest"
	"aku/internal/akucore"
)

// writesMuch brings the numbers of the pod's log far above those of a new database, and waits until its peers have heard
// of that: their receivers remember how far its log had come.
func (p *pod) writesMuch(peers ...*pod) {
	p.t.Helper()
	const rows = 5000
	first := int(writers.Add(1)) * keysPerWriter
	p.do(fmt.Sprintf("INSERT INTO T1 SELECT %d + LEVEL, 0 FROM DUAL CONNECT BY LEVEL <= %d", first, rows))
	before := p.restartPoints()
	p.eventually("the restart points move on", func() bool {
		for name, xsn := range p.restartPoints() {
			if xsn <= before[name] {
				return false
			}
		}
		return true
	})
	p.do(fmt.Sprintf("INSERT INTO T1 VALUES (%d, 0)", first)) // with it the peers are told
	for _, peer := range peers {
		peer.eventually("all rows are here", func() bool {
			return peer.SQL(fmt.Sprintf("SELECT COUNT(*) FROM T1 WHERE ID BETWEEN %d AND %d", first, first+rows))[0] == fmt.Sprint(rows+1)
		})
	}
}

func (p *pod) restartPoints() map[string]int64 {
	p.t.Helper()
	points := map[string]int64{}
	for _, row := range p.SQL("SELECT XSN, REPLICATION_NAME FROM SYSTEM_.SYS_REPLICATIONS_") {
		var xsn int64
		var name string
		if _, err := fmt.Sscanf(row, "%d|%s", &xsn, &name); err != nil {
			p.t.Fatalf("%q: %v", row, err)
		}
		points[name] = xsn
	}
	return points
}

// writesRows is a user that writes rows to a pod, each committed by itself, and what was acknowledged.
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

// A database that is made anew has low numbers, and its peers' receivers remember high ones of its predecessor.
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
