package altibase

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"

	"aku/internal/akucore"
)

func TestTruncate_LooksFirstWhichTablesHaveRows(t *testing.T) {
	var tables []akucore.Table
	for i := range 120 {
		tables = append(tables, akucore.Table{User: "SYS", Name: fmt.Sprintf("T_%d", i)})
	}
	for name, test := range map[string]struct {
		filled   []string // by name
		refuses  bool
		emptied  int
		switched int
	}{
		"none":                               {},
		"one in the second statement":        {filled: []string{"T_57"}, emptied: 1, switched: 1},
		"the server does not take the query": {refuses: true, emptied: 120, switched: 1},
	} {
		inBubble(t, name, func(t *testing.T) {
			f := &fake{answer: func(statement string) ([][]driver.Value, error) {
				if strings.Contains(statement, "V$PROPERTY") {
					return [][]driver.Value{{int64(0), int64(1)}}, nil
				}
				if !strings.Contains(statement, "EXISTS (SELECT 1 FROM") {
					return nil, nil
				}
				if test.refuses {
					return nil, said("42000", 0x31001, "SQL syntax error")
				}
				var rows [][]driver.Value
				for _, query := range strings.Split(statement, " UNION ALL ") {
					for _, name := range test.filled {
						if strings.HasSuffix(query, "."+name+")") {
							var index int64
							if _, err := fmt.Sscanf(query, "SELECT %d FROM", &index); err != nil {
								t.Error(err)
							}
							rows = append(rows, []driver.Value{index})
						}
					}
				}
				return rows, nil
			}}
			servers := f.servers(t)
			defer servers.CloseIdle()
			if err := own(servers).Truncate(t.Context(), tables); err != nil {
				t.Fatal(err)
			}
			if got := len(f.statements("TRUNCATE TABLE")); got != test.emptied {
				t.Errorf("%d tables were emptied, want %d", got, test.emptied)
			}
			if got := len(f.statements("REPLICATION_DDL_ENABLE = 1")); got != test.switched {
				t.Errorf("the property was switched on %d times", got)
			}
		})
	}
}
