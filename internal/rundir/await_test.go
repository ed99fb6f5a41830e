package rundir

import (
	"context"
	"testing"
	"time"
)

func TestAwaitEnd_ReturnsAtOnceWhenTheEndIsRequested(t *testing.T) {
	t.Parallel()
	// A busy machine may hold up one wait. Without the kernel's report all would take checkAnyway.
	least := checkAnyway
	for range 3 {
		if least = min(least, noticed(t)); least <= checkAnyway/2 {
			return
		}
	}
	t.Errorf("it was noticed after %s at best", least)
}

// noticed is how long an end that is requested amid a wait takes to be noticed.
func noticed(t *testing.T) time.Duration {
	t.Helper()
	dir := Dir(t.TempDir())
	done := make(chan time.Time, 1)
	go func() {
		dir.AwaitEnd(t.Context())
		done <- time.Now()
	}()
	if err := dir.Mark(); err != nil { // something else happens there, too
		t.Fatal(err)
	}
	select {
	case <-done:
		t.Fatal("it returned although nobody ends the pod")
	case <-time.After(100 * time.Millisecond):
	}
	requested := time.Now()
	if err := dir.RequestEnd(); err != nil {
		t.Fatal(err)
	}
	took := (<-done).Sub(requested)
	dir.AwaitEnd(t.Context()) // of one that was requested before
	return took
}

func TestAwaitEnd_EndsWithTheContext(t *testing.T) {
	t.Parallel()
	for _, dir := range []Dir{Dir(t.TempDir()), "/no/such/folder"} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		dir.AwaitEnd(ctx)
		if ctx.Err() == nil {
			t.Errorf("%s: it returned before its time", dir)
		}
		cancel()
	}
}
