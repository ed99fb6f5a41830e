// Package owner keeps a data folder for one pod. Two servers on the same files destroy them, and a shared file system does not
// prevent it. So a file beside the data names the pod, and holds a number that changes while the pod runs.
//
//   - A pod takes a folder that it left itself, but only when the number stands still: a pod that was deleted by force may
//     still run on a node that cannot be reached.
//   - A pod never takes a folder that another pod left. Its number may stand still for a good reason, such as a set that is scaled
//     to 0, so a person decides.
//   - An end in good order releases the folder for any pod.
//
// This is not a fence. A server whose node was away for longer comes back to a folder that was taken meanwhile. It notices and
// reports that.
package owner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"aku/internal/pulse"
)

const (
	// Every is the time between two beats of an owner.
	Every = 5 * time.Second
	// StandStill is how long the number of an earlier life must not change: six beats, so that a slow node loses nothing.
	StandStill = 30 * time.Second
	// Limit is how long a pod waits for that. Then its container ends, which shows that something is wrong, and Kubernetes restarts it.
	Limit = 2 * time.Minute
	// settle is how long a pod waits after it has taken a folder: another pod may have taken it at the same time.
	settle = time.Second
	// recheck is the time between two checks of a folder that is not free.
	recheck = time.Second
)

// ErrHeld says that another pod has the folder.
var ErrHeld = errors.New("the folder of the data is in use")

// Claim is the claim of one pod to its data folders.
type Claim struct {
	Files []string // a file for each folder
	Self  Pod
	Log   *slog.Logger

	beats int64
}

// verdict says what a pod may do with a folder.
type verdict int

const (
	free verdict = iota
	mine
	wait
	held
)

// judge decides by the content of the file, and by how long the content has not changed. A file without a record was being written when
// the node failed, before a server ran.
func judge(self Pod, seen record, err error, stood time.Duration) verdict {
	switch {
	case missing(err):
		return free
	case err == nil && seen.UID == self.UID:
		return mine
	case err == nil && seen.Released:
		return free
	case err == nil && !seen.samePlace(self):
		return held
	case stood >= StandStill:
		return free
	}
	return wait
}

// Take waits until this pod owns all folders, or returns why it cannot: ErrHeld when another pod owns one.
func (c *Claim) Take(ctx context.Context) error {
	since := make([]time.Time, len(c.Files))
	last := make([]record, len(c.Files))
	said := false
	for {
		var waiting error
		for i, path := range c.Files {
			seen, err := read(path)
			if err != nil && !missing(err) && !errors.Is(err, errNoRecord) {
				return fmt.Errorf("the owner of the folder cannot be read, so the folder is not used: %w", err)
			}
			if since[i].IsZero() || seen != last[i] {
				last[i], since[i] = seen, time.Now()
			}
			switch judge(c.Self, seen, err, time.Since(since[i])) {
			case held:
				return c.heldBy(path, seen)
			case wait:
				waiting = fmt.Errorf("%w: %s names an earlier life of this pod (UID %s), which did not end in good order", ErrHeld, path, seen.UID)
			}
		}
		if waiting == nil {
			taken, err := c.writeName(ctx)
			if err != nil || taken {
				return err
			}
			// On a network file system a file can be there for who makes it, and not yet for who reads it.
			if pulse.Sleep(ctx, recheck) != nil {
				return fmt.Errorf("%w: at each try somebody else was just taking %s, so this pod did not. Look at who uses it", ErrHeld, strings.Join(c.Files, ", "))
			}
			continue
		}
		if !said {
			c.Log.Info("waiting until the number in it has not moved for a while", "reason", waiting, "seconds", StandStill.Seconds())
			said = true
		}
		if pulse.Sleep(ctx, recheck) != nil {
			return fmt.Errorf("%w, and its number moves: it still runs, maybe on a node that the cluster does not reach. End it there, or restart "+
				"that node; this pod goes on by itself then", waiting)
		}
	}
}

// writeName writes the pod's name into all files, and reports whether the name is still there after a while: of two pods that write at the
// same time, only the later one stays.
func (c *Claim) writeName(ctx context.Context) (taken bool, err error) {
	own := record{Pod: c.Self}
	for _, path := range c.Files {
		err := own.write(path)
		if missing(err) {
			err = own.create(path)
		}
		if errors.Is(err, fs.ErrExist) {
			return false, c.Release() // another pod was a moment earlier
		}
		if err != nil {
			err = fmt.Errorf("the folder cannot be kept for this pod, so it is not used: %w. Let the user of the database write to it", err)
			return false, errors.Join(err, c.Release())
		}
	}
	_ = pulse.Sleep(ctx, settle) // the files decide, even when the time is over
	for _, path := range c.Files {
		if seen, err := read(path); err != nil || seen.UID != c.Self.UID {
			return false, c.Release()
		}
	}
	return true, nil
}

func (c *Claim) heldBy(path string, seen record) error {
	return fmt.Errorf("%w: %s says that it is the data of %s (UID %s), and two servers on the same files destroy them. Give this pod a folder of its own. "+
		"If that pod is gone for good, or this is its data after a rename or a restore, delete that file by hand", ErrHeld, path, seen.Pod, seen.UID)
}

// Keep increases the number in all files. ErrHeld: another pod has taken a folder in which this pod's server runs.
func (c *Claim) Keep() error {
	c.beats++
	own := record{Pod: c.Self, Beats: c.beats}
	var faults []error
	for _, path := range c.Files {
		seen, err := read(path)
		switch {
		case err == nil && seen.UID != c.Self.UID && !seen.Released:
			err = fmt.Errorf("%w: %s was taken by %s (UID %s) while this pod was not seen to live. End one of the two at once, and compare the rows of this pod "+
				"with those of the others", ErrHeld, path, seen.Pod, seen.UID)
		case missing(err):
			err = own.create(path)
		default:
			err = own.write(path)
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// Release gives up this pod's folders. Its server must have ended.
func (c *Claim) Release() error {
	var faults []error
	for _, path := range c.Files {
		seen, err := read(path)
		switch {
		case err == nil && seen.UID == c.Self.UID:
			faults = append(faults, record{Pod: c.Self, Beats: c.beats, Released: true}.write(path))
		case err != nil && !missing(err) && !errors.Is(err, errNoRecord): // another pod may be just about to write its own
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}
