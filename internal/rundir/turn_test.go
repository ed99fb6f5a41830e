package rundir

import (
	"os"
	"syscall"
	"testing"
	"time"
)

func TestTakeTurn_IsNotRefusedBecauseTheSidecarLooks(t *testing.T) {
	t.Parallel()
	dir := Dir(t.TempDir())
	// What TurnTaken does, held for longer than it ever takes.
	reader, err := os.Create(dir.turn())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(reader.Fd()), syscall.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, func() { reader.Close() })
	done, err := dir.takeTurn(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if !dir.TurnTaken() {
		t.Error("nobody sees that the turn is taken")
	}
	if _, err := dir.takeTurn(t.Context(), 50*time.Millisecond); err == nil {
		t.Error("two have the turn")
	}
	done()
	if dir.TurnTaken() {
		t.Error("the turn was not given back")
	}
}
