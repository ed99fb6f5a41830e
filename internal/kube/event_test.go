package kube

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestTell_IsAboutThisVeryPod(t *testing.T) {
	t.Parallel()
	var got map[string]any
	set := api(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/api/v1/namespaces/databases/events" {
			t.Errorf("%s %s: it may make Events and nothing else", r.Method, r.URL.Path)
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusCreated)
	})
	pod := OwnPod{Name: "altibase-0", UID: "1-2-3", API: set.API}
	if err := pod.Tell(t.Context(), Note{Warning: true, Reason: "MasterFailed", Text: "it lost its rows"}); err != nil {
		t.Fatal(err)
	}
	about, _ := got["involvedObject"].(map[string]any)
	for field, want := range map[string]any{"kind": "Pod", "namespace": "databases", "name": "altibase-0", "uid": "1-2-3"} {
		if about[field] != want {
			t.Errorf("involvedObject.%s is %v, want %v", field, about[field], want)
		}
	}
	for field, want := range map[string]any{"type": "Warning", "reason": "MasterFailed", "message": "it lost its rows", "count": 1.0} {
		if got[field] != want {
			t.Errorf("%s is %v, want %v", field, got[field], want)
		}
	}
	at, err := time.Parse(time.RFC3339, got["lastTimestamp"].(string))
	if err != nil || time.Since(at) > time.Minute {
		t.Errorf("at %v, %v", got["lastTimestamp"], err)
	}
}

func TestTell_TextOfAnyLengthFits(t *testing.T) {
	t.Parallel()
	var got struct{ Message, Type string }
	set := api(t, func(_ http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
	})
	for _, text := range []string{strings.Repeat("ü", maxMessage), "x" + strings.Repeat("ü", maxMessage)} {
		if err := (OwnPod{Name: "altibase-0", API: set.API}).Tell(t.Context(), Note{Text: text}); err != nil {
			t.Fatal(err)
		}
		if len(got.Message) > maxMessage || len(got.Message) < maxMessage-8 || !strings.HasSuffix(got.Message, "ü …") || !utf8.ValidString(got.Message) {
			t.Errorf("%d bytes: %q", len(got.Message), got.Message)
		}
	}
	if got.Type != "Normal" {
		t.Errorf("type %s", got.Type)
	}
}

func TestGrace_IsThatOfTheDeletion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		metadata string
		grace    time.Duration
		ok       bool
	}{
		{`{"deletionTimestamp": "2026-01-02T03:04:05Z", "deletionGracePeriodSeconds": 30}`, 30 * time.Second, true},
		{`{"deletionTimestamp": "2026-01-02T03:04:05Z", "deletionGracePeriodSeconds": 0}`, 0, true},
		{`{}`, 0, false},
	} {
		set := api(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != "/api/v1/namespaces/databases/pods/altibase-1" {
				t.Errorf("%s %s", r.Method, r.URL.Path)
			}
			_, _ = w.Write([]byte(`{"metadata": ` + test.metadata + `}`))
		})
		grace, ok, err := OwnPod{Name: "altibase-1", API: set.API}.Grace(t.Context())
		if grace != test.grace || ok != test.ok || err != nil {
			t.Errorf("%s: %s, %t, %v", test.metadata, grace, ok, err)
		}
	}
}

func TestTell_MissingRightIsSaid(t *testing.T) {
	t.Parallel()
	set := api(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	err := OwnPod{Name: "altibase-0", API: set.API}.Tell(t.Context(), Note{})
	if !Forbidden(err) || !strings.Contains(err.Error(), "the service account needs create on events") {
		t.Errorf("%v", err)
	}
}
