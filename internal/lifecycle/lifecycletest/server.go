// Package lifecycletest has servers for tests of who only reads from them.
package lifecycletest

import (
	"context"
	"fmt"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// Server answers what it is, or why it does not answer.
type Server struct {
	lifecycle.Server
	Is    akucore.State
	Err   error
	Hangs bool // it answers nothing before the time is over
}

// Closed is a server that lets no users in.
var Closed = Server{Is: akucore.State{Instance: akucore.Instance{AdminMode: true}}}

// Brief is all that it is.
func (s Server) Brief(ctx context.Context) (akucore.State, error) {
	if s.Hangs {
		<-ctx.Done()
		return akucore.State{}, fmt.Errorf("%w: %w", akucore.ErrTimeout, ctx.Err())
	}
	return s.Is, s.Err
}

// State is Brief.
func (s Server) State(ctx context.Context, _ lifecycle.Want) (akucore.State, error) {
	return s.Brief(ctx)
}

// Instance is part of it.
func (s Server) Instance(ctx context.Context) (akucore.Instance, error) {
	state, err := s.Brief(ctx)
	return state.Instance, err
}

// Traffic is none.
func (Server) Traffic(context.Context) (map[string]akucore.Traffic, error) { return nil, nil }

// Beats are none.
func (Server) Beats(context.Context, akucore.Table) (map[int]akucore.Beats, error) { return nil, nil }

// Servers are those of the pods.
type Servers []Server

// Server is that of a pod.
func (s Servers) Server(pod int) lifecycle.Server { return s[pod] }

// CloseIdle has nothing to close.
func (s Servers) CloseIdle() {}
