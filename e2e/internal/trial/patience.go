package trial

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

// patience is SERVER_PATIENCE, the factor of all limits in this package and the tests. The limits fit a real
// server on a machine that is not too busy: 17 s from a new pod to an open server, 17 s for its shutdown, 60
// s until a sender that has lost its peer tries again.
var patience = sync.OnceValues(func() (float64, error) {
	given := os.Getenv("SERVER_PATIENCE")
	if given == "" {
		return 1, nil
	}
	factor, err := strconv.ParseFloat(given, 64)
	if err != nil || factor < 1 {
		return 1, fmt.Errorf("SERVER_PATIENCE must be a number from 1 on, not %q", given)
	}
	return factor, nil
})

// patient is a limit times the factor.
func patient(limit time.Duration) time.Duration {
	factor, _ := patience() // NewCluster has reported an error
	return time.Duration(float64(limit) * factor)
}
