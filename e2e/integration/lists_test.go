//go:build integration

package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// Objects with the same tables are read at once, others one by one.
func TestState_EachObjectHasItsOwnTables(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		objects map[string]string
		listed  []string
		without []string
	}{
		"one":                       {objects: map[string]string{"A": "T1,T2"}},
		"the same":                  {objects: map[string]string{"A": "T1,T2", "B": "T1,T2", "C": "T1,T2"}},
		"as many, but others":       {objects: map[string]string{"A": "T1,T2", "B": "T1,T3"}},
		"each table as often":       {objects: map[string]string{"A": "T1,T2", "B": "T2,T3", "C": "T1,T3"}},
		"more":                      {objects: map[string]string{"A": "T1,T2", "B": "T1,T2,T3"}},
		"nothing shared":            {objects: map[string]string{"A": "T1", "B": "T2"}},
		"some, which are the same":  {objects: map[string]string{"A": "T1,T2", "B": "T1,T2", "C": "T3"}, listed: []string{"A", "B"}, without: []string{"C"}},
		"one, and one that is gone": {objects: map[string]string{"A": "T1,T2", "B": "T3"}, listed: []string{"A", "GONE"}, without: []string{"B"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, 2, nil).pods[0]
			p.asSYSDBA(createTable, "CREATE TABLE T2 (ID INTEGER PRIMARY KEY)", "CREATE TABLE T3 (ID INTEGER PRIMARY KEY)")
			want := map[string][]string{}
			for object, tables := range test.objects {
				var pairs []string
				for table := range strings.SplitSeq(tables, ",") {
					want[object] = append(want[object], table)
					pairs = append(pairs, fmt.Sprintf("FROM SYS.%[1]s TO SYS.%[1]s", table))
				}
				p.asSYSDBA(fmt.Sprintf("CREATE REPLICATION %s WITH '127.0.0.%d', 1 %s", object, 1+len(want), strings.Join(pairs, ", ")))
			}
			for _, object := range test.without {
				want[object] = nil
			}
			_, servers := p.settings()
			defer servers.CloseIdle()
			state, err := servers.Server(0).State(t.Context(), lifecycle.Want{Listed: test.listed})
			if err != nil {
				t.Fatal(err)
			}
			if len(state.Objects) != len(want) {
				t.Errorf("objects: %v", state.Objects)
			}
			for object, tables := range want {
				var names []string
				for _, table := range state.Objects[object].Tables {
					if table != (akucore.Table{User: "SYS", Name: table.Name}) {
						t.Errorf("%s has %v", object, table)
					}
					names = append(names, table.Name)
				}
				if slices.Sort(names); !slices.Equal(names, tables) {
					t.Errorf("%s has the tables %v, not %v", object, names, tables)
				}
			}
		})
	}
}
