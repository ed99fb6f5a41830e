package wiring

import (
	"strconv"
	"testing"
	"time"

	"aku/internal/akucore"
	"aku/internal/settings"
)

func TestFlushTimeoutAtStart_ZeroIsTheQueryTimeout(t *testing.T) {
	for _, test := range []struct {
		flush, query int
		want         time.Duration
	}{{300, 60, 300 * time.Second}, {0, 60, time.Minute}, {0, 0, 0}} {
		env := good()
		env["AKU_FLUSH_TIMEOUT_AT_START"], env["AKU_QUERY_TIMEOUT"] = strconv.Itoa(test.flush), strconv.Itoa(test.query)
		s, err := settings.From(env)
		if err != nil {
			t.Fatal(err)
		}
		options, err := StartOptions(s)
		if got := options.FlushTimeout; err != nil || got != test.want {
			t.Errorf("%d and %d: %s, want %s", test.flush, test.query, got, test.want)
		}
	}
}

func TestCopyTimeout_IsTheQueryTimeoutWhenSomebodyChoseIt(t *testing.T) {
	for query, want := range map[string]time.Duration{"": 0, "3600": 0, "3599": 3599 * time.Second, "0": 0} {
		env := good()
		if query != "" {
			env["AKU_QUERY_TIMEOUT"] = query
		}
		s, err := settings.From(env)
		if err != nil {
			t.Fatal(err)
		}
		if got := Config(s).CopyTimeout; got != want {
			t.Errorf("AKU_QUERY_TIMEOUT %q: a copy has %s, want %s", query, got, want)
		}
	}
}

func TestEndOptions_TheDrainTimeLeavesTimeToDeliver(t *testing.T) {
	for _, test := range []struct {
		end, drain int
		want       time.Duration
	}{
		{120, 0, 120*time.Second - akucore.StatementTail},
		{120, 30, 90*time.Second - akucore.StatementTail},
		{120, 600, 60*time.Second - akucore.StatementTail}, // users have half of an end that is shorter
	} {
		env := good()
		env["AKU_END_TIMEOUT"], env["AKU_DRAIN_TIME"] = strconv.Itoa(test.end), strconv.Itoa(test.drain)
		s, err := settings.From(env)
		if err != nil {
			t.Fatal(err)
		}
		if got := EndOptions(s).DeliverLimit; got != test.want {
			t.Errorf("an end of %d s with %d s for users delivers for %s, want %s", test.end, test.drain, got, test.want)
		}
	}
}
