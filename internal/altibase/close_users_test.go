package altibase

import (
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestCloseUserSessions_OneThatHangs_KeepsNoneOfTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := after(time.Minute)
		f := &fake{answer: func(statement string) ([][]driver.Value, error) {
			switch {
			case strings.Contains(statement, "SYS_DATABASE_"):
				return [][]driver.Value{{"mydb"}}, nil
			case strings.Contains(statement, "SYSDBA_FLAG = 0"):
				return [][]driver.Value{{int64(101), "U1", "a"}, {int64(102), "U2", "b"}, {int64(103), "U3", "c"}}, nil
			case strings.HasSuffix(statement, "SESSION CLOSE 101"):
				slow()
			}
			return nil, nil
		}}
		servers := f.servers(t)
		inTime(t, 5*time.Second, func() {
			if err := own(servers).CloseUserSessions(t.Context()); !errors.Is(err, errAbandoned) || !strings.Contains(err.Error(), "close session 101") {
				t.Errorf("a session whose end hangs: %v", err)
			}
		})
		for _, other := range []string{"SESSION CLOSE 102", "SESSION CLOSE 103"} {
			if len(f.statements(other)) != 1 {
				t.Errorf("%s was not said", other)
			}
		}
		servers.CloseIdle()
		time.Sleep(time.Minute)
		if n := f.sessions(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}
