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
	return d.takeTurn(ctx, turnPatience)
}

func (d Dir) takeTurn(ctx context.Context, patience time.Duration) (done func(), err error) {
	asked, err := open(d.turn())
	if err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	giveBack, err := hold(waiting, asked)
	if err != nil {
		return nil, errors.New("another command of this kind is under way in this pod")
	}
	if err := d.poke(); err != nil {
		giveBack()
		return nil, err
	}
	unlock, err := d.Lock(ctx)
	if err != nil {
		giveBack()
		return nil, err
	}
	return func() {
		unlock()
		giveBack()
	}, nil
}

// turnPatience is how long the turn is waited for: the sidecar's check whether it is taken also
// holds the file for a moment.
const turnPatience = time.Second

// TurnTaken reports whether another process acts, or wants to act, instead of the sidecar.
func (d Dir) TurnTaken() bool {
	file, err := os.Open(d.turn())
	if err != nil {
		return false
	}
	defer file.Close()
	return errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
