package sidecar

import (
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"
	"time"

	"aku/internal/kube"
	"aku/internal/owner"
	"aku/internal/pulse"
)

// keepFolders increases the number in the owner files of the data folders until the context
// ends. It runs by itself: a file system that hangs must not hold up the watch, nor the
// other way round.
func (s *Sidecar) keepFolders(ctx context.Context) {
	for ctx.Err() == nil {
		_ = pulse.Sleep(ctx, owner.Every)
		s.keepOnce()
	}
	// Kubernetes ends this container after the server's. When it ends for another reason, the
	// server may still write to its files.
	if s.dir.EndRequested() && ended(s.Settings.Port, s.endedLimit) {
		s.warn("the folders of the data are not given back", s.claim.Release())
	}
}

func (s *Sidecar) keepOnce() {
	err := s.claim.Keep()
	s.warn("the folders of the data are not kept for this pod", err)
	if !errors.Is(err, owner.ErrHeld) {
		s.taken.Store(nil)
	} else if s.taken.Swap(&err) == nil {
		s.announce.queue(kube.Note{Warning: true, Reason: "FolderInUse", Text: err.Error()})
	}
}

// letGo waits for the end of keepFolders, but not for a file system that hangs: what it kept
// then stands still, and the next life of this pod takes it.
func (s *Sidecar) letGo(kept <-chan struct{}) {
	select {
	case <-kept:
	case <-time.After(letGoLimit):
		s.Log.Warn("the folders of the data are not given back: their file system does not answer", "files", s.Settings.OwnerFiles)
	}
}

// letGoLimit is what two writes may take. A grace period is mostly over by then.
const letGoLimit = 3 * time.Second

// ended reports whether no process listens on a port of this pod.
func ended(port int, limit time.Duration) bool {
	for _, host := range []string{"127.0.0.1", "::1"} {
		connection, err := net.DialTimeout("tcp", net.JoinHostPort(host, strconv.Itoa(port)), limit)
		if err == nil {
			_ = connection.Close()
			return false
		}
		// Without IPv6, ::1 does not exist.
		if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.EADDRNOTAVAIL) && !errors.Is(err, syscall.EAFNOSUPPORT) && !errors.Is(err, syscall.ENETUNREACH) {
			return false
		}
	}
	return true
}

// endedLimit is short: the process has a second to end.
const endedLimit = 200 * time.Millisecond
