package kube

import (
	"context"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// api starts a TLS server that stands for the API server, with credentials.
func api(t *testing.T, answer http.HandlerFunc) StatefulSet {
	t.Helper()
	server := httptest.NewUnstartedServer(answer)
	return started(t, server)
}

// started starts a server, and writes its credentials.
func started(t *testing.T, server *httptest.Server) StatefulSet {
	t.Helper()
	server.StartTLS()
	t.Cleanup(server.Close)
	dir := t.TempDir()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for file, content := range map[string]string{"token": "secret\n", "namespace": "databases", "ca.crt": string(authority)} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return StatefulSet{Name: "altibase", API: API{Server: server.URL, Credentials: dir, limit: time.Minute}}
}

func TestReplicas_AskedAgain_ComesOnTheSameConnection(t *testing.T) {
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"spec":{"replicas":3}}`))
		w.(http.Flusher).Flush() // the end of the answer comes in a packet of its own
		_, _ = w.Write([]byte("\n"))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	set := started(t, server)
	const questions = 20
	for range questions {
		if got, err := set.Replicas(t.Context()); err != nil || got != 3 {
			t.Fatal(got, err)
		}
	}
	// On a busy machine Go's client may give a connection up.
	if n := connections.Load(); n > questions/2 {
		t.Errorf("%d connections for %d questions", n, questions)
	}
}

func TestReplicas_AreReadFromTheStatefulSet(t *testing.T) {
	tests := []struct {
		name, body string
		status     int
		want       int
		wantErr    string
	}{
		{"set", `{"spec":{"replicas":3}}`, 200, 3, ""},
		{"zero", `{"spec":{"replicas":0}}`, 200, 0, ""},
		{"not set", `{"spec":{}}`, 200, 1, ""},
		{"not allowed", `{}`, 403, 0, "needs get on this StatefulSet"},
		{"deleted", `{}`, 404, 0, "404"},
		{"no answer of the API", `<html>`, 200, 0, "invalid character"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := api(t, func(w http.ResponseWriter, r *http.Request) {
				if want := "/apis/apps/v1/namespaces/databases/statefulsets/altibase"; r.URL.Path != want {
					t.Errorf("path %s, want %s", r.URL.Path, want)
				}
				if got := r.Header.Get("Authorization"); got != "Bearer secret" {
					t.Errorf("authorization %q", got)
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			})
			got, err := set.Replicas(t.Context())
			if test.wantErr == "" && (err != nil || got != test.want) {
				t.Errorf("%d, %v; want %d", got, err, test.want)
			}
			if test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr)) {
				t.Errorf("%v, want %s", err, test.wantErr)
			}
		})
	}
}

func TestReplicas_HangingServerIsBounded(t *testing.T) {
	release := make(chan struct{})
	set := api(t, func(http.ResponseWriter, *http.Request) { <-release })
	set.limit = 0
	t.Cleanup(func() { close(release) }) // runs before the server is closed
	failed := make(chan error, 1)
	go func() {
		_, err := set.Replicas(t.Context()) // only the limit of a call ends it
		failed <- err
	}()
	select {
	case err := <-failed:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a server that does not answer: %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("a server that does not answer is waited for, for longer than a minute")
	}
}

func TestReplicas_OutsideOfAPod_AreNotKnown(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, err := (StatefulSet{Name: "altibase"}).Replicas(t.Context()); err == nil || !strings.Contains(err.Error(), "not a pod") {
		t.Errorf("%v", err)
	}
}
