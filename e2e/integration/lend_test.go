//go:build integration

package integration

import (
	"context"
	"errors"
	"testing"

	"aku/e2e/altisim/altisimtest"
	"aku/internal/akucore"
	"aku/internal/altibase"
)

// property reads a property from a server that lets users in.
func property(watch *altisimtest.Conn, name string) int64 {
	return watch.Int("SELECT VALUE1 FROM V$PROPERTY WHERE NAME = '" + name + "'")
}

// asPod is a server as the aku of that pod reaches it.
func (c *cluster) asPod(pod, server int) *altibase.Server {
	c.t.Helper()
	_, servers := c.pods[pod].settings()
	c.t.Cleanup(servers.CloseIdle)
	return servers.Server(server).(*altibase.Server)
}

func TestTruncate_PutsBackWhatItFound(t *testing.T) {
	t.Parallel()
	const ddl = "REPLICATION_DDL_ENABLE"
	for _, found := range []string{"0", "1"} {
		c := start(t, 1, nil)
		c.createTables()
		own := c.asPod(0, 0)
		for _, test := range []struct {
			table string
			fails bool
		}{{"T1", false}, {"NOSUCH", true}} {
			c.pods[0].asSYSDBA("ALTER SYSTEM SET "+ddl+" = "+found, "DELETE FROM T1", "INSERT INTO T1 VALUES (1, 1)")
			err := own.Truncate(t.Context(), []akucore.Table{{User: "SYS", Name: test.table}})
			if (err != nil) != test.fails {
				t.Errorf("TRUNCATE %s: %v", test.table, err)
			}
			session := c.pods[0].sysdba()
			if got := session.Rows("SELECT VALUE1 FROM V$PROPERTY WHERE NAME = '" + ddl + "'"); got[0] != found {
				t.Errorf("after TRUNCATE %s it is %s, want %s", test.table, got[0], found)
			}
			if left := session.Rows("SELECT NAME FROM AKU_LENT_"); len(left) != 0 {
				t.Errorf("still lent: %v", left)
			}
			session.Close()
		}
	}
}

const patienceProperty = "REPLICATION_SYNC_LOCK_TIMEOUT"

func TestLend_SeveralBorrowers_TheLastPutsBackWhatTheFirstFound(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	watch := c.pods[0].Open(altisimtest.Dial{})
	watch.Do("ALTER SYSTEM SET " + patienceProperty + " = 31")
	want := func(when string, value int64) {
		t.Helper()
		if got := property(watch, patienceProperty); got != value {
			t.Errorf("%s: %d, want %d", when, got, value)
		}
	}
	fails := errors.New("the task fails")
	err := c.asPod(1, 0).Lend(t.Context(), patienceProperty, 600, func(ctx context.Context) error {
		want("lent", 600)
		if err := c.asPod(0, 0).Lend(ctx, patienceProperty, 700, func(context.Context) error {
			want("lent again", 700)
			return nil
		}); err != nil {
			t.Error(err)
		}
		want("the second is back", 600)
		if err := c.asPod(0, 0).PutBack(ctx); err != nil {
			t.Error(err)
		}
		want("nobody takes it from who is at work", 600)
		return fails
	})
	if !errors.Is(err, fails) {
		t.Error(err)
	}
	want("all are back", 31)
	if err := c.asPod(0, 0).Lend(t.Context(), "NO_SUCH_PROPERTY", 1, nil); !errors.Is(err, akucore.ErrFatal) {
		t.Errorf("a property that there is not: %v", err)
	}
}

func TestLend_OfWhoWasKilled_IsPutBackByTheServersOwnSidecar(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	watch := c.pods[0].Open(altisimtest.Dial{})
	// A borrower that was killed leaves its row and the property, but no session.
	borrower := c.pods[0].Open(altisimtest.Dial{})
	if err := c.asPod(0, 0).Lend(t.Context(), patienceProperty, 600, func(context.Context) error {
		borrower.Do("UPDATE AKU_LENT_ SET SESSION_ID = SESSION_ID()", "INSERT INTO AKU_LENT_ VALUES ('REPLICATION_DDL_ENABLE', SESSION_ID(), 1, 0, 7)")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	watch.Do("ALTER SYSTEM SET " + patienceProperty + " = 600")
	borrower.Close()
	c.pods[0].kill()
	c.pods[0].run()
	watch.Until(patience, "SELECT VALUE1 FROM V$PROPERTY WHERE NAME = '"+patienceProperty+"'", "30")
	// A row from an earlier start of the server says nothing about this one.
	watch.Until(patience, "SELECT COUNT(*) FROM AKU_LENT_", "0")
	if got := property(watch, "REPLICATION_DDL_ENABLE"); got != 0 {
		t.Errorf("a loan of another life of the server was put back: %d", got)
	}
}
