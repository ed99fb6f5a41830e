//go:build integration

package integration

import (
	"database/sql"
	"strings"
	"testing"
	"time"
)

// lockers are users of a pod whose transaction keeps the pod from applying what others write to the table.
var lockers = map[string][]string{
	"who has written": {"INSERT INTO MINE VALUES (1)", "LOCK TABLE T1 IN EXCLUSIVE MODE"},
	"who only locks":  {"LOCK TABLE T1 IN EXCLUSIVE MODE"},
}

// lockAgainst has a user of the pod lock the table, and lets a row of a peer wait for that. It returns the user's
// transaction, and what names it.
func (p *pod) lockAgainst(peer *pod, statements []string) (tx *sql.Tx, named string) {
	p.t.Helper()
	p.do("CREATE TABLE MINE (ID INTEGER PRIMARY KEY)")
	tx, session := p.begin(statements...)
	peer.do("INSERT INTO T1 VALUES (1, 1)")
	p.eventually("a row of the peer waits for the lock", func() bool {
		return p.SQL("SELECT COUNT(DISTINCT TRANS_ID) FROM V$LOCK_WAIT")[0] == "1"
	})
	return tx, waitsFor(session)
}

// A receiver waits for a lock for up to an hour, and the STOP of its sender hangs as long.
func TestEnd_StopThatHangs_IsBoundedAndNamesWhoseLockItIs(t *testing.T) {
	t.Parallel()
	for who, statements := range lockers {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			c := start(t, 2, map[string]string{"AKU_FLUSH_AT_END": "0", "AKU_REPLICATION_RESET_AT_END": "0", "AKU_SHUTDOWN_AT_END": "0"})
			c.createTables()
			c.inService(0, 1)
			master, leaver := c.pods[0], c.pods[1]
			lock, named := master.lockAgainst(leaver, statements)
			began := time.Now()
			err := leaver.end()
			if err == nil || !strings.Contains(err.Error(), "STOP AKU_REP_01") || !strings.Contains(err.Error(), "the receiver on altibase-0 may wait for a lock: on altibase-0 ") || !strings.Contains(err.Error(), named) {
				t.Errorf("the end does not say that its STOP waits for %q: %v", named, err)
			}
			if took := time.Since(began); took > patience {
				t.Errorf("the end took %s", took)
			}
			if err := lock.Rollback(); err != nil {
				t.Errorf("the lock was not held all the time: %v", err)
			}
			leaver.Kill9()
			leaver.Restart()
			if err := leaver.dir.Renew(); err != nil {
				t.Fatal(err)
			}
			leaver.waitInService()
			c.mustBeEqual(0, 1)
			if rows := master.rows(); len(rows) != 1 || rows[1] != 1 {
				t.Errorf("the master has rows %v", rows)
			}
		})
	}
}

// A join stops the other slaves' senders to the master while its statements queue for their locks.
func TestJoin_StopThatHangs_IsBoundedAndNamesWhoseLockItIs(t *testing.T) {
	t.Parallel()
	c := start(t, 3, map[string]string{"AKU_LOCK_WAIT": "1"})
	c.createTables()
	c.inService(0, 1)
	master, slave, joins := c.pods[0], c.pods[1], c.pods[2]
	lock, named := master.lockAgainst(slave, lockers["who only locks"])
	joins.run()
	joins.eventually("it says whose lock the STOP waits for", func() bool {
		for line := range strings.Lines(joins.said()) {
			if strings.Contains(line, "hold back the changes of altibase-1: ") && strings.Contains(line, "the receiver on altibase-0 may wait for a lock: on altibase-0 "+named) {
				return true
			}
		}
		return false
	})
	if err := lock.Rollback(); err != nil {
		t.Errorf("the lock was not held all the time: %v", err)
	}
	joins.waitInService()
	c.mustBeEqual(0, 1, 2)
	if rows := joins.rows(); len(rows) != 1 || rows[1] != 1 {
		t.Errorf("the pod that joined has rows %v", rows)
	}
}
