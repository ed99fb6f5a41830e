//go:build integration

package integration

import (
	"os"
	"path/filepath"
	"testing"
)

// writeScript replaces a script in a folder, as the kubelet does for a ConfigMap.
func writeScript(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file+".new", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// A script that is skipped would leave the tables empty for good, because scripts run only once.
func TestInitdb_ScriptThatCannotBeReadParsedOrRun_KeepsThePodClosed_UntilItIsMended(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeScript(t, dir, "01-table.sql", "/* don't */ "+createTable+";\r\n")
	rows := filepath.Join(dir, "02-rows.sql")
	if err := os.Symlink("away", rows); err != nil {
		t.Fatal(err)
	}
	c := start(t, 1, map[string]string{"AKU_INITDB_DIR": dir})
	p := c.pods[0]
	p.run()
	p.waitSaid("02-rows.sql: no such file or directory")
	writeScript(t, dir, "02-rows.sql", "INSERT INTO T1 VALUES (1, 10);\nINSERT INTO T1 VALUES (2, '20);\n")
	p.waitSaid("02-rows.sql: line 2: a text begins here with '")
	session := p.sysdba()
	tables := session.Rows("SELECT TABLE_NAME FROM SYSTEM_.SYS_TABLES_ WHERE TABLE_NAME = 'T1'")
	session.Close()
	if len(tables) > 0 {
		t.Error("the first script was begun before the second one could be read")
	}
	writeScript(t, dir, "02-rows.sql", "INSERT INTO T1 VALUES (1, 10);\nINSERT INTO NOSUCH VALUES (2);\n")
	p.waitSaid(`02-rows.sql, line 2: statement 3 of 3, \"INSERT INTO NOSUCH VALUES (2)\"; the 2 before it are done: ERR-31031`)
	if p.isOpen() || p.dir.Marked() {
		t.Error("the pod is open")
	}
	writeScript(t, dir, "02-rows.sql", "INSERT INTO T1 VALUES (1, 10);\nINSERT INTO T1 VALUES (2, 20);\n")
	p.waitInService()
	if got := p.rows(); len(got) != 2 || got[1] != 10 || got[2] != 20 {
		t.Errorf("rows %v", got)
	}
}
