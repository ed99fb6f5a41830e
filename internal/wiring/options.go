package wiring

import (
	"cmp"
	"log/slog"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
	"aku/internal/settings"
)

// StartOptions are the settings of a start. The order of a recovery is read anew each
// time. When it cannot be read, that is the error, and the options hold none.
func StartOptions(s settings.Settings) (akucore.StartOptions, error) {
	order, err := recoveryOrder(s.RecoverFile)
	return akucore.StartOptions{
		Recover:      order,
		Flush:        s.FlushAtStart == 1,
		FlushTimeout: settings.Seconds(cmp.Or(s.FlushTimeoutAtStart, s.QueryTimeout)),
		OpenDelay:    settings.Seconds(s.DelayStartComplete),
	}, err
}

// EndOptions are the settings of an end.
func EndOptions(s settings.Settings) akucore.EndOptions {
	end := settings.Seconds(s.EndTimeout)
	budget := lifecycle.Split(end-lifecycle.DrainOf(end, settings.Seconds(s.DrainTime)), s.ShutdownAtEnd == 1)
	return akucore.EndOptions{
		Flush:        s.FlushAtEnd == 1,
		DeliverLimit: budget.Deliver,
		Reset:        akucore.ResetMode(s.ReplicationResetAtEnd),
		Shutdown:     s.ShutdownAtEnd == 1,
	}
}

// Runner carries out plans as the settings say.
func Runner(s settings.Settings, servers lifecycle.Servers, log *slog.Logger) *lifecycle.Runner {
	return &lifecycle.Runner{
		Mesh:       s.Mesh(),
		Servers:    servers,
		Log:        log,
		RetryCount: s.QueryRetryCount,
		RetryDelay: time.Duration(s.QueryRetryDelayMsec) * time.Millisecond,
		DrainTime:  settings.Seconds(s.DrainTime),
		LockWait:   settings.Seconds(s.LockWait),
	}
}
