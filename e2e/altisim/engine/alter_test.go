package engine_test

import (
	"context"
	"testing"
	"time"

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

// A change of columns while rows of the peer arrive takes 3 s; their sender rests, and brings what waits after STOP and START.
func TestReshape_BesideRowsOfAPeer_TakesLongerAndTheirSenderRests(t *testing.T) {
	bubble(t, func(t *testing.T, a, b *node) {
		ctx := context.Background()
		start(t, a)
		start(t, b)
		reshape := func() error {
			a.Reshaped(ctx, a.table)
			return nil
		}
		again := func() {
			if err := b.Stop(ctx, "R"); err != nil {
				t.Error(err)
			}
			start(t, b)
		}
		b.insert(1)
		time.Sleep(500 * time.Millisecond)
		lasts(t, "beside rows", 3*time.Second, reshape, nil)
		b.insert(2)
		time.Sleep(10 * time.Second)
		a.holds(t, 1)
		if st := b.Senders()[0]; st.Status != engine.SenderRetries {
			t.Errorf("the peer's sender is %+v", st)
		}
		again()
		time.Sleep(time.Second)
		a.holds(t, 2)
		time.Sleep(time.Second)
		lasts(t, "idle", 700*time.Millisecond, reshape, nil)
	})
}
