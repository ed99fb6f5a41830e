// Package rundir is the folder that the containers of a pod share: the marker of
// a completed start, the lock that lets one process act at a time, the request to
// end, and the log of the hook.
//
// The containers may run as different users, and any of them may create a file first. So
// every file is open to all users, whatever the umask is, and no process needs to write into
// a file of another user:
//
//   - a file that must only exist is created or found;
//   - a lock needs only the right to read;
//   - new content comes in a new file that replaces the old one.
package rundir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"aku/internal/pulse"
)

// Dir is the path of the folder.
type Dir string

func (d Dir) marker() string  { return filepath.Join(string(d), "aku_start_completed") }
func (d Dir) request() string { return filepath.Join(string(d), "end-request") }
func (d Dir) lock() string    { return filepath.Join(string(d), "lock") }

// HookLog is the file with the log of the preStop hook.
func (d Dir) HookLog() string { return filepath.Join(string(d), "aku-prestop.log") }

// Mark writes the marker: the start is complete.
func (d Dir) Mark() error { return touch(d.marker()) }

// Marked tells whether the start is complete.
func (d Dir) Marked() bool { return isFile(d.marker()) }

// Unmark removes the marker.
func (d Dir) Unmark() error { return remove(d.marker()) }

// RequestEnd asks the sidecar to stop acting, for good.
func (d Dir) RequestEnd() error { return touch(d.request()) }

// EndRequested reports whether this pod is being ended.
func (d Dir) EndRequested() bool { return isFile(d.request()) }

// Renew clears the folder for a new container: no marker, no request, no note of another tool.
func (d Dir) Renew() error {
	return errors.Join(d.Unmark(), remove(d.request()), remove(d.foreign()))
}

func (d Dir) foreign() string { return filepath.Join(string(d), "foreign") }

// NoteForeign records another tool that was seen in the database container.
func (d Dir) NoteForeign(what string) error { return replace(d.foreign(), []byte(what)) }

// Foreign is that record, "" when there is none. When it cannot be read, it counts as set.
func (d Dir) Foreign() string {
	what, err := os.ReadFile(d.foreign())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err.Error()
	}
	return string(what)
}

// Lock waits until no other process of the pod acts, and returns the function
// that releases the lock. The lock of a process that dies is released, too.
func (d Dir) Lock(ctx context.Context) (unlock func(), err error) {
	file, err := open(d.lock())
	if err != nil {
		return nil, err
	}
	return hold(ctx, file)
}

// TakeOver asks the sidecar to stop acting, for good, and waits for the lock. Nothing that
// can fail comes between the two: once the sidecar has released the lock, the end follows.
func (d Dir) TakeOver(ctx context.Context) (unlock func(), err error) {
	file, err := open(d.lock())
	if err != nil {
		return nil, err
	}
	if err := d.RequestEnd(); err != nil {
		file.Close()
		return nil, err
	}
	return hold(ctx, file)
}

// hold waits for the lock on a file.
func hold(ctx context.Context, file *os.File) (unlock func(), err error) {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", file.Name(), err)
		}
		if err := pulse.Sleep(ctx, 20*time.Millisecond); err != nil {
			file.Close()
			return nil, fmt.Errorf("%s is held by another process of this pod: %w", file.Name(), err)
		}
	}
}

func isFile(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
