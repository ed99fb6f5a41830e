package kube

import (
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync/atomic"
	"testing"
)

func TestUninstalling_IsReadFromHelmsRecord(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		records map[string]string // path → status
		proven  bool
	}{
		{"an upgrade was the last thing", map[string]string{"secrets/sh.helm.release.v1.altibase.v3": "deployed"}, false},
		{"it is being uninstalled", map[string]string{"secrets/sh.helm.release.v1.altibase.v3": "uninstalling"}, true},
		{"after two rollbacks", map[string]string{
			"secrets/sh.helm.release.v1.altibase.v3": "superseded", "secrets/sh.helm.release.v1.altibase.v4": "superseded", "secrets/sh.helm.release.v1.altibase.v5": "uninstalling",
		}, true},
		{"records in ConfigMaps", map[string]string{"configmaps/sh.helm.release.v1.altibase.v3": "uninstalling"}, true},
		{"another release is", map[string]string{"secrets/sh.helm.release.v1.other.v3": "uninstalling"}, false},
		{"no record", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			set := api(t, func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) == 1 { // the call is repeated
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				if !strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadata") {
					t.Errorf("it reads the values of the release, too: Accept %s", r.Header.Get("Accept"))
				}
				status, there := c.records[path.Join(path.Base(path.Dir(r.URL.Path)), path.Base(r.URL.Path))]
				if !there || !strings.HasPrefix(r.URL.Path, "/api/v1/namespaces/databases/") {
					w.WriteHeader(http.StatusNotFound)
					return
				}
				fmt.Fprintf(w, `{"metadata": {"labels": {"owner": "helm", "status": %q}}}`, status)
			})
			proven, err := Release{Name: "altibase", First: 3, Last: 5, API: set.API}.Uninstalling(t.Context(), slog.New(slog.DiscardHandler))
			if err != nil || proven != c.proven {
				t.Errorf("%t, %v", proven, err)
			}
		})
	}
}

func TestUninstalling_WithoutTheRight_SaysWhichOne(t *testing.T) {
	t.Parallel()
	set := api(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	_, err := Release{Name: "altibase", First: 3, Last: 3, API: set.API}.Uninstalling(t.Context(), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "needs get on secrets sh.helm.release.v1.altibase.v3") {
		t.Errorf("%v", err)
	}
}

func TestEndWith_TouchesNothingUnlessHelmUninstalls(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"deployed", "uninstalling"} {
		n := &namespace{pods: map[int]string{0: "ready", 1: "ready"}, replicas: 2}
		answer := n.answer(t)
		set := api(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/secrets/sh.helm.release.v1.altibase.v1") {
				fmt.Fprintf(w, `{"metadata": {"labels": {"status": %q}}}`, status)
				return
			} else if strings.Contains(r.URL.Path, "/sh.helm.release.v1.") {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			answer(w, r)
		})
		err := set.EndWith(t.Context(), slog.New(slog.DiscardHandler), Release{Name: "altibase", First: 1, Last: 2, API: set.API}, most)
		n.quiet(t)
		if want := map[string]int{"deployed": 2, "uninstalling": 0}[status]; err != nil || n.replicas != want || len(n.pods) != want {
			t.Errorf("%s: %v, replicas %d, pods %v", status, err, n.replicas, n.pods)
		}
	}
}
