package pulse

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPulse_IsSilentSinceItsLastBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pulse
		time.Sleep(time.Hour)
		if s := p.Silence(); s != 0 {
			t.Errorf("one that never beat is late by %s", s)
		}
		ctx := With(t.Context(), &p)
		Beat(ctx)
		Beat(context.Background()) // nobody wants to know
		time.Sleep(3 * time.Second)
		Beat(With(ctx, nil)) // work beside the loop
		if s := p.Silence(); s != 3*time.Second {
			t.Errorf("silent for %s, want 3 s", s)
		}
		Beat(ctx)
		if s := p.Silence(); s != 0 {
			t.Errorf("silent for %s after a beat", s)
		}
	})
}

func TestWhile_BeatsAsLongAsItLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pulse
		ctx := With(t.Context(), &p)
		err := While(ctx, func() error {
			for range 100 {
				time.Sleep(3 * time.Second / 2)
				if s := p.Silence(); s > Every {
					t.Fatalf("silent for %s", s)
				}
			}
			return context.Canceled
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("its error is lost: %v", err)
		}
		Beat(ctx)
		time.Sleep(time.Hour)
		if s := p.Silence(); s != time.Hour {
			t.Errorf("it beats on, %s after its end", s)
		}
	})
}
