package main_test

import (
	"testing"

	at "aku/e2e/altisim/altisimtest"
)

func TestTruncate_OfAReplicatedTable_WantsThePropertyAndIsLocal(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{}, "CREATE TABLE FREE (C1 INTEGER PRIMARY KEY)")
	p.n1.Do("INSERT INTO T1 VALUES (1, 'x', 1)", "INSERT INTO FREE VALUES (1)")
	refused := func(state string) {
		t.Helper()
		for st, code := range map[string]int{
			"TRUNCATE TABLE T1": 0x312C4, "ALTER TABLE T1 ADD COLUMN (C4 INTEGER)": 0x312C4, "DROP TABLE T1": 0x3103F,
			"TRUNCATE TABLE NOSUCH": 0x31031, "DROP TABLE NOSUCH": 0x31031,
		} {
			t.Log(state)
			try(t, p.n1, st, code)
		}
	}
	refused("never started")
	p.n1.Do("TRUNCATE TABLE FREE", alter("SYNC"))
	refused("started")
	p.n1.Do(alter("STOP"))
	refused("stopped")
	p.n1.Do(alter("START"))
	p.n2.Do(alter("START"))

	p.n1.Do("ALTER SYSTEM SET REPLICATION_DDL_ENABLE = 1")
	c := p.s1.Open(at.Dial{})
	c.Do("ALTER SESSION SET REPLICATION = NONE")
	try(t, c, "TRUNCATE TABLE T1", 0x312C6)
	c.Do("ALTER SESSION SET REPLICATION = FALSE")
	try(t, c, "TRUNCATE TABLE T1", 0x312C6)
	p.n1.Do("TRUNCATE TABLE T1")
	want(t, p.n1, "SELECT COUNT(*) FROM T1", "0")
	want(t, p.n2, "SELECT COUNT(*) FROM T1", "1") // local only
	try(t, p.n1, "DROP TABLE T1", 0x3103F)

	// Both directions go on after it.
	p.n1.Until(soon, sender, "1|0")
	p.n2.Until(soon, sender, "1|0")
	p.n1.Do("INSERT INTO T1 VALUES (501, 'after', 1)")
	p.n2.Do("INSERT INTO T1 VALUES (502, 'after', 1)")
	p.n1.Until(soon, "SELECT C1 FROM T1 ORDER BY 1", "501", "502")
	p.n2.Until(soon, "SELECT C1 FROM T1 ORDER BY 1", "1", "501", "502")

	// The permission does not outlive the server.
	p.s1.Kill9()
	p.s1.Restart()
	n1 := p.s1.Open(at.Dial{})
	want(t, n1, "SELECT VALUE1 FROM V$PROPERTY WHERE NAME = 'REPLICATION_DDL_ENABLE'", "0")
	try(t, n1, "TRUNCATE TABLE T1", 0x312C4)
	n1.Do(alter("STOP"), "DROP REPLICATION AKU_REP_01", "TRUNCATE TABLE T1", "DROP TABLE T1")
}

// A table that is dropped and made anew is another one, whoever writes.
func TestTable_DroppedAndMadeAnew_IsAnotherOne(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 1, at.Options{})[0]
	c := s.Open(at.Dial{})
	c.Do("CREATE TABLE T1 (C1 INTEGER PRIMARY KEY, C2 INTEGER)", "INSERT INTO T1 VALUES (1, 1)", "DROP TABLE T1",
		"CREATE TABLE T1 (C1 INTEGER PRIMARY KEY)", "INSERT INTO T1 VALUES (1)", "ALTER TABLE T1 ADD COLUMN (C2 INTEGER)", "INSERT INTO T1 VALUES (2, 2)")
	want(t, c, "SELECT * FROM T1 ORDER BY C1", "1|-", "2|2")
}

// A column that is added on both sides travels.
func TestAddColumn_OnBothSides_Travels(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.n1.Do("INSERT INTO T1 VALUES (1, 'x', 1)", alter("SYNC"))
	for _, c := range []*at.Conn{p.n2, p.n1} {
		c.Do("ALTER SYSTEM SET REPLICATION_DDL_ENABLE = 1", "ALTER TABLE T1 ADD COLUMN (C4 INTEGER DEFAULT 4)")
	}
	p.n1.Until(soon, sender, "1|0")
	p.n1.Do("INSERT INTO T1 (C1, C4) VALUES (2, 44)", "UPDATE T1 SET C4 = 5 WHERE C1 = 1")
	p.n2.Until(soon, "SELECT C1, C4 FROM T1 ORDER BY 1", "1|5", "2|44")
	try(t, p.n1, "ALTER TABLE T1 DROP COLUMN NOSUCH", 0x311F4)
}
