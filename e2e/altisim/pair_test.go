package main_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	at "aku/e2e/altisim/altisimtest"
)

const (
	table     = "CREATE TABLE T1 (C1 INTEGER PRIMARY KEY, C2 VARCHAR(40), C3 INTEGER)"
	soon      = time.Minute // far more than any test here needs
	repState  = "SELECT IS_STARTED, XSN FROM SYSTEM_.SYS_REPLICATIONS_ WHERE REPLICATION_NAME = 'AKU_REP_01'"
	isStarted = "SELECT IS_STARTED FROM SYSTEM_.SYS_REPLICATIONS_ WHERE REPLICATION_NAME = 'AKU_REP_01'"
	xsn       = "SELECT XSN FROM SYSTEM_.SYS_REPLICATIONS_ WHERE REPLICATION_NAME = 'AKU_REP_01'"
	sender    = "SELECT STATUS, NET_ERROR_FLAG FROM V$REPSENDER WHERE REP_NAME = 'AKU_REP_01'"
)

// pair is two servers with an open session on each, and one replication object between them.
// both have.
type pair struct {
	s1, s2 *at.Server
	n1, n2 *at.Conn
}

func newPair(t *testing.T, o at.Options, before ...string) pair {
	t.Helper()
	s := at.Start(t, 2, o)
	p := pair{s[0], s[1], s[0].Open(at.Dial{}), s[1].Open(at.Dial{})}
	p.n1.Do(append([]string{table}, before...)...)
	p.n2.Do(append([]string{table}, before...)...)
	p.n1.Do(create(p.s1, "AKU_REP_01", 1, "T1"))
	p.n2.Do(create(p.s2, "AKU_REP_01", 0, "T1"))
	return p
}

// create is the statement that creates a replication with server number peer.
func create(s *at.Server, name string, peer int, tables ...string) string {
	q := fmt.Sprintf("CREATE REPLICATION %s WITH '%s',%d", name, at.Name(peer), s.ReplicationPort)
	for i, t := range tables {
		if i > 0 {
			q += ","
		}
		q += fmt.Sprintf(" FROM SYS.%s TO SYS.%s", t, t)
	}
	return q
}

func alter(what string) string { return "ALTER REPLICATION AKU_REP_01 " + what }

// try runs a statement and compares its error number.
func try(t *testing.T, c *at.Conn, statement string, want int) {
	t.Helper()
	if err := c.Try(context.Background(), statement); at.Code(err) != want {
		t.Errorf("%s: ERR-%05X (%v), want ERR-%05X", statement, at.Code(err), err, want)
	}
}

// slack is what a busy machine may add to any duration. Package engine tests exact durations under virtual
// time.
const slack = soon

// span is a duration, and the scale of the server's clock.
type span struct {
	took  time.Duration
	scale float64
}

func took(s *at.Server, f func()) span {
	begin := time.Now()
	f()
	return since(s, begin)
}

func since(s *at.Server, begin time.Time) span { return span{time.Since(begin), s.Scale} }

// between compares a span with limits on the real server's clock.
func between(t *testing.T, what string, got span, low, high time.Duration) {
	t.Helper()
	real := func(d time.Duration) time.Duration { return time.Duration(float64(d) * got.scale) }
	if got.took < real(low) || got.took > real(high)+slack {
		t.Errorf("%s took %s, want %s to %s and some slack", what, got.took, real(low), real(high))
	}
}

func want(t *testing.T, c *at.Conn, query string, rows ...string) {
	t.Helper()
	if got := c.Rows(query); fmt.Sprint(got) != fmt.Sprint(rows) {
		t.Errorf("%s: %q, want %q", query, got, rows)
	}
}
