//go:build integration

package integration

import (
	"strings"
	"testing"

	"aku/e2e/altisim/altisimtest"
	"aku/internal/akucore"
)

// xsns are the XSNs of the pod's replication objects, also while it is closed.
func (p *pod) xsns() string {
	p.t.Helper()
	dba := p.sysdba()
	defer dba.Close()
	return strings.Join(dba.Rows("SELECT XSN FROM SYSTEM_.SYS_REPLICATIONS_"), ",")
}

// A hook that gets SIGTERM ends in time, in any stage, whether the running statement was executed or not. The
// next end and the next start repair the state.
func TestSIGTERM_OfTheHookInAnyStage_EndsInTime_AndTheNextEndAndStartMendIt(t *testing.T) {
	t.Parallel()
	const drain = "waiting for users"
	tests := []struct {
		at       string // the statement on the own server that SIGTERM interrupts
		executed bool
		undone   string // what it reports as left undone
	}{
		{drain, false, "altibase-1: CLOSE (under way); "},
		{"ALTER REPLICATION AKU_REP_01 STOP", false, "altibase-1: STOP AKU_REP_01 (under way); "},
		{"ALTER REPLICATION AKU_REP_01 STOP", true, "altibase-1: STOP AKU_REP_01 (under way); "},
		{"ALTER REPLICATION AKU_REP_01 RESET", false, "altibase-1: RESET AKU_REP_01 (if everything is delivered) (under way)"},
		{"ALTER REPLICATION AKU_REP_01 RESET", true, "altibase-1: RESET AKU_REP_01 (if everything is delivered) (under way)"},
		{"SHUTDOWN IMMEDIATE", false, "altibase-1: SHUTDOWN (under way)"},
		{"SHUTDOWN IMMEDIATE", true, "altibase-1: SHUTDOWN (under way)"},
	}
	for _, test := range tests {
		name := test.at
		if test.executed {
			name += ", executed"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, 2, map[string]string{"AKU_DRAIN_TIME": "30", "AKU_SHUTDOWN_AT_END": "1"})
			c.createTables()
			c.inService(0, 1)
			leaver := c.pods[1]
			leaver.kill()
			leaver.do("INSERT INTO T1 VALUES (1, 1)")

			loopback := leaver.onLoopback(t)
			var user *altisimtest.Conn
			if test.at == drain {
				user = leaver.Open(altisimtest.Dial{})
			}
			held := loopback.holdAt(test.at, test.executed)
			run := leaver.launch(t, "exec aku-prestop")
			if user != nil {
				leaver.eventually("no new user gets in", func() bool { return !leaver.isOpen() })
			} else {
				select {
				case <-held:
				case <-run.done:
					t.Fatalf("it ended before %s:\n%s", test.at, run.said())
				}
			}
			// The container ends with its server, so lines after the statement may be lost: all else is said to be done before. The
			// statement is held, so no later line can be meant.
			if strings.HasPrefix(test.at, "SHUTDOWN") {
				run.waitSaid("AKU run successfully.")
			}
			run.mustEnd()
			if line := "CUT SHORT: terminated signal received\" left_undone=\""; !strings.Contains(run.said(), line) || !strings.Contains(run.said(), test.undone) {
				t.Errorf("it does not say %q and %q:\n%s", line, test.undone, run.said())
			}
			if user != nil {
				user.Do("INSERT INTO T1 VALUES (2, 2)") // an open session goes on
				user.Close()
			}

			if strings.HasPrefix(test.at, "SHUTDOWN") && test.executed {
				if code := leaver.WaitExit(patience); code != 0 {
					t.Errorf("the server exits with %d, want 0 as after a clean shutdown", code)
				}
			} else {
				if again := leaver.launch(t, "exec aku-prestop"); again.exit() != 0 {
					t.Errorf("the next end: exit code %d:\n%s", again.exit(), again.said())
				}
				leaver.WaitExit(patience)
			}
			leaver.Restart()
			own := leaver.xsns()
			if _, xsn := c.pods[0].object(1); xsn != akucore.Unset || own != "-1" {
				t.Errorf("XSN %d on the master, %s on the slave: the pair is not reset", xsn, own)
			}
			if rows := c.pods[0].rows(); rows[1] != 1 || (user != nil) != (rows[2] == 2) {
				t.Errorf("the master has rows %v", rows)
			}
			c.pods[0].do("INSERT INTO T1 VALUES (3, 3)")
			if started := leaver.launch(t, "aku-init clear-marker; exec aku-init start"); started.exit() != 0 {
				t.Errorf("the next start: exit code %d:\n%s", started.exit(), started.said())
			}
			leaver.do("INSERT INTO T1 VALUES (4, 4)")
			c.mustBeEqual(0, 1)
		})
	}
}
