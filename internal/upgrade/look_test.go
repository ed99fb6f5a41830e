package upgrade

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// server is closed, hangs, or has an error.
type server struct {
	lifecycle.Server
	state akucore.State
	err   error
	hangs bool
}

func (s server) State(ctx context.Context, _ lifecycle.Want) (akucore.State, error) {
	if s.hangs {
		<-ctx.Done()
		return akucore.State{}, fmt.Errorf("%w: %w", akucore.ErrTimeout, ctx.Err())
	}
	return s.state, s.err
}

type servers []server

func (s servers) Server(pod int) lifecycle.Server { return s[pod] }
func (s servers) CloseIdle()                      {}

func TestAsk_EachServerIsAskedWithinTheSameLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		asked := ask(t.Context(), mesh(4, blockA), servers{
			{}, {state: akucore.State{Instance: akucore.Instance{AdminMode: true}}}, {err: akucore.ErrPassword}, {hangs: true},
		}, 4)
		if took := time.Since(began); took > lifecycle.AnswerLimit+time.Second || took > 20*time.Second {
			t.Errorf("it took %s", took)
		}
		for pod, want := range []error{nil, akucore.ErrClosed, akucore.ErrPassword, akucore.ErrTimeout} {
			if err := asked[pod].Err; !errors.Is(err, want) {
				t.Errorf("pod %d: %v, want %v", pod, err, want)
			}
		}
	})
}
