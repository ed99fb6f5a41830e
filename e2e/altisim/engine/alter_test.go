package engine_test

import (
	"testing"

	"aku/e2e/altisim/engine"
)

// TestColumnsAt_TheLogKeepsTheLookOfItsRows: the statement that changed the table has the number after the last row of the old look.
func TestColumnsAt_TheLogKeepsTheLookOfItsRows(t *testing.T) {
	two, three := make([]engine.Column, 2), make([]engine.Column, 3)
	table := engine.Table{Columns: make([]engine.Column, 4), Past: []engine.Layout{{UpTo: 101, Columns: two}, {UpTo: 201, Columns: three}}}
	for sn, want := range map[engine.SN]int{1: 2, 100: 2, 101: 2, 102: 3, 201: 3, 202: 4, 1000: 4} {
		if got := len(table.ColumnsAt(sn)); got != want {
			t.Errorf("at %d: %d columns, want %d", sn, got, want)
		}
	}
}
