package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// namespace answers like the API server about one StatefulSet and its pods. At each read it also
// acts like the StatefulSet's controller: it ends the highest pod, but never one that is out of
// service while a lower one is, too.
type namespace struct {
	mu       sync.Mutex
	pods     map[int]string // number → "ready", "wedged" or "stuck": it never ends
	replicas int
	ended    []string // in order; a "!" marks those deleted through the API
	failures int      // how many calls fail before one succeeds
	gone     bool     // the StatefulSet does not exist

	replaced    int    // this pod is replaced once, right before it is deleted
	replacement string // what is appended to its UID then
	conflicts   int

	patience int // how often the pods are listed before the time is over; 0 stands for as often as needed
	listed   int // how often pod 0 was asked for
	timeOver func()
}

const most = 6

func (n *namespace) answer(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.failures > 0 {
			n.failures--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var number int
		switch _, err := fmt.Sscanf(r.URL.Path, "/api/v1/namespaces/databases/pods/altibase-%d", &number); {
		case n.gone:
			w.WriteHeader(http.StatusNotFound)
		case r.Method == http.MethodPatch && r.URL.Path == "/apis/apps/v1/namespaces/databases/statefulsets/altibase/scale":
			var patch struct{ Spec struct{ Replicas *int } }
			if err := json.NewDecoder(r.Body).Decode(&patch); err != nil || patch.Spec.Replicas == nil {
				t.Errorf("the patch: %v", err)
				return
			}
			if got := r.Header.Get("Content-Type"); got != "application/merge-patch+json" {
				t.Errorf("content type %q", got)
			}
			n.replicas = *patch.Spec.Replicas
		case err == nil && number == 0 && r.Method == http.MethodGet && n.patience > 0 && n.listed == n.patience:
			n.timeOver()
		case err == nil && n.pods[number] == "":
			w.WriteHeader(http.StatusNotFound)
		case err == nil && r.Method == http.MethodGet:
			if number == 0 {
				n.listed++
			}
			_ = json.NewEncoder(w).Encode(n.pod(number))
			n.control()
		case err == nil && r.Method == http.MethodDelete:
			var options struct{ Preconditions struct{ UID string } }
			if err := json.NewDecoder(r.Body).Decode(&options); err != nil || !strings.HasPrefix(options.Preconditions.UID, fmt.Sprint("uid-", number)) {
				t.Errorf("deleted without being sure which pod it is: %v, %+v", err, options)
			}
			if n.replaced == number {
				n.replaced = 0
				n.replacement = "-again"
			}
			if options.Preconditions.UID != n.uid(number) {
				n.conflicts++
				w.WriteHeader(http.StatusConflict)
				return
			}
			n.ended = append(n.ended, fmt.Sprint("!", number))
			delete(n.pods, number)
		default:
			t.Errorf("%s %s", r.Method, r.URL.Path)
			w.WriteHeader(http.StatusForbidden)
		}
	}
}

// quiet stops late calls from changing anything while the test reads.
func (n *namespace) quiet(t *testing.T) {
	t.Helper()
	n.mu.Lock()
	t.Cleanup(n.mu.Unlock)
}

func (n *namespace) uid(number int) string { return fmt.Sprint("uid-", number, n.replacement) }

func (n *namespace) pod(number int) map[string]any {
	ready := "False"
	if n.pods[number] == "ready" {
		ready = "True"
	}
	metadata := map[string]any{
		"name": fmt.Sprint("altibase-", number), "uid": n.uid(number),
		"ownerReferences": []map[string]string{{"kind": "StatefulSet", "name": "altibase"}},
	}
	if n.pods[number] == "stuck" {
		metadata["deletionTimestamp"] = time.Now().Format(time.RFC3339)
	}
	return map[string]any{
		"metadata": metadata, "spec": map[string]string{"nodeName": "node1"},
		"status": map[string]any{"conditions": []map[string]string{{"type": "Ready", "status": ready}}},
	}
}

// control is one step of the StatefulSet's controller.
func (n *namespace) control() {
	for number := most - 1; number >= n.replicas; number-- {
		switch n.pods[number] {
		case "":
		case "ready":
			n.ended = append(n.ended, fmt.Sprint(number))
			delete(n.pods, number)
			return
		default:
			return
		}
	}
}

func scaleToZero(t *testing.T, n *namespace) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	n.replicas, n.timeOver = most, cancel
	err := api(t, n.answer(t)).ScaleToZero(ctx, slog.New(slog.NewTextHandler(t.Output(), nil)), most)
	n.quiet(t)
	return err
}

func TestScaleToZero_WaitsUntilThePodsAreGoneInOrder(t *testing.T) {
	t.Parallel()
	n := &namespace{pods: map[int]string{0: "ready", 1: "ready", 2: "ready"}, failures: 1}
	if err := scaleToZero(t, n); err != nil {
		t.Fatal(err)
	}
	if want := []string{"2", "1", "0"}; !slices.Equal(n.ended, want) || n.replicas != 0 {
		t.Errorf("ended %v of %d, want %v of 0", n.ended, n.replicas, want)
	}
}

func TestScaleToZero_HelpsWhereTwoPodsAreOutOfService(t *testing.T) {
	t.Parallel()
	n := &namespace{pods: map[int]string{0: "wedged", 1: "wedged"}}
	if err := scaleToZero(t, n); err != nil {
		t.Fatal(err)
	}
	if want := []string{"!1", "!0"}; !slices.Equal(n.ended, want) {
		t.Errorf("ended %v, want %v", n.ended, want)
	}
}

func TestScaleToZero_APodThatIsAnotherOneByNow_IsLookedAtAgain(t *testing.T) {
	t.Parallel()
	n := &namespace{pods: map[int]string{0: "wedged", 1: "wedged"}, replaced: 1}
	if err := scaleToZero(t, n); err != nil {
		t.Fatal(err)
	}
	if want := []string{"!1", "!0"}; !slices.Equal(n.ended, want) || n.conflicts != 1 {
		t.Errorf("ended %v after %d conflicts, want %v after one", n.ended, n.conflicts, want)
	}
}

func TestScaleToZero_SaysWhatIsLeftWhenTheTimeIsOver(t *testing.T) {
	t.Parallel()
	n := &namespace{pods: map[int]string{0: "ready", 1: "stuck"}, patience: 1}
	err := scaleToZero(t, n)
	if err == nil || !strings.Contains(err.Error(), "altibase-1 is ending on node node1, altibase-0 is in service") ||
		!strings.Contains(err.Error(), "--no-hooks") {
		t.Errorf("%v", err)
	}
	if len(n.ended) > 0 {
		t.Errorf("ended %v before altibase-1 was gone", n.ended)
	}
}

func TestScaleToZero_NoStatefulSetIsNothingToDo(t *testing.T) {
	t.Parallel()
	if err := scaleToZero(t, &namespace{gone: true}); err != nil {
		t.Error(err)
	}
}

func TestScaleToZero_MissingRightIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	set := api(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	err := set.ScaleToZero(t.Context(), slog.New(slog.DiscardHandler), most)
	if !errors.Is(err, errForbidden) || !strings.Contains(err.Error(), "patch on the scale of this StatefulSet") {
		t.Errorf("%v", err)
	}
}

func TestScaleToZero_LeavesPodsOfOthersAlone(t *testing.T) {
	t.Parallel()
	var deleted atomic.Bool
	set := api(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			deleted.Store(true)
		}
		_, _ = w.Write([]byte(`{"metadata":{"name":"altibase-1","ownerReferences":[{"kind":"StatefulSet","name":"other"}]}}`))
	})
	if err := set.ScaleToZero(t.Context(), slog.New(slog.DiscardHandler), most); err != nil || deleted.Load() {
		t.Errorf("%v; one is deleted: %t", err, deleted.Load())
	}
}
