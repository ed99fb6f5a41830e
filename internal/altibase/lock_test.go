package altibase

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

// A server whose DDL_LOCK_TIMEOUT is not 0 would let a statement queue, and rows of other pods behind it, that aku means to try.
func TestDDL_QueuesForALockOnlyForAsLongAsItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const property = "ALTER SESSION SET DDL_LOCK_TIMEOUT"
		f := &fake{}
		servers := f.servers(t)
		defer servers.CloseIdle()
		for _, wait := range []time.Duration{0, 0, 20 * time.Second, 0} {
			if err := own(servers).Create(t.Context(), akucore.ObjectSpec{Name: "R", Host: "h", Port: 20301}, wait); err != nil {
				t.Fatal(err)
			}
		}
		const create = "CREATE REPLICATION"
		var got []string
		for _, statement := range f.statements("") {
			for _, words := range []string{property + " = 0", property + " = 20", create} {
				if strings.HasPrefix(statement, words) {
					got = append(got, words)
				}
			}
		}
		want := []string{property + " = 0", create, create, property + " = 20", create, property + " = 0", create}
		if !slices.Equal(got, want) {
			t.Errorf("it said\n%q, want\n%q", got, want)
		}
	})
}
