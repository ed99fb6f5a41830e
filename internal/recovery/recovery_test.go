package recovery

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/avast/retry-go/v4"

	"aku/internal/settings"
)

var errLock = errors.New("ERR-11075 somebody has a lock")

// tried runs tries of which the last one ends otherwise, and tells how many there were.
func tried(ctx context.Context, otherwise int, end error) (tries int, err error) {
	r := Recovery{Settings: settings.Settings{QueryRetryCount: 4, QueryRetryDelayMsec: 3000}, Log: slog.New(slog.DiscardHandler)}
	err = r.again(ctx, func(last error) error {
		tries++
		if (last != nil) != (tries > 1) {
			return errors.New("it is not told what failed before")
		}
		if tries == otherwise {
			return end
		}
		return errLock
	})
	return tries, err
}

func TestAgain_PausesBetweenTries(t *testing.T) {
	refused := retry.Unrecoverable(ErrRefused)
	for _, test := range []struct {
		name      string
		otherwise int
		end       error
		tries     int
		err       error
	}{
		{"works at once", 1, nil, 1, nil},
		{"works the third time", 3, nil, 3, nil},
		{"is refused the second time", 2, refused, 2, ErrRefused},
		{"never works", 0, nil, 5, errLock},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				tries, err := tried(t.Context(), test.otherwise, test.end)
				if tries != test.tries || !errors.Is(err, test.err) {
					t.Errorf("%d tries: %v", tries, err)
				}
				if took, want := time.Since(began), time.Duration(test.tries-1)*3*time.Second; took != want {
					t.Errorf("they took %s, want %s", took, want)
				}
			})
		})
	}
}

func TestAgain_CutShort_SaysWhyAndWhatHadFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("this pod is being ended")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 4*time.Second, cause)
		defer cancel()
		began := time.Now()
		tries, err := tried(ctx, 0, nil)
		if tries != 2 || time.Since(began) != 4*time.Second {
			t.Errorf("%d tries in %s", tries, time.Since(began))
		}
		if !errors.Is(err, cause) || !errors.Is(err, errLock) || !strings.Contains(err.Error(), "the master stays closed, run it again") {
			t.Errorf("error %v", err)
		}
	})
}

func TestAgain_CutShortInATry_SaysWhatHadFailedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		r := Recovery{Settings: settings.Settings{QueryRetryCount: 4, QueryRetryDelayMsec: 3000}, Log: slog.New(slog.DiscardHandler)}
		err := r.again(ctx, func(last error) error {
			if last == nil {
				return errLock
			}
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errLock) {
			t.Errorf("error %v", err)
		}
	})
}
