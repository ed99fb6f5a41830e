//go:build integration

package integration

import (
	"strings"
	"testing"
)

// The slave's join, its objects, verify and its end name every table in statements.
func TestIdentifiers_ThatNeedQuotes_AreReplicatedComparedAndTakenBack(t *testing.T) {
	t.Parallel()
	tables := []string{
		`SYS."ORDER"`, `SYS."lower"`, `SYS."two words"`, `SYS."T$1"`, `SYS."dot.dot"`, `SYS."한글"`, `SYS."VC2COLL"`,
		`"LEVEL"."GROUP"`, `"app $"."LEFT"`,
	}
	c := start(t, 2, map[string]string{
		"AKU_REPLICATIONS_0_TABLES":                  strings.Join(tables, ",") + `,SYS."SOME" PARTITION "LEFT",SYS."SOME" PARTITION "right"`,
		"AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX": "order",
	})
	for _, p := range c.pods {
		p.asSYSDBA(`CREATE USER "LEVEL" IDENTIFIED BY U1`, `CREATE USER "app $" IDENTIFIED BY U1`,
			`CREATE TABLE SYS."SOME" ("FROM" INTEGER PRIMARY KEY) PARTITION BY RANGE ("FROM") (PARTITION "LEFT" VALUES LESS THAN (5), PARTITION "right" VALUES DEFAULT)`)
		for _, table := range tables {
			p.asSYSDBA("CREATE TABLE " + table + ` ("SELECT" INTEGER, "from where" VARCHAR(20), "INDEX" INTEGER, PRIMARY KEY ("from where", "SELECT"))`)
		}
	}
	master, slave := c.pods[0], c.pods[1]
	c.inService(0)
	for _, table := range tables {
		master.do("INSERT INTO " + table + " VALUES (1, 'before', 1)")
	}
	if run := slave.launch(t, "exec aku-init start"); run.exit() != 0 {
		t.Fatalf("exit code %d:\n%s", run.exit(), run.said())
	}
	for _, table := range tables {
		slave.do("INSERT INTO " + table + " VALUES (2, 'after', 2)")
	}
	for _, table := range tables {
		master.eventually("the rows of "+table, func() bool { return len(master.SQL("SELECT * FROM "+table)) == 2 })
	}
	if run := slave.launch(t, "exec aku-init verify -checksums"); run.exit() != 0 || strings.Count(run.said(), "same contents") != len(tables)+1 {
		t.Errorf("verify: exit code %d:\n%s", run.exit(), run.said())
	}
	if run := slave.launch(t, "exec aku-prestop"); run.exit() != 0 {
		t.Errorf("the end: exit code %d:\n%s", run.exit(), run.said())
	}
	if xsn := master.SQL("SELECT XSN FROM SYSTEM_.SYS_REPLICATIONS_"); len(xsn) != 1 || xsn[0] != "-1" {
		t.Errorf("the master's object is not reset: XSN %v", xsn)
	}
}
