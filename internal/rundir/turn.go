package rundir

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

func (d Dir) turn() string { return filepath.Join(string(d), "turn") }

// TakeTurn asks the sidecar to stop acting for as long as this process wants, and takes the
// lock when the sidecar has released it. A process that dies gives both back.
func (d Dir) TakeTurn(ctx context.Context) (done func(), err error) {
	asked, err := open(d.turn())
	if err != nil {
		return nil, err
	}
	if !holdAlone(asked) {
		asked.Close()
		return nil, errors.New("another command of this kind is under way in this pod")
	}
	if err := d.poke(); err != nil {
		asked.Close()
		return nil, err
	}
	unlock, err := d.Lock(ctx)
	if err != nil {
		asked.Close()
		return nil, err
	}
	return func() {
		unlock()
		asked.Close()
	}, nil
}

// The sidecar's check whether the turn is taken also holds the file for a moment.
const (
	holdTries = 50
	holdPause = 5 * time.Millisecond
)

// holdAlone locks the file of the turn, unless another process keeps it.
func holdAlone(asked *os.File) bool {
	for range holdTries {
		if syscall.Flock(int(asked.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			return true
		}
		time.Sleep(holdPause)
	}
	return false
}

// TurnTaken reports whether another process acts, or wants to act, instead of the sidecar.
func (d Dir) TurnTaken() bool {
	file, err := os.Open(d.turn())
	if err != nil {
		return false
	}
	defer file.Close()
	return errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
