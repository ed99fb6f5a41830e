package status

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
	"aku/internal/lifecycle/lifecycletest"
)

// What the rules call open, closed and away, people are shown as such.
func TestObserve_StatesAreThoseOfTheRules_AndAServerThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := lifecycletest.Servers{
			{}, lifecycletest.Closed, {Err: akucore.ErrClosed}, {Err: akucore.ErrBusy},
			{Err: akucore.ErrUnreachable}, {Hangs: true}, {Err: errors.New("ERR-31001 SQL syntax error")},
		}
		want := []string{Open, Closed, Closed, Closed, Unreachable, Unreachable, Unreachable}
		began := time.Now()
		seen := Observe(t.Context(), akucore.Mesh{ServerCount: len(all)}, all, time.Second, func(int) string { return "no address" })
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %s", took)
		}
		for i, p := range seen.Pods {
			if p.State != want[i] || (p.Error == "") != (all[i].Err == nil && !all[i].Hangs) {
				t.Errorf("%+v is shown as %s, %q", all[i], p.State, p.Error)
			}
		}
	})
}

// What a sidecar saw is lost when it restarts; the sign on the server is not.
func TestObserve_RowsThatWereGivenUp_AreToldByTheSidecarAndByTheSignOnTheServer(t *testing.T) {
	pages := map[string]string{"/readyz": "in service\nmore", GivenUpPage: "2026-01-02T03:04:05Z 2 rows\n2026-01-02T03:04:06Z 3 rows\n"}
	sidecar := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, exists := pages[r.URL.Path]
		if !exists {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, text)
	}))
	defer sidecar.Close()
	mesh := akucore.Mesh{StatefulSet: "altibase", ServerCount: 2, Blocks: []akucore.Block{{Prefix: "R"}}}
	servers := signedServers{lifecycletest.Servers{{}, {}}, mesh.GivenUpSign(1, 0).Name}
	observe := func() (told [][]string) {
		seen := Observe(t.Context(), mesh, servers, time.Second, func(int) string { return strings.TrimPrefix(sidecar.URL, "http://") })
		for _, p := range seen.Pods {
			if p.Sidecar != "in service" {
				t.Errorf("the sidecar says %q", p.Sidecar)
			}
			told = append(told, p.GivenUp)
		}
		return told
	}
	sign := "altibase-0: changes of altibase-1 were not all applied; altibase-1 keeps its copy, and AKU_GIVEN_UP_10 as a sign of it"
	lines := strings.Split(strings.TrimSpace(pages[GivenUpPage]), "\n")
	if diff := cmp.Diff([][]string{lines, append([]string{sign}, lines...)}, observe()); diff != "" {
		t.Error(diff)
	}
	delete(pages, GivenUpPage) // as an earlier version
	if diff := cmp.Diff([][]string{nil, {sign}}, observe()); diff != "" {
		t.Error(diff)
	}
}

// signedServers are servers of which pod 1 has a sign.
type signedServers struct {
	lifecycletest.Servers
	sign string
}

func (s signedServers) Server(pod int) lifecycle.Server {
	if pod == 1 {
		return signedServer{s.Servers[pod], s.sign}
	}
	return s.Servers[pod]
}

type signedServer struct {
	lifecycletest.Server
	sign string
}

func (s signedServer) Traffic(context.Context) (map[string]akucore.Traffic, error) {
	return map[string]akucore.Traffic{s.sign: {XSN: akucore.Unset}}, nil
}
