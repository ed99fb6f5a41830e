package rundir

import (
	"context"
	"os"
	"syscall"
	"time"

	"aku/internal/pulse"
)

const (
	// checkAnyway is the time between two checks of the folder when the kernel reports
	// nothing, checkOften the time when the kernel cannot report.
	checkAnyway = 5 * time.Second
	checkOften  = 200 * time.Millisecond
)

// AwaitEnd returns when another process ends this pod or takes the turn to act, or when the
// context ends. The kernel reports a new file in the folder, so waiting costs nothing.
func (d Dir) AwaitEnd(ctx context.Context) {
	next, done := d.watch(ctx)
	defer done()
	for ctx.Err() == nil && !d.EndRequested() && !d.TurnTaken() {
		next()
	}
}

// watch returns a function that returns when the folder may have changed, or when it is
// time to check anyway.
func (d Dir) watch(ctx context.Context) (next, done func()) {
	often := func() { _ = pulse.Sleep(ctx, checkOften) } // its caller asks the context
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		return often, func() {}
	}
	events := os.NewFile(uintptr(fd), "inotify")
	if _, err := syscall.InotifyAddWatch(fd, string(d), syscall.IN_CREATE|syscall.IN_MOVED_TO|syscall.IN_CLOSE_WRITE); err != nil {
		events.Close()
		return often, func() {}
	}
	stop := context.AfterFunc(ctx, func() { events.Close() })
	buffer := make([]byte, 4096)
	next = func() {
		if err := events.SetReadDeadline(time.Now().Add(checkAnyway)); err != nil {
			often()
			return
		}
		if _, err := events.Read(buffer); err != nil && !os.IsTimeout(err) {
			often()
		}
	}
	return next, func() {
		stop()
		events.Close()
	}
}
