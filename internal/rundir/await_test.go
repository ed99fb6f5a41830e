package rundir

import (
	"context"
	"testing"
	"time"
)

func TestAwaitEnd_ReturnsAtOnceWhenTheEndIsRequested(t *testing.T) {
	t.Parallel()
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
	if took := (<-done).Sub(requested); took > 2500*time.Millisecond {
		t.Errorf("it was noticed after %s", took)
	}
	dir.AwaitEnd(t.Context()) // of one that was requested before
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
