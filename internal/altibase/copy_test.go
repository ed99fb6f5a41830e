package altibase

import (
	"database/sql/driver"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// copying is a server on which a SYNC takes some time, and copies rows meanwhile.
func copying(takes time.Duration, moves bool) *fake {
	rows := int64(0)
	return &fake{answer: func(statement string) ([][]driver.Value, error) {
		switch {
		case strings.HasPrefix(statement, "ALTER REPLICATION"):
			time.Sleep(takes)
		case strings.Contains(statement, "V$REPSYNC"):
			if moves {
				rows++
			}
			return [][]driver.Value{{"T1", "", rows, int64(1)}}, nil
		}
		return lockTimeout(statement), nil
	}}
}

// lockTimeout answers what the wait of a SYNC for its locks is.
func lockTimeout(statement string) [][]driver.Value {
	if strings.Contains(statement, "V$PROPERTY") {
		return [][]driver.Value{{int64(30), int64(1)}}
	}
	return nil
}

func TestCopy_WithoutALimit_TakesItsTimeAsLongAsItMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := copying(20*time.Hour+copyPoll/2, true) // it ends between two checks
		servers := f.servers(t)
		own(servers).config.QueryTimeout = time.Hour
		if err := own(servers).Sync(t.Context(), "R", 1, nil, time.Minute); err != nil {
			t.Error(err)
		}
		if n := len(f.statements("QUERY_TIMEOUT = 0")); n != 1 {
			t.Errorf("the server's own limit was lifted %d times", n)
		}
		servers.CloseIdle()
	})
}

func TestCopy_ThatStandsStill_IsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		servers := copying(20*time.Hour, false).servers(t)
		inTime(t, copyStill+time.Minute, func() {
			if err := own(servers).Sync(t.Context(), "R", 1, nil, time.Minute); err == nil {
				t.Error("it stands still, and nobody says so")
			}
		})
		servers.CloseIdle()
		time.Sleep(20 * time.Hour)
	})
}

func TestCopy_ThatItsLimitCutsAgain_SaysWhatToRaise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inTime atomic.Bool // calls that were left behind may still read it
		f := &fake{answer: func(statement string) ([][]driver.Value, error) {
			if strings.HasPrefix(statement, "ALTER REPLICATION") && !inTime.Load() {
				return nil, said("HYT00", 4164, "Client's query exceeded the execution time limit.")
			}
			return lockTimeout(statement), nil
		}}
		servers := f.servers(t)
		own(servers).config.CopyTimeout = time.Minute
		for try, again := range []bool{false, true, true} {
			err := own(servers).Sync(t.Context(), "R", 1, nil, time.Minute)
			if !errors.Is(err, akucore.ErrTimeout) || errors.Is(err, akucore.ErrCopyLimit) != again || strings.Contains(err.Error(), "AKU_QUERY_TIMEOUT") != again {
				t.Errorf("try %d: %v", try+1, err)
			}
			if reason := lifecycle.ReasonOf(err); (reason == lifecycle.ReasonCopyLimit) != again {
				t.Errorf("try %d: the reason is %s", try+1, reason)
			}
		}
		inTime.Store(true)
		if err := own(servers).Sync(t.Context(), "R", 1, nil, time.Minute); err != nil || own(servers).cut["R"] != 0 {
			t.Errorf("one that was in time: %v", err)
		}
		servers.CloseIdle()
	})
}
