package status

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

// server says when it started, or why it does not.
type server struct {
	lifecycle.Server
	instance akucore.Instance
	err      error
	hangs    bool
}

func (s server) Instance(ctx context.Context) (akucore.Instance, error) {
	if s.hangs {
		<-ctx.Done()
		return akucore.Instance{}, fmt.Errorf("%w: %w", akucore.ErrTimeout, ctx.Err())
	}
	return s.instance, s.err
}

func (server) Traffic(context.Context) (map[string]akucore.Traffic, error) { return nil, nil }

// servers are those of the pods.
type servers []server

func (s servers) Server(pod int) lifecycle.Server { return s[pod] }
func (s servers) CloseIdle()                      {}

// What the rules call open, closed and away, people are shown as such.
func TestLook_StatesAreThoseOfTheRules_AndAServerThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := servers{
			{}, {instance: akucore.Instance{AdminMode: true}}, {err: akucore.ErrClosed}, {err: akucore.ErrBusy},
			{err: akucore.ErrUnreachable}, {hangs: true}, {err: errors.New("ERR-31001 SQL syntax error")},
		}
		want := []string{Open, Closed, Closed, Closed, Unreachable, Unreachable, Unreachable}
		began := time.Now()
		seen := Look(t.Context(), akucore.Mesh{ServerCount: len(all)}, all, time.Second, func(int) string { return "no address" })
		if took := time.Since(began); took > lifecycle.AnswerLimit+time.Second {
			t.Errorf("it took %s", took)
		}
		for i, p := range seen.Pods {
			if p.State != want[i] || (p.Error == "") != (all[i].err == nil && !all[i].hangs) {
				t.Errorf("%+v is shown as %s, %q", all[i], p.State, p.Error)
			}
		}
	})
}
