//go:build integration

package conformance

import (
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"

	"aku/e2e/internal/tried"
)

// outcomes are those of the cases that a real server was seen to pass. The others are listed, and may turn out either way.
var outcomes tried.Tally

// serverVersion is what the first server that was asked said; "" until then.
var serverVersion struct {
	sync.Once
	said string
}

// askVersion asks the first server. One that does not know such a statement fails no case: its run is not kept, and that is said.
func askVersion(t *testing.T, target *Target) {
	t.Helper()
	serverVersion.Do(func() {
		s, err := target.open(0, target.Servers[0].Host, Login{})
		if err != nil {
			t.Logf("version of the server: %v", err)
			return
		}
		defer s.close()
		said := s.Run(t.Context(), tried.VersionStatement)
		if said.Err != nil || len(said.Rows) != 1 {
			t.Logf("version of the server: %q, %v", said.Rows, said.Err)
			return
		}
		serverVersion.said = said.Rows[0]
	})
}

// keepRun writes down what all cases together were tried on. Some of them are no run.
func keepRun() {
	passed, failed := outcomes.Count()
	if _, cases, _ := strings.Cut(flag.Lookup("test.run").Value.String(), "/"); cases != "" || passed+failed == 0 {
		return
	}
	run := tried.Run{Suite: tried.Conformance, Server: serverVersion.said, Passed: passed, Failed: failed}
	if vendor.hand {
		// In a pod there is no checkout: who started this one adds what it knows, and writes.
		if text, err := json.Marshal(run); err == nil {
			fmt.Println(tried.Mark + string(text))
		}
		return
	}
	if err := run.Write(); err != nil {
		fmt.Println("what was tried:", err)
	}
}
