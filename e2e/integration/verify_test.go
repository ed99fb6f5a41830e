//go:build integration

package integration

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
	"aku/internal/akucore"
	"aku/internal/altibase"
	"aku/internal/verify"
	"aku/internal/wiring"
)

// verify compares the pods as aku-init verify does.
func (c *cluster) verify(o verify.Options) verify.Report {
	c.t.Helper()
	s, unused := c.pods[0].settings()
	unused.CloseIdle()
	config := wiring.Config(s)
	config.Self = akucore.Outside
	config.Driver = driver
	config.Address = func(pod int) string {
		if pod < len(c.pods) {
			return c.pods[pod].Host
		}
		return "no-such-pod.invalid"
	}
	servers := altibase.NewCluster(config)
	defer servers.CloseIdle()
	if o.Page == 0 {
		o.Page = 40
	}
	if o.Timeout == 0 {
		o.Timeout = patience
	}
	report, err := verify.Run(context.Background(), s.Mesh(), servers, o)
	if err != nil {
		c.t.Fatal(err)
	}
	var text strings.Builder
	report.Print(&text, 20)
	c.t.Logf("%s", text.String())
	return report
}

// aside changes rows only on one pod, without replication.
func (p *pod) aside(statements ...string) {
	p.t.Helper()
	p.do(append([]string{"ALTER SESSION SET REPLICATION = FALSE"}, statements...)...)
}

func differing(t verify.Table) []string {
	var keys []string
	for _, d := range t.Different {
		keys = append(keys, fmt.Sprintf("%s same %v missing %v", d.Key, d.Versions, d.Missing))
	}
	return keys
}

func TestVerify_NamesTheRowsThatDifferOfEveryKindOfKey(t *testing.T) {
	t.Parallel()
	c := start(t, 3, map[string]string{"AKU_REPLICATIONS_0_TABLES": `SYS.T1,SYS.T2,SYS.T3,SYS."q t",SYS.T4 PARTITION P1,SYS.T4 PARTITION P2`})
	for _, p := range c.pods {
		p.asSYSDBA(createTable,
			"CREATE TABLE T2 (A INTEGER, B VARCHAR(20), C CHAR(5), V NUMBER(30,10), D DATE, PRIMARY KEY (B, A, C))",
			"CREATE TABLE T3 (N NUMBER(20,5) PRIMARY KEY, V VARCHAR(20))",
			`CREATE TABLE "q t" ("select" VARCHAR(10) PRIMARY KEY, "v v" INTEGER)`,
			"CREATE TABLE T4 (ID INTEGER PRIMARY KEY, V INTEGER) PARTITION BY RANGE (ID) (PARTITION P1 VALUES LESS THAN (100), PARTITION P2 VALUES DEFAULT)")
	}
	c.inService(0, 1, 2)
	session := c.pods[1].Open(altisimtest.Dial{})
	for i := range 300 {
		session.Do(fmt.Sprintf("INSERT INTO T1 VALUES (%d, %d)", i, i))
		if i%5 == 0 {
			session.Do(fmt.Sprintf("INSERT INTO T2 VALUES (%d, 'it''s %d', 'c%d', %d.25, SYSDATE)", i, i%7, i%3, i),
				fmt.Sprintf("INSERT INTO T3 VALUES (%d.5, 'v')", i), fmt.Sprintf("INSERT INTO T4 VALUES (%d, NULL)", i))
		}
	}
	session.Do(`INSERT INTO "q t" VALUES ('a', 1)`, `INSERT INTO "q t" VALUES ('b;''"', NULL)`)
	session.Close()

	counted := c.verify(verify.Options{Replicas: 3})
	if !counted.Equal || len(counted.Tables) != 5 {
		t.Fatalf("equal pods: equal %t, %d tables, faults %v", counted.Equal, len(counted.Tables), counted.Faults)
	}
	if compared := c.verify(verify.Options{Checksums: true}); !compared.Equal {
		t.Fatal("equal pods differ by their checksums")
	}

	c.pods[2].aside("UPDATE T1 SET V = -1 WHERE ID = 7", "DELETE FROM T1 WHERE ID = 299", "UPDATE T2 SET V = 0.5 WHERE A = 10",
		"UPDATE T3 SET V = NULL WHERE N = 150.5", `UPDATE "q t" SET "v v" = 0 WHERE "select" <> 'a'`, "INSERT INTO T4 VALUES (1000, 1)")
	c.pods[0].aside("INSERT INTO T1 VALUES (1000, 0)")
	report := c.verify(verify.Options{Checksums: true})
	want := map[string][]string{
		"SYS.T1": {
			"7 same [[altibase-0 altibase-1] [altibase-2]] missing []",
			"299 same [[altibase-0 altibase-1]] missing [altibase-2]",
			"1000 same [[altibase-0]] missing [altibase-1 altibase-2]",
		},
		"SYS.T2":  {"'it''s 3', 10, 'c1   ' same [[altibase-0 altibase-1] [altibase-2]] missing []"},
		"SYS.T3":  {"150.5 same [[altibase-0 altibase-1] [altibase-2]] missing []"},
		"SYS.q t": {`'b;''"' same [[altibase-0 altibase-1] [altibase-2]] missing []`},
		"SYS.T4":  {"1000 same [[altibase-2]] missing [altibase-0 altibase-1]"},
	}
	if report.Equal {
		t.Error("pods that differ are called equal")
	}
	for _, table := range report.Tables {
		if got := differing(table); !slices.Equal(got, want[table.Name]) {
			t.Errorf("%s: got %q, want %q", table.Name, got, want[table.Name])
		}
	}
}

func TestVerify_BesideWriters_FindsWhatStaysDifferentAndNothingElse(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	c.pods[0].do("INSERT INTO T1 VALUES (1, 1)", "INSERT INTO T1 VALUES (2, 2)")
	writers := []*writer{c.pods[0].write(), c.pods[1].write()}
	for _, w := range writers {
		c.pods[0].eventually("rows are written", func() bool { return w.count() > 200 })
	}
	if report := c.verify(verify.Options{Checksums: true}); !report.Equal {
		t.Fatalf("rows in flight are called different: %v, %v", report.Faults, report.Tables)
	}
	if report := c.verify(verify.Options{}); !report.Equal {
		t.Errorf("counts of different moments are called different: %v", report.Tables)
	}
	c.pods[1].aside("UPDATE T1 SET V = 77 WHERE ID = 2")
	report := c.verify(verify.Options{Checksums: true})
	want := []string{"2 same [[altibase-0] [altibase-1]] missing []"}
	if len(report.Tables) == 0 {
		t.Fatalf("nothing was compared: %v", report.Faults)
	}
	if got := differing(report.Tables[0]); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, w := range writers {
		w.halt()
	}
}

func TestVerify_SaysWhichPodOrPairIsNotInService(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	c.pods[1].kill()
	c.pods[1].do("ALTER REPLICATION AKU_REP_01 STOP")
	report := c.verify(verify.Options{Replicas: 2, Timeout: time.Second})
	if report.Equal || !slices.Contains(report.Faults, "AKU_REP_01 on altibase-1 is stopped") {
		t.Errorf("a stopped pair: %v", report.Faults)
	}
	c.pods[1].do("ALTER SYSTEM SET ADMIN_MODE = 1")
	report = c.verify(verify.Options{Timeout: time.Second})
	if report.Equal || len(report.Faults) != 1 || !strings.Contains(report.Faults[0], "altibase-1 is not in service") {
		t.Errorf("a closed pod: %v", report.Faults)
	}
	c.pods[1].Kill9()
	report = c.verify(verify.Options{Timeout: time.Second})
	if report.Equal || len(report.Faults) != 1 {
		t.Errorf("one pod alone: %v", report.Faults)
	}
}
