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

// outcomes are the outcomes of the cases that were seen on a real server. The unseen cases are only listed.
var outcomes tried.Tally

// serverVersion is the answer of the first server that was asked, or "".
var serverVersion struct {
	sync.Once
	said string
}

// askVersion asks the first server for its version. A server that does not know the statement fails no case,
// but its run is not recorded.
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

// keepRun records the run of the whole suite. A part of the suite is not recorded.
func keepRun() {
	passed, failed := outcomes.Count()
	if _, cases, _ := strings.Cut(flag.Lookup("test.run").Value.String(), "/"); cases != "" || passed+failed == 0 {
		return
	}
	run := tried.Run{Suite: tried.Conformance, Server: serverVersion.said, Passed: passed, Failed: failed}
	if vendor.hand {
		// A pod has no checkout: the program outside adds what it knows and writes the record.
		if text, err := json.Marshal(run); err == nil {
			fmt.Println(tried.Mark + string(text))
		}
		return
	}
	if err := run.Write(); err != nil {
		fmt.Println("what was tried:", err)
	}
}
