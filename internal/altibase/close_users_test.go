package altibase

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Under ADMIN_MODE 1 there are no sessions but those that were opened before it.
func TestCloseUserSessions_ThoseThatHang_KeepNoneOfTheOthersAndAreAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var closed atomic.Bool
		f := &fake{
			login: func(dsn string) error {
				if closed.Load() {
					return closedToUsers(dsn)
				}
				return nil
			},
			answer: func(statement string) ([][]driver.Value, error) {
				switch {
				case strings.Contains(statement, "SYS_DATABASE_"):
					return [][]driver.Value{{"mydb"}}, nil
				case strings.Contains(statement, "SYSDBA_FLAG = 0"):
					var users [][]driver.Value
					for id := int64(101); id <= 106; id++ {
						users = append(users, []driver.Value{id, "U", "a"})
					}
					return users, nil
				case strings.Contains(statement, "SESSION CLOSE") && statement[len(statement)-1] < '4':
					time.Sleep(time.Minute)
				}
				return nil, nil
			},
		}
		servers := f.servers(t)
		if err := own(servers).Reserve(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		closed.Store(true)
		inTime(t, 3*(sessionCloseTimeout+cancelGrace)+time.Second, func() {
			err := own(servers).CloseUserSessions(t.Context())
			if !errors.Is(err, errAbandoned) {
				t.Errorf("sessions whose end hangs: %v", err)
			}
			for id := 101; id <= 103; id++ {
				if err == nil || !strings.Contains(err.Error(), fmt.Sprint("close session ", id)) {
					t.Errorf("%v does not name %d", err, id)
				}
			}
		})
		inTime(t, time.Second, func() {
			if err := own(servers).CloseUserSessions(t.Context()); err != nil {
				t.Errorf("once more: %v", err)
			}
			if err := own(servers).Stop(t.Context(), "AKU_REP_01"); err != nil {
				t.Errorf("what the end does next: %v", err)
			}
		})
		for id := 101; id <= 106; id++ {
			want := map[bool]int{true: 1, false: 2}[id <= 103]
			if n := len(f.statements(fmt.Sprint("SESSION CLOSE ", id))); n != want {
				t.Errorf("session %d was closed %d times, want %d", id, n, want)
			}
		}
		time.Sleep(time.Minute)
		if !own(servers).setEnding(101) || own(servers).hang() > 0 {
			t.Error("an end that came back still counts as hanging")
		}
		servers.CloseIdle()
		if n := f.sessions(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}
