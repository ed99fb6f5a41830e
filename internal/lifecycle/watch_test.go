package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"aku/internal/akucore"
)

// answers is a server that gives one answer after the other, the last one again and
// again.
type answers struct {
	left []answer
}

type answer struct {
	akucore.Instance
	err error
}

func (a *answers) Instance(context.Context) (akucore.Instance, error) {
	now := a.left[0]
	if len(a.left) > 1 {
		a.left = a.left[1:]
	}
	return now.Instance, now.err
}

func TestWatch_NoticesWhatTakesAServerOutOfService(t *testing.T) {
	well := answer{Instance: akucore.Instance{StartTime: 7}}
	away := answer{err: fmt.Errorf("connection refused: %w", akucore.ErrUnreachable)}
	tests := []struct {
		name    string
		answers []answer
		want    int // answers that found it well before it was gone
	}{
		{"started again", []answer{well, well, {Instance: akucore.Instance{StartTime: 8}}}, 2},
		{"closed", []answer{well, {Instance: akucore.Instance{StartTime: 7, AdminMode: true}}}, 1},
		{"closed, and nobody gets in to see it", []answer{well, {err: akucore.ErrClosed}}, 1},
		{"away for good", []answer{well, away}, 1},
		{"hung for a moment", []answer{well, away, away, well, {err: akucore.ErrClosed}}, 2},
		{"password changed before the Secret is", []answer{well, {err: akucore.ErrPassword}, {err: akucore.ErrPassword}, {err: akucore.ErrPassword}, {err: akucore.ErrPassword}, well, {err: akucore.ErrClosed}}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				found := 0
				err := WatchServer(t.Context(), &answers{left: test.answers}, akucore.Instance{StartTime: 7}, func() { found++ })
				if !errors.Is(err, ErrGone) || found != test.want {
					t.Errorf("found well %d times, then %v; want %d times", found, err, test.want)
				}
			})
		})
	}
}
