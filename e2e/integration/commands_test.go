//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aku/e2e/altisim/altisimtest"
)

// everything is all that a command could have changed on open pods.
func (c *cluster) everything() string {
	c.t.Helper()
	var all strings.Builder
	for _, p := range c.pods {
		session := p.Open(altisimtest.Dial{})
		for _, query := range []string{
			"SELECT REPLICATION_NAME, IS_STARTED, ITEM_COUNT FROM SYSTEM_.SYS_REPLICATIONS_ ORDER BY 1",
			// The number itself moves with each acknowledgement.
			"SELECT REPLICATION_NAME FROM SYSTEM_.SYS_REPLICATIONS_ WHERE XSN = -1 ORDER BY 1",
			"SELECT REPLICATION_NAME, HOST_IP, PORT_NO FROM SYSTEM_.SYS_REPL_HOSTS_ ORDER BY 1",
			"SELECT NAME, VALUE1 FROM V$PROPERTY WHERE NAME IN ('ADMIN_MODE', 'REPLICATION_DDL_ENABLE', 'REPLICATION_ALLOW_DUPLICATE_HOSTS') ORDER BY 1",
			"SELECT ID, V FROM T1 ORDER BY 1",
			"SELECT POD, SEQ FROM AKU_REP_BEAT ORDER BY 1, 2",
		} {
			fmt.Fprintln(&all, p.number, strings.Join(session.Rows(query), "; "))
		}
		session.Close()
		files, err := os.ReadDir(string(p.dir))
		if err != nil {
			c.t.Fatal(err)
		}
		for _, f := range files {
			fmt.Fprintln(&all, p.number, f.Name())
		}
	}
	return all.String()
}

// squeezed is a text with each run of spaces as one space.
func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestLookingCommands_SayWhatIsTrueAndWouldBeDone_AndChangeNothing(t *testing.T) {
	t.Parallel()
	c := start(t, 3, map[string]string{"AKU_REPLICATIONS_0_SYNC_PARALLEL_COUNT": "4", "AKU_DRAIN_TIME": "0"})
	c.createTables()
	c.inService(0, 1, 2)
	for _, p := range c.pods {
		p.kill()
		p.do(fmt.Sprintf("INSERT INTO T1 VALUES (%d, 1)", p.number)) // it arrives after the last beat
	}
	c.mustBeEqual(0, 1, 2)
	slave := c.pods[2]
	// The first run writes the program's own files, so that they exist before the comparison.
	if run := slave.launch(t, "exec aku-init info"); run.exit() != 0 {
		t.Fatal(run.said())
	}
	end := []string{
		"1. keep users out altibase-2: CLOSE ALTER SYSTEM SET ADMIN_MODE = 1 ",
		"altibase-2: DELIVER AKU_REP_12 to altibase-1 ",
		"altibase-1: STOP AKU_REP_12 ALTER REPLICATION AKU_REP_12 STOP ",
		"altibase-0: RESET AKU_REP_02 (if everything is delivered) ALTER REPLICATION AKU_REP_02 RESET",
	}
	info := []string{
		"pod altibase-2 servers 3 ", "SYS password *** AKU_REP SYNC PARALLEL 4 SYS.T1 ",
		" altibase-1 open AKU_REP_01 true ", fmt.Sprintf(" altibase-2 altibase-2.altibase-svc AKU_REP_02 altibase-0.altibase-svc,%d 2 ", slave.ReplicationPort), // as configured
		"altibase-2 open AKU_REP_02 true", "altibase-2 open AKU_REP_12 true",
	}
	for _, test := range []struct {
		line string
		said []string
	}{
		{"aku-init info", info},
		{"aku-init -i", info},
		{"aku-init plan start", []string{"restart of a slave in service "}},
		{"aku-init plan end", end},
		{"aku-prestop --dry-run", end},
		{"aku-init plan clean", []string{
			"clean 1. stop both sides altibase-2: STOP AKU_REP_02 ALTER REPLICATION AKU_REP_02 STOP altibase-0: STOP AKU_REP_02 ",
			"2. drop the own objects altibase-2: DROP AKU_REP_02 (if stopped) DROP REPLICATION AKU_REP_02 altibase-2: DROP AKU_REP_12 (if stopped) DROP REPLICATION AKU_REP_12",
		}},
		{"aku-init -v", []string{"aku-init "}},
		{"aku-prestop -v", []string{"aku-prestop "}},
		{"aku-prestop -h", []string{"(also -p end, -p stop)"}},
		{"aku-init -h", []string{"(also -p start)"}},
	} {
		before := c.everything()
		run := slave.launch(t, "exec "+test.line)
		if code := run.exit(); code != 0 {
			t.Errorf("%s: exit code %d", test.line, code)
		}
		for _, text := range test.said {
			if !strings.Contains(squeezed(run.said())+" ", text) {
				t.Errorf("%s does not say %q:\n%s", test.line, text, run.said())
			}
		}
		if strings.Contains(run.said(), slave.Password) {
			t.Errorf("%s says the password:\n%s", test.line, run.said())
		}
		if after := c.everything(); after != before {
			t.Errorf("%s changes something: before\n%s\nafter\n%s", test.line, before, after)
		}
	}

	startOf := func(pod string, said ...string) {
		t.Helper()
		run := slave.launch(t, "exec aku-init plan start")
		for _, text := range said {
			if run.exit() != 0 || !strings.Contains(squeezed(run.said())+" ", text) {
				t.Errorf("plan start of %s: exit code %d, it does not say %q:\n%s", pod, run.exit(), text, run.said())
			}
		}
	}
	before := c.everything()
	slave.asSYSDBA("ALTER SYSTEM SET ADMIN_MODE = 1")
	startOf("a pod that is closed",
		"restart of a slave 1. have receivers wait for locks, and give nothing up altibase-2: LET RECEIVERS WAIT FOR LOCKS ALTER SYSTEM SET REPLICATION_LOCK_TIMEOUT = 3600 ",
		"2. begin a life altibase-2: BEGIN LIFE SYS.AKU_REP_BEAT ",
		"3. prove both ways altibase-2: DELIVER AKU_REP_02 to altibase-0 ",
		"altibase-0: DELIVER AKU_REP_02 to altibase-2 ", "altibase-2: DELIVER AKU_REP_12 to altibase-1 ", "altibase-1: DELIVER AKU_REP_12 to altibase-2 ",
		"4. let users in altibase-2: OPEN ALTER SYSTEM SET ADMIN_MODE = 0 ",
	)
	slave.asSYSDBA("ALTER SYSTEM SET ADMIN_MODE = 0")
	if after := c.everything(); after != before {
		t.Errorf("plan start changes something: before\n%s\nafter\n%s", before, after)
	}

	// For a new pod, the plan is a full join: each statement with its pod.
	slave.do("ALTER REPLICATION AKU_REP_02 STOP", "ALTER REPLICATION AKU_REP_02 RESET")
	before = c.everything()
	startOf("a new pod",
		"full join ", "altibase-0: START RETRY AKU_REP_02 ALTER REPLICATION AKU_REP_02 START RETRY ", "altibase-1: START RETRY AKU_REP_12 ALTER REPLICATION AKU_REP_12 START RETRY ",
		"altibase-2: TRUNCATE SYS.T1, SYS.AKU_REP_BEAT (if own copy is not complete) ALTER SYSTEM SET REPLICATION_DDL_ENABLE = 1 TRUNCATE TABLE SYS.T1 TRUNCATE TABLE SYS.AKU_REP_BEAT ALTER SYSTEM SET REPLICATION_DDL_ENABLE = 0 -- or leave it, if it was 1 before ",
		"altibase-0: SYNC AKU_REP_02 (if its log was kept) ALTER REPLICATION AKU_REP_02 SYNC PARALLEL 4 TABLE SYS.T1, SYS.AKU_REP_BEAT ",
		"altibase-2: BEGIN LIFE SYS.AKU_REP_BEAT ",
	)
	if after := c.everything(); after != before {
		t.Errorf("plan start changes something: before\n%s\nafter\n%s", before, after)
	}
}

// Each option of the vendor's utility does the same as the command in its place.
func TestVendorsOptions_DoWhatTheCommandsDo(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_DRAIN_TIME": "0"})
	c.createTables()
	c.inService(0)
	slave := c.pods[1]
	expect := func(line string, code int, said string) {
		t.Helper()
		run := slave.launch(t, line)
		if got := run.exit(); got != code || !strings.Contains(run.said(), said) {
			t.Errorf("%s: exit code %d, want %d, and %q:\n%s", line, got, code, said, run.said())
		}
	}
	for _, end := range []string{"end", "stop"} {
		expect("exec aku-init -p start", 0, "AKU run successfully.")
		if _, err := os.Stat(filepath.Join(string(slave.dir), "aku_start_completed")); err != nil {
			t.Error(err)
		}
		if !slave.isOpen() {
			t.Error("it lets no users in")
		}
		expect("exec aku-init -p start", 1, "already completed")
		expect("exec aku-prestop -p "+end, 0, "Reset replications.")
		if slave.isOpen() || slave.dir.Marked() || slave.xsns() != "-1" {
			t.Errorf("after -p %s: open %t, marked %t, XSN %s", end, slave.isOpen(), slave.dir.Marked(), slave.xsns())
		}
		slave.asSYSDBA("ALTER SYSTEM SET ADMIN_MODE = 0")
		if err := slave.dir.Renew(); err != nil {
			t.Fatal(err)
		}
	}
	expect("exec aku-init -p end", 2, "usage: aku-init")
	expect("exec aku-prestop -p start", 2, "usage: aku-prestop")
}

// beatTable finds aku's own table.
const beatTable = "SELECT TABLE_NAME FROM SYSTEM_.SYS_TABLES_ WHERE TABLE_NAME = 'AKU_REP_BEAT'"

func TestClean_DropsTheOwnObjectsAndStopsThePeers(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"aku-init clean", "aku-init -p clean"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			c := start(t, 3, nil)
			c.createTables()
			c.inService(0, 1, 2)
			slave := c.pods[2]
			slave.kill()
			if !slave.dir.Marked() {
				t.Fatal("there is no marker")
			}
			run := slave.launch(t, "exec "+line)
			if code := run.exit(); code != 0 || !strings.Contains(run.said(), "AKU run successfully.") {
				t.Errorf("exit code %d:\n%s", code, run.said())
			}
			if rows := slave.SQL("SELECT REPLICATION_NAME FROM SYSTEM_.SYS_REPLICATIONS_"); len(rows) > 0 {
				t.Errorf("it still has %v", rows)
			}
			if tables := slave.SQL(beatTable); len(tables) > 0 {
				t.Errorf("it still has the tables %v", tables)
			}
			if tables := c.pods[0].SQL(beatTable); len(tables) != 1 {
				t.Errorf("the master has the tables %v, want its beat table", tables)
			}
			for peer := range 2 {
				if started, xsn := c.pods[peer].object(2); started || xsn < 0 {
					t.Errorf("pod %d: started %t, XSN %d, want stopped and its log kept", peer, started, xsn)
				}
			}
			if started, _ := c.pods[1].object(0); !started {
				t.Error("a pair of others was stopped")
			}
			if slave.dir.Marked() {
				t.Error("the marker is there")
			}
			// A second run has nothing to do, and a start creates everything anew.
			for _, next := range []string{"exec " + line, "exec aku-init start"} {
				if run := slave.launch(t, next); run.exit() != 0 {
					t.Errorf("%s: exit code %d:\n%s", next, run.exit(), run.said())
				}
			}
			slave.do("INSERT INTO T1 VALUES (1, 1)")
			c.mustBeEqual(0, 1, 2)
		})
	}
}
