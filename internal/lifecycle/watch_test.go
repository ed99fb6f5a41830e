package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"aku/internal/akucore"
)

// looks is a server that gives one answer after the other, the last one again and
// again.
type looks struct {
	answers []look
}

type look struct {
	akucore.Instance
	err error
}

func (l *looks) Instance(context.Context) (akucore.Instance, error) {
	now := l.answers[0]
	if len(l.answers) > 1 {
		l.answers = l.answers[1:]
	}
	return now.Instance, now.err
}

func TestWatch_NoticesWhatTakesAServerOutOfService(t *testing.T) {
	well := look{Instance: akucore.Instance{StartTime: 7}}
	away := look{err: fmt.Errorf("connection refused: %w", akucore.ErrUnreachable)}
	tests := []struct {
		name    string
		answers []look
		want    int // looks that found it well before it was gone
	}{
		{"started again", []look{well, well, {Instance: akucore.Instance{StartTime: 8}}}, 2},
		{"closed", []look{well, {Instance: akucore.Instance{StartTime: 7, AdminMode: true}}}, 1},
		{"closed, and nobody gets in to see it", []look{well, {err: akucore.ErrClosed}}, 1},
		{"away for good", []look{well, away}, 1},
		{"hung for a moment", []look{well, away, away, well, {err: akucore.ErrClosed}}, 2},
		{"password changed before the Secret is", []look{well, {err: akucore.ErrPassword}, {err: akucore.ErrPassword}, {err: akucore.ErrPassword}, {err: akucore.ErrPassword}, well, {err: akucore.ErrClosed}}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				found := 0
				err := WatchServer(t.Context(), &looks{answers: test.answers}, akucore.Instance{StartTime: 7}, func() { found++ })
				if !errors.Is(err, ErrGone) || found != test.want {
					t.Errorf("found well %d times, then %v; want %d times", found, err, test.want)
				}
			})
		})
	}
}
