//go:build integration

package integration

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"aku/internal/status"
)

// The hook is another program than the sidecar, which has the metric and the Events.
func TestEnd_ThatSeesThatRowsAreNotApplied_TheSidecarTellsIt(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_REPLICATION_RESET_AT_END": "0", "AKU_SHUTDOWN_AT_END": "0"})
	c.createTables()
	c.inService(0, 1)
	master, leaver := c.pods[0], c.pods[1]
	master.do("ALTER SESSION SET REPLICATION = FALSE", "INSERT INTO T1 VALUES (1, 7)")
	release := master.stall()
	leaver.do("INSERT INTO T1 VALUES (1, 8)")
	master.eventually("the row waits for the lock", func() bool {
		return master.SQL("SELECT COUNT(DISTINCT TRANS_ID) FROM V$LOCK_WAIT")[0] == "1"
	})
	ended := make(chan error, 1)
	go func() { ended <- leaver.end() }()
	leaver.waitSaid("msg=delivering") // it has read the receiver's counts by then
	release()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	leaver.eventually("the sidecar tells it", func() bool {
		response, err := http.Get("http://127.0.0.1:" + leaver.env["AKU_HEALTH_PORT"] + status.GivenUpPage)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		return strings.Contains(string(text), "altibase-0: changes of altibase-1: changes were not applied: 1 rows")
	})
}
