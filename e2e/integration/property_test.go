//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
	"aku/internal/akucore"
)

func TestQueryTimeout_IsThatOfEverySession(t *testing.T) {
	t.Parallel()
	for _, seconds := range []string{"77", "0"} {
		c := start(t, 1, map[string]string{"AKU_QUERY_TIMEOUT": seconds})
		c.createTables()
		c.inService(0)
		// The sidecar watches on a session of its own.
		watch := c.pods[0].Open(altisimtest.Dial{})
		watch.Until(patience, "SELECT COUNT(*) FROM V$SESSION WHERE QUERY_TIME_LIMIT = "+seconds+" AND ID <> SESSION_ID()", "1")
	}
}

func TestQueryTimeout_EndsACopyThatTakesTooLong(t *testing.T) {
	t.Parallel()
	// A SYNC takes 2 s, scaled like the limit of the server. That of aku is not scaled, and must not come first. Still faster, other
	// statements would not be done within the limit on a busy machine.
	c := startWith(t, 2, altisimtest.Options{TimeScale: 0.5}, map[string]string{"AKU_QUERY_TIMEOUT": "1"})
	c.createTables()
	c.inService(0)
	c.pods[1].run()
	c.pods[1].waitSaid("SYNC AKU_REP_01 (if its log was kept): ERR-01044 Client's query exceeded the execution time limit.")
	if c.pods[1].dir.Marked() {
		t.Error("it is in service without a copy")
	}
}

func TestDelayStartComplete_IsWaitedBetweenCopyAndOpen(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_DELAY_START_COMPLETE_TIME": "2"})
	c.createTables()
	c.inService(0)
	if strings.Contains(c.pods[0].said(), "DELAY") {
		t.Error("the master waits too")
	}
	c.pods[1].run()
	c.pods[1].waitSaid("START AKU_REP_01")
	const delay = "altibase-1: DELAY 2s"
	if c.pods[1].isOpen() && !strings.Contains(c.pods[1].said(), delay) {
		t.Error("the slave is open before the delay is over")
	}
	c.pods[1].waitInService()
	c.pods[1].waitSaid("altibase-1: OPEN")
	if _, after, waited := strings.Cut(c.pods[1].said(), delay); !waited || !strings.Contains(after, "altibase-1: OPEN") {
		t.Errorf("it did not wait and then open:\n%s", c.pods[1].said())
	}
}

func TestFlushAtStart_DeliversBothWaysBeforeOpening(t *testing.T) {
	t.Parallel()
	for _, flush := range []string{"1", "0"} {
		c := start(t, 2, map[string]string{"AKU_FLUSH_AT_START": flush})
		c.createTables()
		c.inService(0, 1)
		c.pods[1].Kill9()
		c.pods[1].eventually("out of service", func() bool { return !c.pods[1].dir.Marked() })
		before := len(c.pods[1].said())
		c.pods[1].Restart()
		c.pods[1].waitInService()
		if got, want := strings.Contains(c.pods[1].said()[before:], "Flush replications."), flush == "1"; got != want {
			t.Errorf("AKU_FLUSH_AT_START=%s: flushed %t", flush, got)
		}
	}
}

// A peer that answers queries and accepts a START, but then applies nothing, keeps the pod closed. Each try
// ends in time, so the pod notices when the peer works again.
func TestFlushTimeoutAtStart_BoundsTheWaitForAPeer_AndThePodStaysClosed(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_FLUSH_TIMEOUT_AT_START": "2"})
	c.createTables()
	master, slave := c.pods[0], c.pods[1]
	between := "127." + strings.SplitN(master.Host, ".", 2)[1] + "00"
	network := newRelay(t, fmt.Sprintf("%s:%d", between, master.ReplicationPort), fmt.Sprintf("%s:%d", master.Host, master.ReplicationPort))
	master.Reached(between)
	c.inService(0, 1)

	network.stall()
	slave.do("INSERT INTO T1 VALUES (1, 1)") // only this pod has it
	slave.Kill9()
	slave.eventually("out of service", func() bool { return !slave.dir.Marked() })
	slave.Restart()
	const flush, gaveUp = "Flush replications.", "DELIVER AKU_REP_01 to altibase-0: timed out"
	slave.waitSaid(gaveUp)
	try, _, _ := strings.Cut(slave.said(), gaveUp)
	began := strings.LastIndex(try, flush)
	if took := loggedAt(t, slave.said(), gaveUp).Sub(loggedAt(t, slave.said()[strings.LastIndex(try[:began], "\n")+1:], flush)); took < 1900*time.Millisecond || took > 20*time.Second {
		t.Errorf("it gave up after %s, want 2s", took)
	}
	slave.waitMetric(`aku_pod_state{state="waiting"} 1`)
	if slave.isOpen() || slave.dir.Marked() {
		t.Error("it lets users in")
	}
	network.flow()
	slave.waitInService()
	if master.rows()[1] != 1 {
		t.Error("it is in service, and the master lacks its row")
	}
	c.mustBeEqual(0, 1)
}

func TestFlushAtEnd_Off_KeepsWhatWasNotSent(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_FLUSH_AT_END": "0", "AKU_REPLICATION_RESET_AT_END": "0"})
	c.createTables()
	c.inService(0, 1)
	leaver := c.pods[1]
	leaver.do("ALTER REPLICATION AKU_REP_01 STOP", "INSERT INTO T1 VALUES (1, 1)")
	if err := leaver.end(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(leaver.said(), "END option") || strings.Contains(afterEnd(leaver), "Flush replications.") {
		t.Error("the end flushes")
	}
	if rows := c.pods[0].rows(); len(rows) != 0 {
		t.Errorf("it was sent all the same: %v", rows)
	}
	if _, xsn := c.pods[0].object(1); xsn == akucore.Unset {
		t.Error("the end resets")
	}
	leaver.kill()
	if err := leaver.dir.Renew(); err != nil { // as in a new pod
		t.Fatal(err)
	}
	c.inService(1)
	c.pods[0].eventually("what was kept arrives", func() bool { return len(c.pods[0].rows()) == 1 })
}

// afterEnd is the pod's log since its end began.
func afterEnd(p *pod) string {
	_, said, _ := strings.Cut(p.said(), "AKU started with END option.")
	return said
}

func TestDrainTime_IsWhatUsersGetToLeave(t *testing.T) {
	t.Parallel()
	const drain = 10 * time.Second // also a slow user must get a statement through
	c := start(t, 2, map[string]string{"AKU_DRAIN_TIME": fmt.Sprint(drain.Seconds())})
	c.createTables()
	c.inService(0, 1)
	user := c.pods[1].Open(altisimtest.Dial{})
	ended := make(chan error, 1)
	began := time.Now()
	go func() { ended <- c.pods[1].end() }()
	c.pods[1].eventually("no new user gets in", func() bool { return !c.pods[1].isOpen() })
	user.Do("INSERT INTO T1 VALUES (1, 1)") // a session that is open can finish
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < drain {
		t.Errorf("the user had only %s", took)
	}
	if err := user.Try(t.Context(), "SELECT 1 FROM DUAL"); err == nil {
		t.Error("the user's session is still open")
	}
	if c.pods[0].rows()[1] != 1 {
		t.Error("the row of the last moment is lost")
	}
}

func TestShutdownAtEnd_StopsTheServerCleanly(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_SHUTDOWN_AT_END": "1"})
	c.createTables()
	c.inService(0, 1)
	if err := c.pods[1].end(); err != nil {
		t.Fatal(err)
	}
	if code := c.pods[1].WaitExit(patience); code != 0 {
		t.Errorf("the server exits with %d, want 0 as after a clean shutdown", code)
	}
	master := c.pods[0]
	master.kill()
	if run := master.launch(t, "AKU_SHUTDOWN_AT_END=0 exec aku-prestop"); run.exit() != 0 {
		t.Errorf("the end fails:\n%s", run.said())
	}
	master.asSYSDBA("SELECT 1 FROM DUAL") // it still runs
}

func TestTwoReplications_ShareTheirHosts(t *testing.T) {
	t.Parallel()
	c := start(t, 3, map[string]string{
		"AKU_REPLICATIONS_1_REPLICATION_NAME_PREFIX": "OTHER",
		"AKU_REPLICATIONS_1_TABLES":                  "SYS.T2",
		"AKU_REPLICATIONS_1_SYNC_PARALLEL_COUNT":     "4",
	})
	c.createTables()
	for _, p := range c.pods {
		p.asSYSDBA("CREATE TABLE T2 (ID INTEGER PRIMARY KEY)")
	}
	c.inService(0)
	c.pods[0].do("INSERT INTO T1 VALUES (1, 1)", "INSERT INTO T2 VALUES (2)")
	c.inService(1, 2)
	c.pods[2].waitSaid("ALLOW DUPLICATE HOSTS")
	c.pods[2].waitSaid("SYNC OTHER_02")
	c.pods[1].do("INSERT INTO T2 VALUES (3)")
	for _, p := range c.pods {
		session := p.Open(altisimtest.Dial{})
		session.Until(patience, "SELECT COUNT(*) FROM T2", "2")
		session.Until(patience, "SELECT COUNT(*) FROM T1", "1")
	}
}

func TestPassword_ChangedWhileInService_LeavesThePodInService(t *testing.T) {
	t.Parallel()
	c := start(t, 1, nil)
	c.createTables()
	c.inService(0)
	p := c.pods[0]
	p.do("ALTER USER SYS IDENTIFIED BY CHANGED")
	p.Password = "CHANGED"
	time.Sleep(2 * time.Second) // two polls of the watch, on its open session
	if !p.dir.Marked() {
		t.Error("the pod leaves service because the password was changed")
	}
}

func TestPassword_OfAnyCharacters_ConnectsAndIsNeverSaid(t *testing.T) {
	t.Parallel()
	const password = "a;b{c}d}=e f%g\\h"
	c := startWith(t, 2, altisimtest.Options{Password: password}, map[string]string{"AKU_LOG_FORMAT": "json", "AKU_END_TIMEOUT": "30"})
	c.createTables()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.inService(0)
	slave := c.pods[1]
	delete(slave.env, "AKU_SYS_PASSWORD")
	for _, line := range []string{"exec aku-init start", "exec aku-init info", "exec aku-prestop"} {
		run := slave.launch(t, line, "AKU_SYS_PASSWORD_FILE="+file)
		if code := run.exit(); code != 0 {
			t.Errorf("%s: exit code %d", line, code)
		}
		if strings.Contains(run.said(), "b{c}") {
			t.Errorf("%s says the password:\n%s", line, run.said())
		}
		if line == "exec aku-init info" {
			continue
		}
		for said := range strings.Lines(run.said()) {
			var fields struct{ Time, Level, Msg string }
			if err := json.Unmarshal([]byte(said), &fields); err != nil || fields.Time == "" || fields.Level == "" || fields.Msg == "" {
				t.Errorf("%s: AKU_LOG_FORMAT=json, but a line is %q: %v", line, said, err)
			}
		}
	}
}

func TestPodName_IsThatOfTheHost(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	run := c.pods[1].launch(t, `exec unshare --uts sh -c "hostname altibase-1; unset AKU_POD_NAME; exec aku-init info"`)
	if code := run.exit(); code != 0 || !strings.HasPrefix(strings.Join(strings.Fields(run.said()), " "), "pod altibase-1 ") {
		t.Errorf("exit code %d:\n%s", code, run.said())
	}
}
