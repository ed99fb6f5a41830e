//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"aku/e2e/internal/trial"
)

// leftOut are the tests that cannot run on this server. The summary of the run lists them.
var leftOut list

type list struct {
	mu    sync.Mutex
	lines []string
}

func (l *list) print() {
	if len(l.lines) > 0 {
		fmt.Println(strings.Join(l.lines, "\n"))
	}
}

// leaveOut ends such a test, and lists it with the reason.
func leaveOut(t *testing.T, reason string) {
	t.Helper()
	leftOut.mu.Lock()
	leftOut.lines = append(leftOut.lines, "left out: "+t.Name()+": "+reason)
	leftOut.mu.Unlock()
	t.SkipNow()
}

// firstPassword is the password of SYS in a new database of the server's image. Without one the test is left
// out.
func firstPassword(t *testing.T, cluster *trial.Cluster) string {
	t.Helper()
	password, err := cluster.FirstPassword()
	must(t, err)
	if password == "" {
		leaveOut(t, "auth.initialPassword is empty in "+os.Getenv("SERVER_VALUES")+": new databases have the password of the Secret")
	}
	return password
}
