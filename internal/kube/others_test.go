package kube

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestOthers_AreOfTheSameReleaseAndChart(t *testing.T) {
	t.Parallel()
	set := api(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/apis/apps/v1/namespaces/databases/statefulsets" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		var items []string
		for _, c := range [][3]string{ // name, release, chart
			{"altibase", "db", "altibase-0.1.3"}, {"old", "db", "altibase-0.1.2"}, {"second", "db", "altibase-b-0.1.3"},
			{"theirs", "other", "altibase-0.1.3"}, {"cache", "db", "redis-1.0.0"},
		} {
			// Argo CD has overwritten the label with its application.
			items = append(items, fmt.Sprintf(`{"metadata": {"name": %q, "labels": {"helm.sh/chart": %q, "app.kubernetes.io/instance": "app"}},
				"spec": {"selector": {"matchLabels": {"app.kubernetes.io/instance": %q}}}}`, c[0], c[2], c[1]))
		}
		fmt.Fprintf(w, `{"items": [%s]}`, strings.Join(items, ", "))
	})
	names, err := set.Others(t.Context(), slog.New(slog.DiscardHandler), "db", "altibase")
	if err != nil || !slices.Equal(names, []string{"old"}) {
		t.Errorf("%v, %v", names, err)
	}
}

func TestOthers_WithoutTheRight_SaysWhichOne(t *testing.T) {
	t.Parallel()
	set := api(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	if _, err := set.Others(t.Context(), slog.New(slog.DiscardHandler), "db", "altibase"); err == nil || !strings.Contains(err.Error(), "needs list on StatefulSets") {
		t.Errorf("%v", err)
	}
}
