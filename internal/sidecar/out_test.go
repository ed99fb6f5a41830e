package sidecar

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"aku/e2e/ports"
	"aku/internal/akucore"
	"aku/internal/kube"
	"aku/internal/settings"
)

// settingsOf are those of a pod, with a health port of its own.
func settingsOf(t *testing.T, pod string) (settings.Settings, error) {
	t.Helper()
	port, release, err := ports.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return settings.From(map[string]string{
		"AKU_STS_NAME": "altibase", "AKU_SVC_NAME": "svc", "AKU_POD_NAME": pod, "AKU_SERVER_COUNT": "2", "AKU_SYS_PASSWORD": "manager",
		"AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX": "AKU_REP", "AKU_REPLICATIONS_0_TABLES": "SYS.T1",
		"AKU_RUN_DIR": t.TempDir(), "AKU_HEALTH_PORT": strconv.Itoa(port),
	})
}

// noServers are those of a sidecar that must not come to touch one.
type noServers struct{ Servers }

func (noServers) CloseIdle() {}

// staysOut runs a sidecar until it makes its Event, and gives that with what the pages say
// meanwhile.
func staysOut(t *testing.T, s *Sidecar) (event kube.Note, live, ready string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	acts := make(chan struct{}, 1)
	s.Servers = noServers{}
	s.CheckAddress = func(ctx context.Context) error { // the first thing that it does for its server
		acts <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	made := make(chan kube.Note, mostAnnounced)
	s.announce = newAnnouncer(func(_ context.Context, e kube.Note) error { made <- e; return nil }, s.Log)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	select {
	case event = <-made:
	case <-acts:
		t.Fatal("it does not stay out, and goes on to its server")
	case err := <-ended:
		t.Fatalf("it ends, and would be started again and again: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("no Event in a minute")
	}
	live, ready = page(t, s.Settings.HealthPort, "livez"), page(t, s.Settings.HealthPort, "readyz")
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("ended: %v", err)
	}
	return event, live, ready
}

func page(t *testing.T, port int, name string) string {
	t.Helper()
	for until := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/%s", port, name))
		if err == nil {
			defer answer.Body.Close()
			text, _ := io.ReadAll(answer.Body)
			return fmt.Sprintf("%d %s", answer.StatusCode, text)
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
	}
}

func TestSurplusPod_StaysAliveOutOfTheMesh_AndSaysWhy(t *testing.T) {
	t.Parallel()
	settings, err := settingsOf(t, "altibase-2")
	if !errors.Is(err, akucore.ErrSurplus) {
		t.Fatal(err)
	}
	event, live, ready := staysOut(t, Surplus(settings, err, logTo(t)))
	if !event.Warning || event.Reason != "PodNumberTooHigh" || !strings.Contains(event.Text, "raise aku.serverCount") {
		t.Errorf("%+v", event)
	}
	if live != "200 alive\n" || !strings.HasPrefix(ready, "503 ") || !strings.Contains(ready, `"altibase-2"`) {
		t.Errorf("livez %q, readyz %q", live, ready)
	}
}

func TestPodBesideTheVendorsAku_StaysClosedAndSaysWhy(t *testing.T) {
	t.Parallel()
	settings, err := settingsOf(t, "altibase-1")
	if err != nil {
		t.Fatal(err)
	}
	s := New(settings, nil, logTo(t))
	if err := errors.Join(s.dir.Mark(), s.dir.NoteForeign("process 42 of this container is the vendor's aku")); err != nil {
		t.Fatal(err)
	}
	event, live, ready := staysOut(t, s)
	if !event.Warning || event.Reason != "OtherUtility" || !strings.Contains(event.Text, "process 42") || !strings.Contains(event.Text, "delete the pod") {
		t.Errorf("%+v", event)
	}
	if live != "200 alive\n" || !strings.HasPrefix(ready, "503 ") || s.dir.Marked() {
		t.Errorf("livez %q, readyz %q, marked %t", live, ready, s.dir.Marked())
	}
}

// A probe may see the tool when the start has begun.
func TestPodBesideTheVendorsAku_SeenAmidAStart_StaysClosedAndSaysWhy(t *testing.T) {
	t.Parallel()
	settings, err := settingsOf(t, "altibase-1")
	if err != nil {
		t.Fatal(err)
	}
	s := New(settings, noServers{}, logTo(t))
	made := make(chan kube.Note, mostAnnounced)
	s.announce = newAnnouncer(func(_ context.Context, e kube.Note) error { made <- e; return nil }, s.Log)
	s.CheckAddress = func(context.Context) error {
		return s.dir.NoteForeign("process 42 of this container is the vendor's aku")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	select {
	case event := <-made:
		if event.Reason != "OtherUtility" || !strings.Contains(event.Text, "process 42") {
			t.Errorf("%+v", event)
		}
	case <-time.After(time.Minute):
		t.Error("no Event in a minute")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("ended: %v", err)
	}
}
