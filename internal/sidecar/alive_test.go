package sidecar

import (
	"testing"
	"time"

	"aku/internal/altibase"
	"aku/internal/settings"
)

func TestAliveFor_FollowsTheLongestPauseThatIsConfigured(t *testing.T) {
	for _, test := range []struct {
		change map[string]string
		pause  time.Duration
	}{
		{nil, time.Second},
		{map[string]string{"AKU_DELAY_START_COMPLETE_TIME": "600"}, 10 * time.Minute},
		{map[string]string{"AKU_QUERY_RETRY_DELAY_MSEC": "90000", "AKU_DELAY_START_COMPLETE_TIME": "60"}, 90 * time.Second},
	} {
		env := map[string]string{
			"AKU_STS_NAME": "altibase", "AKU_SVC_NAME": "svc", "AKU_POD_NAME": "altibase-1", "AKU_SYS_PASSWORD": "manager",
			"AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX": "AKU_REP", "AKU_REPLICATIONS_0_TABLES": "SYS.T1",
		}
		for name, value := range test.change {
			env[name] = value
		}
		s, err := settings.From(env)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := aliveFor(s), 2*altibase.LongestCall+test.pause; got != want {
			t.Errorf("%v: %s, want %s", test.change, got, want)
		}
	}
}
