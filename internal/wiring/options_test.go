package wiring

import (
	"strconv"
	"testing"
	"time"

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
