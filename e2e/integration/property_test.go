//go:build integration

package integration

import (
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
	// A SYNC takes 2 s, scaled like the limit.
	c := start(t, 2, map[string]string{"AKU_QUERY_TIMEOUT": "1"})
	c.createTables()
	c.inService(0)
	c.pods[1].run()
	c.pods[1].waitSaid("SYNC AKU_REP_01: ERR-01044 Client's query exceeded the execution time limit.")
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
	if c.pods[1].isOpen() {
		t.Error("the slave is open before the delay")
	}
	c.pods[1].waitInService()
	c.pods[1].waitSaid("altibase-1: DELAY 2s")
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

func TestFlushAtEnd_Off_KeepsWhatWasNotSent(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_FLUSH_AT_END": "0", "AKU_REPLICATION_RESET_AT_END": "0"})
	c.createTables()
	c.inService(0, 1)
	if err := c.pods[1].end(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(c.pods[1].said(), "END option") && strings.Contains(afterEnd(c.pods[1]), "Flush replications.") {
		t.Error("the end flushes")
	}
	if _, xsn := c.pods[0].object(1); xsn == akucore.Unset {
		t.Error("the end resets")
	}
}

// afterEnd is what a pod said since its end began.
func afterEnd(p *pod) string {
	_, said, _ := strings.Cut(p.said(), "AKU started with END option.")
	return said
}

func TestDrainTime_IsWhatUsersGetToLeave(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_DRAIN_TIME": "2"})
	c.createTables()
	c.inService(0, 1)
	user := c.pods[1].Open(altisimtest.Dial{})
	ended := make(chan error, 1)
	began := time.Now()
	go func() { ended <- c.pods[1].end() }()
	c.pods[1].eventually("no new user gets in", func() bool { return !c.pods[1].isOpen() })
	user.Do("INSERT INTO T1 VALUES (1, 1)") // one that is inside can finish
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 2*time.Second {
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

func TestPassword_ChangedWhileInService(t *testing.T) {
	t.Parallel()
	c := start(t, 1, nil)
	c.createTables()
	c.inService(0)
	p := c.pods[0]
	p.do("ALTER USER SYS IDENTIFIED BY CHANGED")
	p.Password = "CHANGED"
	time.Sleep(2 * time.Second) // two looks of the watch, on its open session
	if !p.dir.Marked() {
		t.Error("the pod leaves service because the password was changed")
	}
}
