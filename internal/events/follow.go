package events

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Follow reads the stream of a sidecar, at address host:port, and calls show with each event
// after since. It returns when the stream ends: with nil when only what is kept was asked
// for. The time of the last event tells where to go on.
func Follow(ctx context.Context, address string, since time.Time, follow bool, show func(Entry)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// A connection on which not even an empty line comes is dead.
	quiet := time.AfterFunc(2*aliveInterval, cancel)
	defer quiet.Stop()
	query := url.Values{"follow": {fmt.Sprint(follow)}, "since": {since.Format(time.RFC3339Nano)}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/events?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(response.Body, 200))
		return fmt.Errorf("%s: %s", response.Status, strings.TrimSpace(string(why)))
	}
	lines := json.NewDecoder(heard{response.Body, quiet})
	for {
		var e Entry
		if err := lines.Decode(&e); err == io.EOF && !follow {
			return nil
		} else if err != nil {
			return err
		}
		show(e)
	}
}

// heard puts off the end of a connection with everything that comes.
type heard struct {
	io.Reader
	quiet *time.Timer
}

func (h heard) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	h.quiet.Reset(2 * aliveInterval)
	return n, err
}
