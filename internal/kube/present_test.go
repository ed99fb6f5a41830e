package kube

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const statefulSet = `{"spec": {"replicas": 2, "template": {"spec": {
  "initContainers": [
    {"name": "other", "env": [{"name": "AKU_SERVER_COUNT", "value": "9"}]},
    {"name": "aku", "env": [{"name": "AKU_SERVER_COUNT", "value": "4"}, {"name": "AKU_POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}],
  "volumes": [{"name": "data"}, {"name": "aku-auth", "secret": {"secretName": "mine", "items": [{"key": "k", "path": "password"}]}}]}}}}`

func present(t *testing.T, answer http.HandlerFunc) (Present, bool, error) {
	t.Helper()
	return api(t, answer).Present(t.Context(), slog.New(slog.DiscardHandler), "aku", "aku-auth", 6)
}

func TestPresent_IsTheStatefulSetWithItsPods(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	got, exists, err := present(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case asked.Add(1) == 1: // the call is repeated
			w.WriteHeader(http.StatusServiceUnavailable)
		case strings.HasSuffix(r.URL.Path, "/statefulsets/altibase"):
			fmt.Fprint(w, statefulSet)
		case strings.HasSuffix(r.URL.Path, "/pods/altibase-0"), strings.HasSuffix(r.URL.Path, "/pods/altibase-2"):
			fmt.Fprintf(w, `{"metadata": {"name": %q, "ownerReferences": [{"kind": "StatefulSet", "name": "altibase"}]}}`, r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
		case strings.HasSuffix(r.URL.Path, "/pods/altibase-3"): // a pod of somebody else
			fmt.Fprint(w, `{"metadata": {"name": "altibase-3"}}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	if err != nil || !exists {
		t.Fatalf("%t, %v", exists, err)
	}
	want := Present{Replicas: 2, Variables: map[string]string{"AKU_SERVER_COUNT": "4"}, Secret: "mine/k", Pods: []int{2, 0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPresent_NoStatefulSet_IsNoError(t *testing.T) {
	t.Parallel()
	if _, exists, err := present(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }); exists || err != nil {
		t.Errorf("%t, %v", exists, err)
	}
}

func TestPresent_WithoutTheRight_SaysWhichOne(t *testing.T) {
	t.Parallel()
	_, _, err := present(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/pods/") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprint(w, statefulSet)
	})
	if err == nil || !strings.Contains(err.Error(), "needs get on pod altibase-5") {
		t.Errorf("%v", err)
	}
}
