package rundir

import (
	"context"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// as does something as another user: a thread of Linux has its own.
func as(t *testing.T, user uintptr, do func()) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can be other users")
	}
	done := make(chan syscall.Errno)
	go func() {
		runtime.LockOSThread() // for good, so that the thread ends with the goroutine
		_, _, failed := syscall.RawSyscall(syscall.SYS_SETRESGID, user, user, user)
		if failed == 0 {
			_, _, failed = syscall.RawSyscall(syscall.SYS_SETRESUID, user, user, user)
		}
		if failed == 0 {
			do()
		}
		done <- failed
	}()
	if failed := <-done; failed != 0 {
		t.Fatalf("become user %d: %v", user, failed)
	}
}

// emptyDir is what Kubernetes gives the containers of a pod.
func emptyDir(t *testing.T) Dir {
	t.Helper()
	dir, err := os.MkdirTemp("", "aku-rundir")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return Dir(dir)
}

const (
	sidecarUser  = 65532
	databaseUser = 1000
)

// The umask is that of the process, so this test runs beside no other.
func TestContainersOfDifferentUsers_ShareTheFolder(t *testing.T) {
	for _, mask := range []int{0o022, 0o077} {
		for _, users := range [][2]uintptr{{sidecarUser, databaseUser}, {databaseUser, sidecarUser}, {0, databaseUser}} {
			before := syscall.Umask(mask)
			dir := emptyDir(t)
			must := func(what string, err error) {
				t.Helper()
				if err != nil {
					t.Errorf("umask %03o, user %d before user %d: %s: %v", mask, users[0], users[1], what, err)
				}
			}
			all := func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				unlock, err := dir.Lock(ctx)
				must("lock", err)
				if err == nil {
					unlock()
				}
				done, err := dir.TakeTurn(ctx)
				must("take the turn", err)
				if err == nil {
					if !dir.TurnTaken() {
						t.Error("nobody sees that the turn is taken")
					}
					done()
				}
				unlock, err = dir.TakeOver(ctx)
				must("take over", err)
				if err == nil {
					unlock()
				}
				must("mark", dir.Mark())
				must("mark again", dir.Mark())
				_, _, err = dir.FirstObservation(time.Now().UnixNano())
				must("look", err)
				if !dir.EndRequested() || !dir.Marked() {
					t.Errorf("requested %t, marked %t", dir.EndRequested(), dir.Marked())
				}
			}
			as(t, users[0], all)
			as(t, users[1], all)
			as(t, users[0], func() { must("renew", dir.Renew()) })
			syscall.Umask(before)
		}
	}
}

func TestTakeOver_ThatCannotBe_LeavesTheSidecarAtWork(t *testing.T) {
	dir := emptyDir(t)
	if err := os.Mkdir(dir.lock(), 0o755); err != nil { // as good as any reason not to get the lock's file
		t.Fatal(err)
	}
	if err := os.Chmod(dir.lock(), 0); err != nil {
		t.Fatal(err)
	}
	as(t, databaseUser, func() {
		if _, err := dir.TakeOver(t.Context()); err == nil {
			t.Error("there is no lock, and it has it")
		}
	})
	if dir.EndRequested() {
		t.Error("the sidecar lets go for an end that does not come")
	}
}
