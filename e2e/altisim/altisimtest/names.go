package altisimtest

import (
	"os"
	"strings"
)

// names are the names by which the servers of a test know each other.
type names struct {
	file      string
	addresses map[string]string
}

func (n *names) write() error {
	var b strings.Builder
	for name, address := range n.addresses {
		b.WriteString(name + "=" + address + "\n")
	}
	// The file is replaced in one step, because a server may be reading it.
	if err := os.WriteFile(n.file+".new", []byte(b.String()), 0o640); err != nil {
		return err
	}
	return os.Rename(n.file+".new", n.file)
}

// Move gives an ended server another address under its old names.
func (s *Server) Move(host string) {
	s.t.Helper()
	for name, address := range s.names.addresses {
		if address == s.Host {
			s.names.addresses[name] = host
		}
	}
	s.Host = host
	s.SetEnv("ALTISIM_LISTEN", host)
	if err := s.names.write(); err != nil {
		s.t.Fatal(err)
	}
}

// Reached makes the other servers reach this one at another address, such as that of a relay. Clients still
// connect directly. Its own Host restores the normal state.
func (s *Server) Reached(address string) {
	s.t.Helper()
	old := s.reached
	if old == "" {
		old = s.Host
	}
	for name, at := range s.names.addresses {
		if at == old {
			s.names.addresses[name] = address
		}
	}
	s.reached = address
	if err := s.names.write(); err != nil {
		s.t.Fatal(err)
	}
}
