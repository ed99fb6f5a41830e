//go:build integration

package integration

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
)

// retryLine matches the log line of a repeated step.
var retryLine = regexp.MustCompile(`(?m)^time=(\S+) .*msg="trying again" step="altibase-1: START AKU_REP_01[^"]*" attempt=(\d+) `)

// startAgainWithoutMaster ends the slave of two pods and starts it again by the real program, while its
// replication does not reach the master.
func (c *cluster) startAgainWithoutMaster(t *testing.T) *program {
	t.Helper()
	slave := c.pods[1]
	if err := slave.end(); err != nil {
		t.Fatal(err)
	}
	slave.kill()
	c.pods[0].Reached("127.255.255.254") // nobody listens there
	return slave.launch(t, "aku-init clear-marker; exec aku-init start")
}

// The server of pod 1 does not reach its peer, but aku does. So a START fails, and may succeed when it is
// repeated.
func TestQueryRetry_CountAndDelayAreThoseOfAFailedStatement(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		count int
		delay time.Duration
	}{{0, time.Second}, {3, 0}, {2, 700 * time.Millisecond}} {
		t.Run(fmt.Sprint(test.count, " after ", test.delay), func(t *testing.T) {
			t.Parallel()
			c := start(t, 2, map[string]string{
				"AKU_QUERY_RETRY_COUNT": fmt.Sprint(test.count), "AKU_QUERY_RETRY_DELAY_MSEC": fmt.Sprint(test.delay.Milliseconds()),
				"AKU_REPLICATION_RESET_AT_END": "0",
			})
			c.createTables()
			c.inService(0, 1)
			slave := c.pods[1]
			run := c.startAgainWithoutMaster(t)
			if code := run.exit(); code != 1 || !strings.Contains(run.said(), "ERR-6100D") {
				t.Fatalf("exit code %d:\n%s", code, run.said())
			}
			// A start without a watch observes again as often as a statement is repeated.
			plans := strings.Count(run.said(), `name="restart of a slave"`)
			if plans != test.count+1 {
				t.Errorf("%d plans, want %d", plans, test.count+1)
			}
			retries := retryLine.FindAllStringSubmatch(run.said(), -1)
			if len(retries) != plans*test.count {
				t.Errorf("%d retries in %d plans, want %d each:\n%s", len(retries), plans, test.count, run.said())
			}
			var last time.Time
			for i, retry := range retries {
				at, err := time.Parse(time.RFC3339, retry[1])
				if err != nil {
					t.Fatal(err)
				}
				if want := fmt.Sprint(i%test.count + 1); retry[2] != want {
					t.Errorf("retry %d is number %s, want %s", i, retry[2], want)
				}
				if pause := at.Sub(last); i%test.count > 0 && (pause < test.delay-50*time.Millisecond || pause > test.delay+20*time.Second) {
					t.Errorf("%s between two tries, want %s", pause, test.delay)
				}
				last = at
			}
			if slave.isOpen() {
				t.Error("it lets users in")
			}
			// A statement that fails for a while succeeds in the end.
			c.pods[0].Reached(c.pods[0].Host)
			if run := slave.launch(t, "exec aku-init start"); run.exit() != 0 {
				t.Errorf("exit code %d:\n%s", run.exit(), run.said())
			}
		})
	}
}

func TestQueryRetry_CutsNothingShortThatSucceeds(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_QUERY_RETRY_COUNT": "200", "AKU_QUERY_RETRY_DELAY_MSEC": "50", "AKU_REPLICATION_RESET_AT_END": "0"})
	c.createTables()
	c.inService(0, 1)
	slave := c.pods[1]
	run := c.startAgainWithoutMaster(t)
	run.waitSaid("attempt=3 ")
	c.pods[0].Reached(c.pods[0].Host)
	if code := run.exit(); code != 0 || strings.Count(run.said(), `name="restart of a slave"`) != 1 {
		t.Errorf("exit code %d, it did not go on in the same plan:\n%s", code, run.said())
	}
	session := slave.Open(altisimtest.Dial{})
	session.Close()
}
