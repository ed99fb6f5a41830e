package enginetest

import (
	"context"
	"errors"
	"sync"

	"aku/e2e/altisim/engine"
)

// Network connects servers of one process by their host names.
type Network struct {
	mu    sync.Mutex
	nodes map[string]func(engine.Link)
	links map[*pipe]bool
	ports int
}

// NewNetwork makes a network without servers.
func NewNetwork() *Network {
	return &Network{nodes: map[string]func(engine.Link){}, links: map[*pipe]bool{}}
}

// Join makes a host reachable.
func (n *Network) Join(host string, serve func(engine.Link)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.nodes[host] = serve
}

// Leave makes a host unreachable and breaks its links, like the end of its process.
func (n *Network) Leave(host string) {
	n.mu.Lock()
	delete(n.nodes, host)
	var broken []*pipe
	for p := range n.links {
		if p.hosts[0] == host || p.hosts[1] == host {
			broken = append(broken, p)
		}
	}
	n.mu.Unlock()
	for _, p := range broken {
		p.close()
	}
}

// From is the network as one host sees it.
func (n *Network) From(host string) engine.Network { return view{n, host} }

type view struct {
	n    *Network
	host string
}

var errNoRoute = errors.New("no such host")

func (v view) Dial(ctx context.Context, host string, port int) (engine.Link, error) {
	n := v.n
	n.mu.Lock()
	defer n.mu.Unlock()
	serve := n.nodes[host]
	if serve == nil {
		return nil, errNoRoute
	}
	n.ports++
	p := &pipe{hosts: [2]string{v.host, host}, closed: make(chan struct{})}
	p.end = func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.links, p)
	}
	n.links[p] = true
	there, here := make(chan engine.Frame, 64), make(chan engine.Frame, 64)
	from, to := engine.Addr{IP: v.host, Port: 40000 + n.ports}, engine.Addr{IP: host, Port: port}
	go serve(&end{p, here, there, to, from})
	return &end{p, there, here, from, to}, ctx.Err()
}

type pipe struct {
	hosts  [2]string
	once   sync.Once
	closed chan struct{}
	end    func()
}

func (p *pipe) close() {
	p.once.Do(func() {
		close(p.closed)
		p.end()
	})
}

// end is one end of a link. As with TCP, what was sent before the close can still be received.
type end struct {
	p             *pipe
	out, in       chan engine.Frame
	local, remote engine.Addr
}

var errClosed = errors.New("the link is closed")

func (e *end) Send(f engine.Frame) error {
	select {
	case <-e.p.closed:
		return errClosed
	default:
	}
	select {
	case e.out <- f:
		return nil
	case <-e.p.closed:
		return errClosed
	}
}

func (e *end) Receive() (engine.Frame, error) {
	select {
	case f := <-e.in:
		return f, nil
	default:
	}
	select {
	case f := <-e.in:
		return f, nil
	case <-e.p.closed:
		return engine.Frame{}, errClosed
	}
}

func (e *end) Close() error            { e.p.close(); return nil }
func (e *end) LocalAddr() engine.Addr  { return e.local }
func (e *end) RemoteAddr() engine.Addr { return e.remote }
