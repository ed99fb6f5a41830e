package hook

import (
	"context"
	"log/slog"
	"time"
)

const (
	// askLimit bounds the request to Kubernetes for the pod's grace period.
	askLimit = time.Second
	// reserve is what the chart keeps back of a pod's grace period: to start the hook, for
	// the server to obey SIGTERM, and for the sidecar, which ends last.
	reserve = 5 * time.Second
	// leastLimit is the shortest limit: an end with hardly any time still does what it can.
	leastLimit = time.Second
)

// limit is the time for the whole end: the configured time (AKU_END_TIMEOUT), or the grace
// period of this very deletion when it is shorter. Kubernetes kills the containers when the
// grace period is over, whatever is configured.
func limit(ctx context.Context, configured time.Duration, grace func(context.Context) (time.Duration, bool, error), log *slog.Logger) (of time.Duration, whose string) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	given, ending, err := grace(ctx)
	switch {
	case err != nil:
		log.Info("the grace period of this end is not known, so the configured one counts", "error", err)
		return configured, "AKU_END_TIMEOUT"
	case !ending || given-reserve >= configured:
		return configured, "AKU_END_TIMEOUT"
	}
	shorter := max(given-reserve, leastLimit)
	log.Warn("this end has less time than configured", "grace_period", given, "limit", shorter, "configured", configured)
	return shorter, "the grace period of this end"
}
