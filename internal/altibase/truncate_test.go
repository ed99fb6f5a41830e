package altibase

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

func TestTruncate_ManyTables_RunOnAsManySessionsAsTheServerHas(t *testing.T) {
	var tables []akucore.Table
	for i := range 40 {
		tables = append(tables, akucore.Table{User: "SYS", Name: fmt.Sprint("T", i)})
	}
	for name, test := range map[string]struct {
		closed bool
		took   time.Duration // a second for each table
		most   int           // at the same time
	}{
		"open":                      {took: 10 * time.Second, most: truncateSessions},
		"closed: SYSDBA's is alone": {closed: true, took: 40 * time.Second, most: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var now, most int
				count := func(more int) {
					mu.Lock()
					defer mu.Unlock()
					now += more
					most = max(most, now)
				}
				f := &fake{answer: func(statement string) ([][]driver.Value, error) {
					switch {
					case strings.Contains(statement, "TRUNCATE"):
						count(1)
						time.Sleep(time.Second)
						count(-1)
					case strings.Contains(statement, "EXISTS"):
						return nil, said("42000", 0x31001, "SQL syntax error") // then all count as filled
					case strings.Contains(statement, "V$PROPERTY"):
						return [][]driver.Value{{int64(0), int64(0)}}, nil
					}
					return nil, nil
				}}
				if test.closed {
					f.login = closedToUsers
				}
				servers := f.servers(t)
				defer servers.CloseIdle()
				began := time.Now()
				if err := own(servers).Truncate(t.Context(), tables); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took != test.took || most != test.most {
					t.Errorf("it took %s, at most %d at the same time; want %s and %d", took, most, test.took, test.most)
				}
				if n := len(f.statements("TRUNCATE")); n != len(tables) {
					t.Errorf("%d statements, want %d", n, len(tables))
				}
			})
		})
	}
}
