package status

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"aku/internal/akucore"
)

// GivenUpPage is the sidecar's page of the newest reports that rows were given up, one a line.
// MostGivenUp is how many there are at most.
const (
	GivenUpPage = "/given-up"
	MostGivenUp = 20
)

// mostOfPage bounds what is read of a page.
const mostOfPage = 64 << 10

var errNoAnswer = errors.New("does not answer")

// sidecar is what a pod's sidecar says.
type sidecar struct {
	ready   string // the first line of its answer to the readiness probe
	givenUp []string
}

func askSidecar(ctx context.Context, address string) sidecar {
	answer, _, err := get(ctx, address, "/readyz")
	if err != nil {
		return sidecar{ready: err.Error()}
	}
	var s sidecar
	s.ready, _, _ = strings.Cut(answer, "\n")
	// A sidecar of an earlier version has no such page.
	if answer, found, err := get(ctx, address, GivenUpPage); err == nil && found {
		for line := range strings.Lines(answer) {
			s.givenUp = append(s.givenUp, strings.TrimSpace(line))
		}
	}
	return s
}

// get reads a page of a sidecar, and tells whether there is one.
func get(ctx context.Context, address, page string) (text string, found bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+page, nil)
	if err != nil {
		return "", false, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", false, errNoAnswer
	}
	defer response.Body.Close()
	all, err := io.ReadAll(io.LimitReader(response.Body, mostOfPage))
	return string(all), response.StatusCode == http.StatusOK, err
}

// kept are the signs on a server that a peer did not apply all of its changes. They outlast restarts.
func kept(m akucore.Mesh, pod int, objects map[string]akucore.Traffic) (signs []string) {
	if len(objects) == 0 {
		return nil
	}
	for _, peer := range m.Others(pod) {
		sign := m.GivenUpSign(pod, peer).Name
		if _, exists := objects[sign]; exists {
			signs = append(signs, fmt.Sprintf("%s: changes of %s were not all applied; %s keeps its copy, and %s as a sign of it", m.PodName(peer), m.PodName(pod), m.PodName(pod), sign))
		}
	}
	return signs
}
