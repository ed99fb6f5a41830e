// Package helm3 does with the chart what the program helm does, by Helm 3's own library.
package helm3

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/rest"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/kube"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	"sigs.k8s.io/yaml"
)

// podCluster is a cluster that knows pods only: to Helm those it makes and deletes, and their logs as the API server gives them.
type podCluster struct {
	kubefake.PrintingKubeClient
	action.RESTClientGetter
	pods   map[string]*corev1.Pod
	result error // of the test's pod
}

func (c *podCluster) Build(manifest io.Reader, _ bool) (kube.ResourceList, error) {
	text, err := io.ReadAll(manifest)
	if err != nil {
		return nil, err
	}
	pod := new(corev1.Pod)
	return kube.ResourceList{{Object: pod}}, yaml.UnmarshalStrict(text, pod)
}

func podOf(info *resource.Info) *corev1.Pod { return info.Object.(*corev1.Pod) }

func (c *podCluster) Create(resources kube.ResourceList) (*kube.Result, error) {
	for _, info := range resources {
		c.pods[podOf(info).Name] = podOf(info)
	}
	return &kube.Result{Created: resources}, nil
}

func (c *podCluster) Delete(resources kube.ResourceList) (*kube.Result, []error) {
	for _, info := range resources {
		delete(c.pods, podOf(info).Name)
	}
	return &kube.Result{Deleted: resources}, nil
}

func (c *podCluster) WatchUntilReady(kube.ResourceList, time.Duration) error { return c.result }

func (c *podCluster) ToRESTConfig() (*rest.Config, error) {
	return &rest.Config{Host: "http://cluster", Transport: c}, nil
}

// RoundTrip answers as the API server does: no pod, no log; and of several containers one has to be named.
func (c *podCluster) RoundTrip(request *http.Request) (*http.Response, error) {
	answer := func(code int, text string) (*http.Response, error) {
		return &http.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader(text)), Request: request}, nil
	}
	name, found := strings.CutPrefix(request.URL.Path, "/api/v1/namespaces/db/pods/")
	name, log := strings.CutSuffix(name, "/log")
	switch pod := c.pods[name]; {
	case !found || !log || pod == nil:
		return answer(http.StatusNotFound, request.URL.Path+" not found")
	case len(pod.Spec.Containers) != 1:
		return answer(http.StatusBadRequest, "a container name must be specified")
	}
	return answer(http.StatusOK, "what the pod said")
}

// helm test NAME --logs is these two steps of Helm's library, and fails when one of them does.
func TestHelm3_TestWithLogsEndsWell_AndShowsThemWhenItFails(t *testing.T) {
	for name, result := range map[string]error{"the test passes": nil, "the test fails": errors.New("pod altibase-test failed")} {
		t.Run(name, func(t *testing.T) {
			cluster := &podCluster{PrintingKubeClient: kubefake.PrintingKubeClient{Out: io.Discard, LogOutput: io.Discard}, pods: map[string]*corev1.Pod{}, result: result}
			config := &action.Configuration{
				RESTClientGetter: cluster, KubeClient: cluster, Releases: storage.Init(driver.NewMemory()), Log: t.Logf,
				HookOutputFunc: func(string, string, string) io.Writer { return io.Discard },
			}
			if err := config.Releases.Create(&helmrelease.Release{
				Name: "altibase", Namespace: "db", Version: 1, Info: &helmrelease.Info{Status: helmrelease.StatusDeployed}, Hooks: hooks(t),
			}); err != nil {
				t.Fatal(err)
			}
			client := action.NewReleaseTesting(config)
			client.Namespace = "db"
			// Twice: the pod of the first time must not be in the way of the second.
			for range 2 {
				tested, err := client.Run("altibase")
				if !errors.Is(err, result) {
					t.Fatalf("helm test: %v", err)
				}
				var logs strings.Builder
				if err := client.GetPodLogs(&logs, tested); err != nil || !strings.Contains(logs.String(), "POD LOGS: altibase-test\nwhat the pod said") {
					t.Errorf("--logs: %v\n%s", err, logs.String())
				}
			}
		})
	}
}

// hooks are the chart's, as Helm finds them.
func hooks(t *testing.T) []*helmrelease.Hook {
	t.Helper()
	loaded, err := loader.Load("../altibase")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{
		"auth": map[string]any{"sysPassword": "secret"},
		"aku": map[string]any{
			"image":        map[string]any{"registry": "example.org"},
			"replications": []any{map[string]any{"namePrefix": "AKU_REP", "tables": []any{"SYS.T1"}}},
		},
	}
	options := chartutil.ReleaseOptions{Name: "altibase", Namespace: "db", Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(loaded, values, options, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := engine.Render(loaded, all)
	if err != nil {
		t.Fatal(err)
	}
	delete(files, "altibase/templates/NOTES.txt")
	found, _, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		t.Fatal(err)
	}
	return found
}
