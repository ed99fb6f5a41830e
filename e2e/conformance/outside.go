package conformance

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// outside does to a server what its clients cannot do.
func (r *run) outside(s Step) error {
	server := r.target.Servers[s.Server]
	switch s.Verb {
	case "kill":
		r.down[s.Server] = true
		return server.Kill()
	case "terminate":
		r.down[s.Server] = true
		return server.Terminate()
	case "pause":
		r.paused[s.Server] = true
		return server.Pause()
	case "move":
		host, err := server.Move()
		if err == nil {
			r.target.Servers[s.Server].Host = host
		}
		return err
	case "gone":
		r.down[s.Server] = true
		return r.gone(s.Server)
	case "resume":
		r.paused[s.Server] = false
		return server.Resume()
	case "copy":
		return server.Copy()
	case "putback":
		return server.PutBack()
	case "anew":
		r.forget(s.Server)
		if err := server.Anew(); err != nil {
			return err
		}
		r.down[s.Server] = false
		return r.answers(s.Server)
	}
	properties := map[string]string{}
	for _, word := range strings.Fields(s.Text) {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return fmt.Errorf("restart takes PROPERTY=value, not %q", word)
		}
		properties[name] = value
	}
	r.forget(s.Server)
	if err := server.Restart(properties); err != nil {
		return err
	}
	r.down[s.Server], r.changed[s.Server] = false, len(properties) > 0
	return r.answers(s.Server)
}

// forget closes the sessions of a server's earlier life.
func (r *run) forget(server int) {
	for key, c := range r.sessions {
		if strings.HasPrefix(key, fmt.Sprintf("N%d.", server+1)) {
			c.close()
			delete(r.sessions, key)
		}
	}
}

// answers waits until a server accepts or refuses a login.
func (r *run) answers(server int) error {
	err := r.target.eventually(func() error {
		c, err := r.target.open(server, r.target.Servers[server].Host, Login{})
		if err == nil {
			c.close()
			return nil
		}
		if o := Failure(err); o.Code != 0 && o.Code != 0x50032 && o.Code != 0x41040 {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("server N%d does not answer: %w", server+1, err)
	}
	return nil
}

// listens tells whether somebody listens on the server's port.
func (s Server) listens(wait time.Duration) bool {
	if s.Gone != nil {
		return !s.Gone()
	}
	c, err := net.DialTimeout("tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)), wait)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// gone waits until nobody listens on a server's port.
func (r *run) gone(server int) error {
	s := r.target.Servers[server]
	for deadline := time.Now().Add(r.target.real(20*time.Second) + patience); ; time.Sleep(r.target.real(100 * time.Millisecond)) {
		if !s.listens(r.target.Slack) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("server N%d still listens", server+1)
		}
	}
}
