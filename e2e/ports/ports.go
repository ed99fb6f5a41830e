// Package ports reserves ports for tests, so that no two tests get the same one at a time.
package ports

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
)

// The ports are below those that the system takes for outgoing connections: one of these
// could come between at any time.
const (
	first = 10000
	count = 20000
)

// next is where the search goes on. Each process begins somewhere else, so that the one
// rarely meets the ports of the other.
var next struct {
	sync.Mutex
	offset int
}

func init() { next.offset = rand.IntN(count) }

// Reserve gives a port that nothing listens on, at any address, and that no other call of
// this machine's tests gives until it is released.
//
// The port itself cannot be held, for its user is to listen on it. A socket that bears its
// number is held in its place: the kernel lets it go when the process ends, however that is.
func Reserve() (port int, release func(), err error) {
	next.Lock()
	defer next.Unlock()
	for range count {
		port := first + next.offset
		next.offset = (next.offset + 1) % count
		held, err := net.Listen("unix", fmt.Sprintf("@aku-test-port-%d", port))
		if err != nil {
			continue
		}
		release := func() { _ = held.Close() }
		if Free(port) {
			return port, release, nil
		}
		release()
	}
	return 0, nil, errors.New("no free port")
}

// Free tells whether nothing listens on a port, at any address. A program that this process
// starts has a copy of every open socket until it runs: none is started meanwhile, or the
// port would be taken for a moment more.
func Free(port int) bool {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
