// Package replnet carries frames between the replication ports of servers: gob over TCP.
package replnet

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"aku/e2e/altisim/engine"
)

// Network implements engine.Network.
type Network struct {
	// Hosts are names with a fixed address, which are not resolved.
	Hosts map[string]string
	// HostsFile holds more of them, one NAME=ADDRESS a line. It is read at every connect, as the real server
	// resolves names. It may be empty.
	HostsFile string
	// Local is the address to connect from, empty for any.
	Local string
	// Silence is how long a peer may leave what was sent to it without a TCP acknowledgement. Then the link ends.
	// Without it, a sender notices a network cut only when its buffers are full.
	Silence time.Duration
}

// Dial implements engine.Network.
func (n *Network) Dial(ctx context.Context, host string, port int) (engine.Link, error) {
	host = n.address(host)
	var d net.Dialer
	if ip := net.ParseIP(n.Local); ip != nil && !ip.IsUnspecified() {
		d.LocalAddr = &net.TCPAddr{IP: ip}
	}
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	return n.link(c), nil
}

func (n *Network) address(host string) string {
	if addr, ok := n.Hosts[host]; ok {
		return addr
	}
	if n.HostsFile == "" {
		return host
	}
	text, err := os.ReadFile(n.HostsFile)
	if err != nil {
		return host // to be resolved
	}
	for line := range strings.Lines(string(text)) {
		if name, addr, ok := strings.Cut(strings.TrimSpace(line), "="); ok && name == host {
			return addr
		}
	}
	return host
}

// Serve passes every connection to serve until the listener is closed, and then waits for them to end.
func (n *Network) Serve(l net.Listener, serve func(engine.Link)) error {
	var tasks sync.WaitGroup
	defer tasks.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		tasks.Add(1)
		go func() {
			defer tasks.Done()
			serve(n.link(c))
		}()
	}
}

type link struct {
	conn net.Conn
	in   *gob.Decoder
	mu   sync.Mutex // two goroutines may call Send
	buf  *bufio.Writer
	out  *gob.Encoder
}

func (n *Network) link(c net.Conn) *link {
	n.limitSilence(c)
	l := &link{conn: c, in: gob.NewDecoder(bufio.NewReader(c)), buf: bufio.NewWriter(c)}
	l.out = gob.NewEncoder(l.buf)
	return l
}

// limitSilence has no effect where the system does not know the option.
func (n *Network) limitSilence(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		if raw, err := tcp.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) {
				_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(n.Silence.Milliseconds()))
			})
		}
	}
}

func (l *link) Send(f engine.Frame) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.out.Encode(f); err != nil {
		return err
	}
	return l.buf.Flush()
}

func (l *link) Receive() (f engine.Frame, err error) {
	err = l.in.Decode(&f)
	return f, err
}

func (l *link) Close() error            { return l.conn.Close() }
func (l *link) LocalAddr() engine.Addr  { return addr(l.conn.LocalAddr()) }
func (l *link) RemoteAddr() engine.Addr { return addr(l.conn.RemoteAddr()) }

func addr(a net.Addr) engine.Addr {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return engine.Addr{}
	}
	return engine.Addr{IP: t.IP.String(), Port: t.Port}
}
