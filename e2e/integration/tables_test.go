//go:build integration

package integration

import (
	"slices"
	"strings"
	"testing"
)

// roll ends a pod as a rolling update does and brings it back with other variables.
// The new sidecar is killed, and another one goes on, after each of the given texts
// has come up in its log.
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

// items are the tables of the pod's side of its pair with a peer.
func (p *pod) items(name string) []string {
	p.t.Helper()
	items := p.SQL("SELECT LOCAL_TABLE_NAME FROM SYSTEM_.SYS_REPL_ITEMS_ WHERE REPLICATION_NAME = '" + name + "'")
	slices.Sort(items)
	return items
}

// TestTableList_ChangesByARollingUpdate puts a table into replication and takes it out
// again, beside users that write on all open pods; the sidecars of the first slave are
// killed on the way.
func TestTableList_ChangesByARollingUpdate(t *testing.T) {
	t.Parallel()
	c := start(t, 3, map[string]string{"AKU_REPLICATION_RESET_AT_END": "0"})
	c.createTables()
	for _, p := range c.pods {
		p.asSYSDBA("CREATE TABLE T2 (ID INTEGER PRIMARY KEY)")
	}
	c.inService(0, 1, 2)
	c.pods[0].do("INSERT INTO T2 VALUES (1)")
	var writers []*writer
	for _, p := range c.pods {
		writers = append(writers, p.write())
	}
	rolled := func(list string, killAfter []string, after func(p *pod)) {
		for _, n := range []int{2, 1, 0} {
			p := c.pods[n]
			p.roll(map[string]string{"AKU_REPLICATIONS_0_TABLES": list}, killAfter...)
			before := writers[n].count()
			p.eventually("the writer writes", func() bool { return writers[n].count() > before+20 })
			after(p)
		}
	}
	agree := func(want ...string) {
		t.Helper()
		for _, pair := range []struct {
			pods [2]int
			name string
		}{{[2]int{0, 1}, "AKU_REP_01"}, {[2]int{0, 2}, "AKU_REP_02"}, {[2]int{1, 2}, "AKU_REP_12"}} {
			for _, n := range pair.pods {
				if items := c.pods[n].items(pair.name); !slices.Equal(items, want) {
					t.Errorf("%s on pod %d has the tables %v, want %v", pair.name, n, items, want)
				}
			}
		}
	}

	rows := 1
	rolled("SYS.T1, SYS.T2", []string{"Replication flush has ended.", "Replication reset has ended.", "Table truncation has ended.", "Replication sync has ended."}, func(p *pod) {
		// From now on what is written here is everywhere when all have the new list.
		rows++
		p.do("INSERT INTO T2 VALUES (" + strings.Repeat("1", rows) + ")")
	})
	agree("T1", "T2")
	for _, p := range c.pods {
		p.eventually("all rows of the new table", func() bool { return len(p.SQL("SELECT ID FROM T2")) == rows })
	}

	rolled("SYS.T1", nil, func(*pod) {})
	agree("T1")
	for _, p := range c.pods {
		if n := len(p.SQL("SELECT ID FROM T2")); n != rows {
			t.Errorf("pod %d has %d rows in the table that was taken out, want %d", p.number, n, rows)
		}
	}
	for _, w := range writers {
		w.halt()
	}
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, writers...)
}

func TestForgottenReplication_IsSaidAtStart(t *testing.T) {
	t.Parallel()
	c := start(t, 1, nil)
	c.createTables()
	c.pods[0].asSYSDBA("CREATE REPLICATION AKU_OLD_01 WITH 'altibase-1.altibase-svc',20301 FROM SYS.T1 TO SYS.T1")
	c.inService(0)
	c.pods[0].waitSaid("replication AKU_OLD_01 to altibase-1.altibase-svc with SYS.T1 is not in the configuration")
}
