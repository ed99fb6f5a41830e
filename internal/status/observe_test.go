package status

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle/lifecycletest"
)

// What the rules call open, closed and away, people are shown as such.
func TestObserve_StatesAreThoseOfTheRules_AndAServerThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := lifecycletest.Servers{
			{}, lifecycletest.Closed, {Err: akucore.ErrClosed}, {Err: akucore.ErrBusy},
			{Err: akucore.ErrUnreachable}, {Hangs: true}, {Err: errors.New("ERR-31001 SQL syntax error")},
		}
		want := []string{Open, Closed, Closed, Closed, Unreachable, Unreachable, Unreachable}
		began := time.Now()
		seen := Observe(t.Context(), akucore.Mesh{ServerCount: len(all)}, all, time.Second, func(int) string { return "no address" })
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %s", took)
		}
		for i, p := range seen.Pods {
			if p.State != want[i] || (p.Error == "") != (all[i].Err == nil && !all[i].Hangs) {
				t.Errorf("%+v is shown as %s, %q", all[i], p.State, p.Error)
			}
		}
	})
}
