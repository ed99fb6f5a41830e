// Package wire speaks the PostgreSQL wire protocol, so that a stock ODBC driver can be the client of the
// stand-in server.
//
// A login uses a cleartext password. The start-up option privilege=sysdba asks for SYSDBA. A cancel request,
// or the end of the connection, ends the running statement, whatever it waits for.
package wire

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"sync"

	"aku/e2e/altisim/server"
)

// Front serves clients.
type Front struct {
	Server *server.Server
	Log    *slog.Logger

	mu     sync.Mutex
	nextID uint32
	open   map[uint32]*client
	tasks  sync.WaitGroup
}

// Serve accepts connections until the listener is closed, then waits for the clients to end.
func (f *Front) Serve(l net.Listener) error {
	f.open = map[uint32]*client{}
	for {
		conn, err := l.Accept()
		if err != nil {
			f.mu.Lock()
			for _, c := range f.open {
				_ = c.conn.Close()
			}
			f.mu.Unlock()
			f.tasks.Wait()
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		f.tasks.Add(1)
		go func() {
			defer f.tasks.Done()
			c := f.enter(conn)
			defer f.leave(c)
			if err := c.serve(); err != nil {
				f.Log.Debug("client", "from", conn.RemoteAddr(), "error", err)
			}
		}()
	}
}

func (f *Front) enter(conn net.Conn) *client {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nextID++
	c := newClient(f, conn, f.nextID)
	_, _ = rand.Read(c.secret)
	f.open[c.id] = c
	return c
}

func (f *Front) leave(c *client) {
	_ = c.conn.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, c.id)
}

// cancel ends the running statement of a client that proves to be its owner.
func (f *Front) cancel(id uint32, secret []byte) {
	f.mu.Lock()
	c := f.open[id]
	f.mu.Unlock()
	if c != nil && string(c.secret) == string(secret) {
		c.cancelRunning()
	}
}

// running is the statement that can be cancelled.
type running struct {
	mu     sync.Mutex
	cancel context.CancelCauseFunc
}

func (r *running) set(cancel context.CancelCauseFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancel = cancel
}

func (r *running) end(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		r.cancel(cause)
	}
}
