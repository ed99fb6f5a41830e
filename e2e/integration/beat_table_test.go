//go:build integration

package integration

import (
	"slices"
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
)

// A person who empties the beat table of the master takes away what the slaves compare. They must not take its database for
// one that was set back.
func TestBeatTable_EmptiedByAPerson_TheSlavesStayInService(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	master, slave := c.pods[0], c.pods[1]
	session := master.Open(altisimtest.Dial{})
	defer session.Close()
	const beats = "SELECT SEQ FROM AKU_REP_BEAT WHERE POD = 0 ORDER BY SEQ"
	first := session.Rows(beats)
	master.eventually("a beat in service", func() bool { return !slices.Equal(session.Rows(beats), first) })
	// A beat of either pod may be under way.
	session.Do("ALTER SESSION SET DDL_LOCK_TIMEOUT = 600", "ALTER SYSTEM SET REPLICATION_DDL_ENABLE = 1", "TRUNCATE TABLE AKU_REP_BEAT", "ALTER SYSTEM SET REPLICATION_DDL_ENABLE = 0")
	master.eventually("the next beat", func() bool { return len(session.Rows(beats)) > 0 })
	slave.kill()
	slave.starts()
	slave.waitInService()
}

// A pod in service beats at the interval that it is told, and not more often.
func TestBeatInterval_IsThatOfTheBeatsInService(t *testing.T) {
	t.Parallel()
	for interval, soon := range map[string]bool{"1": true, "60": false} {
		t.Run(interval, func(t *testing.T) {
			t.Parallel()
			c := start(t, 1, map[string]string{"AKU_BEAT_INTERVAL": interval})
			c.createTables()
			c.inService(0)
			session := c.pods[0].Open(altisimtest.Dial{})
			defer session.Close()
			const newest = "SELECT MAX(SEQ) FROM AKU_REP_BEAT WHERE POD = 0"
			last, beats := session.Rows(newest), 0
			look := func() int {
				if now := session.Rows(newest); !slices.Equal(now, last) {
					last, beats = now, beats+1
				}
				return beats
			}
			if soon {
				c.pods[0].eventually("three more beats", func() bool { return look() >= 3 })
				return
			}
			// One comes as soon as the pod is in service.
			for until := time.Now().Add(4 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
				if look() > 1 {
					t.Fatal("two beats within 4 s")
				}
			}
		})
	}
}
