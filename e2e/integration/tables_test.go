//go:build integration

package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// roll ends a pod as a rolling update does and starts it with other variables. Each time one of the texts
// appears in its log, the new sidecar is killed and started again.
func (p *pod) roll(env map[string]string, killAfter ...string) {
	p.t.Helper()
	if err := p.end(); err != nil {
		p.t.Fatalf("end of pod %d: %v", p.number, err)
	}
	p.Kill9()
	p.kill()
	for name, value := range env {
		p.env[name] = value
	}
	if err := p.dir.Renew(); err != nil {
		p.t.Fatal(err)
	}
	p.Restart()
	for _, text := range killAfter {
		before := strings.Count(p.said(), text)
		p.run()
		p.eventually("log says "+text, func() bool { return strings.Count(p.said(), text) > before || p.dir.Marked() })
		p.kill()
		if err := p.dir.Unmark(); err != nil {
			p.t.Fatal(err)
		}
	}
	p.run()
	p.waitInService()
}

// items are the tables of the pod's side of a replication.
func (p *pod) items(name string) []string {
	p.t.Helper()
	items := p.SQL("SELECT LOCAL_TABLE_NAME FROM SYSTEM_.SYS_REPL_ITEMS_ WHERE REPLICATION_NAME = '" + name + "'")
	slices.Sort(items)
	return items
}

// startBesideT2 starts three pods in service that replicate T1. Each also has T2, with a row on the master.
func startBesideT2(t *testing.T) *cluster {
	t.Helper()
	c := start(t, 3, map[string]string{"AKU_REPLICATION_RESET_AT_END": "0"})
	c.createTables()
	for _, p := range c.pods {
		p.asSYSDBA("CREATE TABLE T2 (ID INTEGER PRIMARY KEY)")
	}
	c.inService(0, 1, 2)
	c.pods[0].do("INSERT INTO T2 VALUES (1)")
	return c
}

// inNewList are the steps of a changed list in which the sidecars are killed.
var inNewList = []string{
	"Replication flush has ended.", "STOP AKU_REP", ": ADD TABLE AKU_REP", ": RESET AKU_REP", "Table truncation has ended.", "Replication sync has ended.",
}

// TestTableList_ChangesByARollingUpdate adds a table to replication and removes it again, while users write
// on all open pods.
func TestTableList_ChangesByARollingUpdate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		killAfter []string
		anew      bool // a full copy may be needed
	}{
		{name: "in place, without a copy of the other table"},
		{name: "with sidecars killed on the way", killAfter: inNewList, anew: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := startBesideT2(t)
			c.pods[1].do("INSERT INTO T2 VALUES (-1)") // only here: the master's rows count
			copies := c.copies()
			var writers []*writer
			for _, p := range c.pods {
				writers = append(writers, p.write())
			}
			rows := 1
			c.roll(list("SYS.T1, SYS.T2"), test.killAfter, writers, func(p *pod) {
				// What is written here from now on is everywhere when all pods have the new list.
				rows++
				p.do("INSERT INTO T2 VALUES (" + strings.Repeat("1", rows) + ")")
			})
			c.carry("T1", "T2")
			for _, p := range c.pods {
				p.eventually("all rows of the new table", func() bool { return len(p.SQL("SELECT ID FROM T2")) == rows })
			}

			c.roll(list("SYS.T1"), nil, writers, func(*pod) {})
			c.carry("T1")
			for _, p := range c.pods {
				if n := len(p.SQL("SELECT ID FROM T2")); n != rows {
					t.Errorf("pod %d has %d rows in the table that was taken out, want %d", p.number, n, rows)
				}
			}
			if made := c.copies() - copies; made > 0 && !test.anew {
				t.Errorf("%d full copies were made", made)
			}
			for _, w := range writers {
				w.halt()
			}
			c.mustBeEqual(0, 1, 2)
			c.mustHold([]int{0, 1, 2}, writers...)
		})
	}
}

// roll rolls all pods to other variables, the highest first. Each pod waits until the one before is in
// service and its users write again.
func (c *cluster) roll(env map[string]string, killAfter []string, writers []*writer, after func(p *pod)) {
	c.t.Helper()
	for _, n := range []int{2, 1, 0} {
		p := c.pods[n]
		p.roll(env, killAfter...)
		before := writers[n].count()
		p.eventually("the writer writes", func() bool { return writers[n].count() > before+20 })
		after(p)
	}
}

func list(tables string) map[string]string {
	return map[string]string{"AKU_REPLICATIONS_0_TABLES": tables}
}

// TestBlock_IsAddedByARollingUpdate adds a second block while users write. The tables of the first block are
// not copied.
func TestBlock_IsAddedByARollingUpdate(t *testing.T) {
	t.Parallel()
	c := startBesideT2(t)
	copies := c.copies()
	var writers []*writer
	for _, p := range c.pods {
		writers = append(writers, p.write())
	}
	rows := 1
	c.roll(map[string]string{"AKU_REPLICATIONS_1_REPLICATION_NAME_PREFIX": "AKU_B", "AKU_REPLICATIONS_1_TABLES": "SYS.T2"}, nil, writers, func(p *pod) {
		rows++
		p.do("INSERT INTO T2 VALUES (" + strings.Repeat("1", rows) + ")")
	})
	for _, p := range c.pods {
		p.eventually("all rows of the new block", func() bool { return len(p.SQL("SELECT ID FROM T2")) == rows })
	}
	for _, w := range writers {
		w.halt()
	}
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, writers...)
	if made := c.copies() - copies; made > 0 {
		t.Errorf("%d full copies of the first block were made", made)
	}
}

// carry checks what all objects of a mesh of three replicate, apart from the beat table.
func (c *cluster) carry(want ...string) {
	c.t.Helper()
	want = append([]string{"AKU_REP_BEAT"}, want...)
	for _, pair := range [][2]int{{0, 1}, {0, 2}, {1, 2}} {
		name := fmt.Sprintf("AKU_REP_%d%d", pair[0], pair[1])
		for _, n := range pair {
			if items := c.pods[n].items(name); !slices.Equal(items, want) {
				c.t.Errorf("%s on pod %d has the tables %v, want %v", name, n, items, want)
			}
		}
	}
}

// copies is the number of full copies so far.
func (c *cluster) copies() int {
	made := 0
	for _, p := range c.pods {
		made += strings.Count(p.said(), `altibase-0: SYNC AKU_REP`)
	}
	return made
}

// TestReplicationHost_ThatDiffers_IsCorrectedByThePodItLeadsTo: a pod that starts corrects the hosts that
// lead to it.
func TestReplicationHost_ThatDiffers_IsCorrectedByThePodItLeadsTo(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_REPLICATION_RESET_AT_END": "0"})
	c.createTables()
	c.inService(0, 1)
	copies := c.copies()
	w := c.pods[0].write()
	p := c.pods[1]
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	p.Kill9()
	p.kill()
	var host string
	for _, h := range c.pods[0].SQL("SELECT HOST_IP FROM SYSTEM_.SYS_REPL_HOSTS_") {
		host = h
	}
	for _, action := range []string{"ADD HOST 'elsewhere.invalid',20999", "SET HOST 'elsewhere.invalid',20999", fmt.Sprintf("DROP HOST '%s',%d", host, p.ReplicationPort)} {
		c.pods[0].do("ALTER REPLICATION AKU_REP_01 " + action)
	}
	if err := p.dir.Renew(); err != nil {
		t.Fatal(err)
	}
	p.Restart()
	p.run()
	p.waitInService()
	if hosts := c.pods[0].SQL("SELECT HOST_IP FROM SYSTEM_.SYS_REPL_HOSTS_"); !slices.Equal(hosts, []string{host}) {
		t.Errorf("the master's side goes to %v, want %s alone", hosts, host)
	}
	w.halt()
	c.mustBeEqual(0, 1)
	c.mustHold([]int{0, 1}, w)
	if made := c.copies() - copies; made > 0 {
		t.Errorf("%d full copies were made", made)
	}
}

func TestForgottenReplication_IsSaidAtStart(t *testing.T) {
	t.Parallel()
	c := start(t, 1, nil)
	c.createTables()
	c.pods[0].asSYSDBA("CREATE REPLICATION AKU_OLD_01 WITH 'altibase-1.altibase-svc',20301 FROM SYS.T1 TO SYS.T1")
	c.inService(0)
	c.pods[0].waitSaid("replication AKU_OLD_01 to altibase-1.altibase-svc with SYS.T1 is not in the configuration")
}
