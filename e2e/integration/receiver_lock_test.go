//go:build integration

package integration

import (
	"testing"
	"time"
)

// By its own default, a receiver gives a row up that has waited 5 s for a lock. In a mesh it waits for up to an hour.
func TestReceivers_WaitForALockLongerThanTheServersDefault_AndGiveNothingUp(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	for on, peer := range map[int]int{0: 1, 1: 0} {
		if set, err := c.asPod(on, on).ReceiverLockTimeout(t.Context()); err != nil || set != time.Hour {
			t.Errorf("receivers of pod %d wait %s, %v", on, set, err)
		}
		locked, writer := c.pods[on], c.pods[peer]
		release := locked.stall()
		writer.do("INSERT INTO T1 VALUES (" + map[int]string{0: "10", 1: "11"}[on] + ", 1)")
		locked.eventually("a row waits for the lock", func() bool {
			return locked.SQL("SELECT COUNT(DISTINCT TRANS_ID) FROM V$LOCK_WAIT")[0] == "1"
		})
		time.Sleep(time.Duration(20 * float64(time.Second) * locked.Scale)) // 20 s of the server's
		release()
	}
	c.mustBeEqual(0, 1)
	if rows := c.pods[0].rows(); len(rows) != 2 {
		t.Errorf("pod 0 has %v", rows)
	}
}
