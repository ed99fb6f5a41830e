package main_test

import (
	"testing"

	at "aku/e2e/altisim/altisimtest"
)

// What SYNC TABLE and ADD TABLE refuse, by number.
func TestTablesOfAnObject_ThatCannotBe_HaveTheirOwnErrors(t *testing.T) {
	t.Parallel()
	parts := "CREATE TABLE TP (C1 INTEGER PRIMARY KEY) PARTITION BY RANGE (C1) (PARTITION P1 VALUES LESS THAN (10), PARTITION P2 VALUES DEFAULT)"
	p := newPair(t, at.Options{}, parts)
	for _, c := range []*at.Conn{p.n1, p.n2} {
		for _, name := range []string{"P1", "P2"} {
			c.Do(alter("ADD TABLE FROM SYS.TP PARTITION " + name + " TO SYS.TP PARTITION " + name))
		}
	}
	for _, step := range []struct {
		statement string
		code      int
	}{
		{alter("SYNC TABLE SYS.NOSUCH"), 0x61111},
		{alter("SYNC TABLE SYS.TP"), 0x6114E},
		{alter("SYNC TABLE SYS.TP PARTITION P1, SYS.TP PARTITION P2"), 0x3129B},
		{alter("ADD TABLE FROM SYS.T1 TO SYS.T1"), 0x11058},
		{"ALTER REPLICATION NOSUCH SYNC TABLE SYS.T1", 0x61126},
		{"ALTER REPLICATION NOSUCH ADD TABLE FROM SYS.T1 TO SYS.T1", 0x61126},
		{"ALTER REPLICATION NOSUCH DROP TABLE FROM SYS.T1 TO SYS.T1", 0x61126},
	} {
		try(t, p.n1, step.statement, step.code)
	}
}

// A START counts anew, with a row of 0 for the table.
func TestSentCounts_BeginAnewAtEachStart(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	const sent, rows = "SELECT SEND_LOG_COUNT FROM V$REPSENDER", "SELECT INSERT_LOG_COUNT FROM V$REPSENDER_SENT_LOG_COUNT"
	p.n1.Do(alter("START"))
	want(t, p.n1, rows, "0")
	p.n1.Do("INSERT INTO T1 VALUES (1, 'x', 1)")
	p.n1.Until(soon, sent, "2")
	want(t, p.n1, rows, "1")
	p.n1.Do(alter("STOP"), alter("START"))
	p.n1.Until(soon, sender, "1|0")
	want(t, p.n1, sent, "0")
	want(t, p.n1, rows, "0")
}
