package wire

import (
	"net"
	"sync"
)

// input reads a connection ahead, so that its end is noticed while a statement runs.
type input struct {
	mu    sync.Mutex
	news  *sync.Cond
	data  []byte
	ended error
	gone  chan struct{}
}

func readAhead(conn net.Conn) *input {
	in := &input{gone: make(chan struct{})}
	in.news = sync.NewCond(&in.mu)
	go func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := conn.Read(buf)
			in.mu.Lock()
			in.data = append(in.data, buf[:n]...)
			in.ended = err
			in.mu.Unlock()
			in.news.Broadcast()
			if err != nil {
				close(in.gone)
				return
			}
		}
	}()
	return in
}

func (in *input) Read(p []byte) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(in.data) == 0 {
		if in.ended != nil {
			return 0, in.ended
		}
		in.news.Wait()
	}
	n := copy(p, in.data)
	in.data = in.data[n:]
	return n, nil
}
