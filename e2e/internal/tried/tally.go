package tried

import (
	"sync"
	"testing"
)

// A Tally counts the outcomes of tests. A test that is watched more than once counts once.
type Tally struct {
	mu     sync.Mutex
	failed map[string]bool // by the test's name
}

// Watch counts the test after its end and clean-up. Call it before anything else registers a clean-up.
func (y *Tally) Watch(t testing.TB) {
	t.Cleanup(func() {
		if t.Skipped() {
			return
		}
		y.mu.Lock()
		defer y.mu.Unlock()
		if y.failed == nil {
			y.failed = map[string]bool{}
		}
		y.failed[t.Name()] = y.failed[t.Name()] || t.Failed()
	})
}

// Count runs after all tests have ended.
func (y *Tally) Count() (passed, failed int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, bad := range y.failed {
		if bad {
			failed++
		} else {
			passed++
		}
	}
	return passed, failed
}
