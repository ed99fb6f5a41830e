//go:build integration

package integration

import (
	"fmt"
	"testing"

	"aku/internal/akucore"
	"aku/internal/altibase"
)

// An empty table costs no TRUNCATE: for a thousand tables a join would wait for seconds.
func TestTruncate_EmptiesWhatHasRows(t *testing.T) {
	t.Parallel()
	p := start(t, 2, nil).pods[0]
	const many = 120
	var tables []akucore.Table
	for i := range many {
		name := fmt.Sprintf("T_%d", i)
		statements := []string{"CREATE TABLE " + name + " (ID INTEGER PRIMARY KEY)"}
		if i%50 == 7 {
			statements = append(statements, "INSERT INTO "+name+" VALUES (1)")
		}
		p.asSYSDBA(statements...)
		tables = append(tables, akucore.Table{User: "SYS", Name: name})
	}
	_, servers := p.settings()
	defer servers.CloseIdle()
	for range 2 { // the second time there is nothing to do
		if err := servers.Server(0).Truncate(t.Context(), tables); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range tables {
		rows, err := servers.Server(0).(*altibase.Server).CountRows(t.Context(), table)
		if err != nil || rows > 0 {
			t.Errorf("%s has %d rows, %v", table, rows, err)
		}
	}
}
