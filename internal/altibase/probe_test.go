package altibase

import (
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

var beatTable = akucore.Table{User: "SYS", Name: "AKU_REP_BEAT"}

// verbs are the first words of what was said since a moment.
func (f *fake) verbs(since int) (verbs []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, statement := range f.said[since:] {
		verb, _, _ := strings.Cut(statement, " ")
		verbs = append(verbs, verb)
	}
	return verbs
}

// runProbe begins a probe and commits it, on a session that is there already.
func runProbe(t *testing.T, f *fake, servers *Cluster) (verbs []string, begun, committed error) {
	t.Helper()
	if err := own(servers).Reserve(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	since := len(f.said)
	f.mu.Unlock()
	p, err := own(servers).BeginProbe(t.Context(), time.Minute)
	if err != nil {
		return f.verbs(since), err, nil
	}
	err = p.Commit(t.Context(), beatTable, -101)
	p.GiveUp(t.Context()) // it is over
	return f.verbs(since), nil, err
}

// Nothing of it outlasts this process: the server ends what a node that is gone has left open.
func TestProbe_WritesItsOwnTableFirst_AndTheBeatLast(t *testing.T) {
	fails := func(words string, with error) func(string) ([][]driver.Value, error) {
		return func(statement string) ([][]driver.Value, error) {
			if strings.Contains(statement, words) {
				return nil, with
			}
			return nil, nil
		}
	}
	broken := said("HY000", 0x31001, "no")
	for name, c := range map[string]struct {
		answer func(string) ([][]driver.Value, error)
		want   string
		ends   string // begun, committed, or neither
	}{
		"all is well":         {nil, "SELECT ALTER BEGIN INSERT INSERT DELETE COMMIT", "committed"},
		"there is no table":   {fails("SELECT COUNT(*) FROM SYS.AKU_PROBE_", said("42S02", 0x31031, "Table or view was not found")), "SELECT CREATE ALTER BEGIN INSERT INSERT DELETE COMMIT", "committed"},
		"the table is denied": {fails("SELECT COUNT(*) FROM SYS.AKU_PROBE_", broken), "SELECT", ""},
		"no transaction":      {fails("BEGIN", broken), "SELECT ALTER BEGIN", ""},
		"no row":              {fails("INTO SYS.AKU_PROBE_", broken), "SELECT ALTER BEGIN INSERT ROLLBACK", ""},
		"no beat":             {fails("INTO SYS.AKU_REP_BEAT", broken), "SELECT ALTER BEGIN INSERT INSERT ROLLBACK", "begun"},
		"no COMMIT":           {fails("COMMIT", broken), "SELECT ALTER BEGIN INSERT INSERT DELETE COMMIT", "begun"},
		"no limit":            {fails("UTRANS_TIMEOUT", broken), "SELECT ALTER", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: c.answer}
				servers := f.servers(t)
				verbs, begun, committed := runProbe(t, f, servers)
				if got := strings.Join(verbs, " "); got != c.want {
					t.Errorf("it says %q, want %q", got, c.want)
				}
				if n := len(f.statements("ALTER SESSION SET UTRANS_TIMEOUT = 60")); n != strings.Count(c.want, "ALTER") {
					t.Errorf("it limits the transaction %d times", n)
				}
				if (begun == nil) != (c.ends != "") || (begun == nil && committed == nil) != (c.ends == "committed") {
					t.Errorf("begun: %v, committed: %v", begun, committed)
				}
				synctest.Wait()
				if n := f.sessions(); n != spare {
					t.Errorf("%d sessions are open, want all but that of the probe", n)
				}
				servers.CloseIdle()
				synctest.Wait()
				if n := f.sessions(); n != 0 {
					t.Errorf("%d sessions are left", n)
				}
			})
		})
	}
}

// What hangs is left, and rolled back once it comes back.
func TestProbe_ThatHangs_IsLeftInTime(t *testing.T) {
	for hanging, ends := range map[string]string{"BEGIN": "ROLLBACK", "INSERT INTO SYS.AKU_PROBE_": "ROLLBACK", "INSERT INTO SYS.AKU_REP_BEAT": "ROLLBACK", "COMMIT": "COMMIT"} {
		t.Run(hanging, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hangs := after(time.Hour)
				f := &fake{answer: func(statement string) ([][]driver.Value, error) {
					if strings.Contains(statement, hanging) {
						hangs()
					}
					return nil, nil
				}}
				servers := f.servers(t)
				inTime(t, 2*(quickTimeout+cancelGrace), func() {
					if _, begun, committed := runProbe(t, f, servers); begun == nil && committed == nil {
						t.Error("no error")
					}
				})
				servers.CloseIdle()
				time.Sleep(2 * time.Hour)
				if n := f.sessions(); n != 0 {
					t.Errorf("%d sessions are left", n)
				}
				if verbs := f.verbs(0); !slices.Contains(verbs, ends) {
					t.Errorf("the transaction has not ended: %q", verbs)
				}
				if n := own(servers).hang(); n != 0 {
					t.Errorf("%d calls count as hanging", n)
				}
			})
		})
	}
}

// A server that ends, or an administrator, closes the session of a probe.
func TestProbe_WhoseConnectionBreaks_FailsAtOnce(t *testing.T) {
	for _, breaks := range []string{"BEGIN", "INSERT INTO SYS.AKU_PROBE_", "INSERT INTO SYS.AKU_REP_BEAT", "DELETE FROM SYS.AKU_PROBE_", "COMMIT"} {
		inBubble(t, breaks, func(t *testing.T) {
			ended := make(chan bool, 1+spare)
			f := &fake{hangup: func() { ended <- true }, answer: func(statement string) ([][]driver.Value, error) {
				if strings.Contains(statement, breaks) {
					return nil, driver.ErrBadConn
				}
				return nil, nil
			}}
			servers := f.servers(t)
			_, begun, committed := runProbe(t, f, servers)
			if err := errors.Join(begun, committed); !errors.Is(err, akucore.ErrUnreachable) || isAbandoned(err) {
				t.Fatalf("%v", err)
			}
			servers.CloseIdle()
			for range 1 + spare {
				<-ended
			}
		})
	}
}

// The copies of several blocks run at the same time: the probe of one is no user of another.
func TestOpenTransactions_OwnProbes_AreLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		servers := f.servers(t)
		p, err := own(servers).BeginProbe(t.Context(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		of := p.(*probe).session.id
		f.answer = func(statement string) ([][]driver.Value, error) {
			if strings.Contains(statement, "V$TRANSACTION") {
				return [][]driver.Value{{int64(1), of, int64(1)}, {int64(2), of + 100, int64(1)}}, nil
			}
			return nil, nil
		}
		mustShow := func(when string, want ...int64) {
			t.Helper()
			open, ok, err := own(servers).OpenTransactions(t.Context())
			if err != nil || !ok {
				t.Fatal(err)
			}
			var sessions []int64
			for _, o := range open {
				sessions = append(sessions, o.Session)
			}
			if !slices.Equal(sessions, want) {
				t.Errorf("%s it shows those of sessions %d, want %d", when, sessions, want)
			}
		}
		mustShow("while the probe is open", of+100)
		if err := p.Commit(t.Context(), beatTable, -101); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		mustShow("when another session may have the number", of, of+100)
		servers.CloseIdle()
	})
}
