package main_test

import (
	"fmt"
	"os"
	"testing"

	at "aku/e2e/altisim/altisimtest"
)

// A copy of a volume put back: the server starts without any error, lacks what came after the copy for ever, and what it
// writes next reaches nobody until its numbers pass the old ones, or until the peer forgets.
func TestOlderVolume_ReachesNobodyUntilItsNumbersPassTheOldOnes(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 3, at.Options{})
	var c []*at.Conn
	name := func(i, j int) string { return fmt.Sprintf("R%d%d", min(i, j), max(i, j)) }
	for i := range s {
		n := s[i].Open(at.Dial{})
		n.Do(table)
		for j := range s {
			if i != j {
				n.Do(create(s[i], name(i, j), j, "T1"))
			}
		}
		c = append(c, n)
	}
	for i := range s {
		for j := range s {
			if i != j {
				c[i].Do("ALTER REPLICATION " + name(i, j) + " START")
			}
		}
	}
	write := func(by, from, rows int) {
		t.Helper()
		for id := from; id < from+rows; id++ {
			c[by].Do(fmt.Sprintf("INSERT INTO T1 VALUES (%d, 'n%d', 0)", id, by))
		}
	}
	count := func(on int, from, to, rows int) {
		t.Helper()
		c[on].Until(soon, fmt.Sprintf("SELECT COUNT(*) FROM T1 WHERE C1 >= %d AND C1 < %d", from, to), fmt.Sprint(rows))
	}
	write(1, 0, 100)
	for n := range s {
		count(n, 0, 100, 100)
	}
	s[1].Kill9()
	old := t.TempDir()
	if err := os.CopyFS(old, os.DirFS(s[1].DataDir)); err != nil {
		t.Fatal(err)
	}
	s[1].Restart()
	c[1] = s[1].Open(at.Dial{})
	write(1, 1000, 500)
	write(0, 2000, 50)
	for n := range s {
		count(n, 1000, 3000, 550)
	}
	// The restart point has moved past the copy, and has been told.
	c[1].Do("ALTER REPLICATION R01 FLUSH ALL", "ALTER REPLICATION R12 FLUSH ALL")
	s[1].Kill9()
	if err := os.RemoveAll(s[1].DataDir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(s[1].DataDir, os.DirFS(old)); err != nil {
		t.Fatal(err)
	}
	s[1].Restart()
	c[1] = s[1].Open(at.Dial{})
	for n := range s {
		c[n].Until(soon, "SELECT STATUS, NET_ERROR_FLAG FROM V$REPSENDER", "1|0", "1|0")
	}
	count(1, 1000, 3000, 0)

	write(1, 4000, 50)
	write(0, 5000, 50)
	write(2, 6000, 50)
	for n := range s {
		count(n, 5000, 7000, 100) // what the others write arrives
	}
	c[1].Do("ALTER REPLICATION R01 FLUSH ALL", "ALTER REPLICATION R12 FLUSH ALL")
	for _, n := range []int{0, 2} {
		count(n, 4000, 5000, 0)
		want(t, c[n], "SELECT INSERT_SUCCESS_COUNT, INSERT_FAILURE_COUNT FROM V$REPRECEIVER WHERE REP_NAME = '"+name(1, n)+"'", "0|0")
	}
	c[1].Until(soon, "SELECT REP_GAP FROM V$REPGAP", "0", "0")

	// A restart of a peer makes it forget: from then on it gets what is written.
	s[0].Kill9()
	s[0].Restart()
	c[0] = s[0].Open(at.Dial{})
	c[0].Until(soon, "SELECT STATUS, NET_ERROR_FLAG FROM V$REPSENDER", "1|0", "1|0")
	c[1].Until(soon, "SELECT STATUS, NET_ERROR_FLAG FROM V$REPSENDER", "1|0", "1|0")
	write(1, 7000, 50)
	count(0, 7000, 8000, 50)
	c[1].Do("ALTER REPLICATION R12 FLUSH ALL")
	count(2, 7000, 8000, 0)
	// With numbers above the old ones the other peer gets them too.
	c[1].Do("INSERT INTO T1 SELECT 10000 + LEVEL, 'many', 0 FROM DUAL CONNECT BY LEVEL <= 2000", "INSERT INTO T1 VALUES (20000, 'above', 0)")
	count(2, 20000, 30000, 1)
	count(0, 10000, 30000, 2001)
}
