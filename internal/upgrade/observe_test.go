package upgrade

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/altibase"
	"aku/internal/lifecycle"
	"aku/internal/lifecycle/lifecycletest"
)

func TestAsk_EachServerIsAskedWithinTheSameLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		asked, _ := ask(t.Context(), mesh(4, blockA), lifecycletest.Servers{
			{}, lifecycletest.Closed, {Err: akucore.ErrPassword}, {Hangs: true},
		}, 4)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %s", took)
		}
		for pod, want := range []error{nil, akucore.ErrClosed, akucore.ErrPassword, akucore.ErrTimeout} {
			if err := asked[pod].Err; !errors.Is(err, want) {
				t.Errorf("pod %d: %v, want %v", pod, err, want)
			}
		}
	})
}

// An upgrade from a version without beats finds no beat table, or a user's own of that name.
func TestAsk_ATableWithTheNameOfABeatTableAndOtherColumns_IsForeign(t *testing.T) {
	servers := namedServers{{}, {err: akucore.ErrNoTable}, {err: &altibase.Error{Code: "31058", Text: "Column not found"}}}
	_, foreign := ask(t.Context(), mesh(3, blockA), servers, 3)
	for pod, want := range [][]akucore.Table{nil, nil, {blockA.Beat()}} {
		if !slices.Equal(foreign[pod], want) {
			t.Errorf("pod %d: %v, want %v", pod, foreign[pod], want)
		}
	}
}

type namedServers []namedServer

func (s namedServers) Server(pod int) lifecycle.Server { return s[pod] }
func (namedServers) CloseIdle()                        {}

// namedServer answers err when it is asked for beats.
type namedServer struct {
	lifecycletest.Server
	err error
}

func (s namedServer) Beats(context.Context, akucore.Table) (map[int]akucore.Beats, error) {
	return nil, s.err
}
