package main

import (
	"fmt"
	"net"
	"time"
)

// delay is a network between two pods: a listener that forwards bytes in both directions. Bytes arrive half a
// round trip late, and a connection opens a round trip late.
type delay struct {
	listener net.Listener
	to       string
	trip     time.Duration
}

// newDelay listens until it is closed.
func newDelay(listen, to string, trip time.Duration) (*delay, error) {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("delaying proxy: %w", err)
	}
	d := &delay{listener: l, to: to, trip: trip}
	go d.serve()
	return d, nil
}

func (d *delay) close() { d.listener.Close() }

func (d *delay) serve() {
	for {
		client, err := d.listener.Accept()
		if err != nil {
			return
		}
		go d.carry(client)
	}
}

func (d *delay) carry(client net.Conn) {
	defer client.Close()
	time.Sleep(d.trip) // the handshake
	server, err := net.Dial("tcp", d.to)
	if err != nil {
		return
	}
	defer server.Close()
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			d.forward(way[0], way[1])
			done <- struct{}{}
		}()
	}
	<-done // either direction closes both
}

// packet is the result of one read, and its time of arrival.
type packet struct {
	bytes []byte
	due   time.Time
}

// forward delays packets without limiting their number.
func (d *delay) forward(from, to net.Conn) {
	underway := make(chan packet, 1024)
	go func() {
		defer close(underway)
		for {
			buffer := make([]byte, 32<<10)
			n, err := from.Read(buffer)
			if n > 0 {
				underway <- packet{buffer[:n], time.Now().Add(d.trip / 2)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range underway {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.bytes); err != nil {
			from.Close() // ends the other direction's reads
			for range underway {
			}
			return
		}
	}
}
