// Package charts tests the charts as Helm renders them: every document is decoded into the type that Kubernetes has for it,
// unknown and repeated fields are errors. The tests stand beside the charts, not in them, so that no package carries them.
package charts

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

// least are the values an installation cannot do without.
const least = `
auth: {sysPassword: secret}
aku: {image: {registry: example.org}, replications: [{namePrefix: AKU_REP, tables: [SYS.T1]}]}
`

// release is a rendered chart.
type release struct {
	statefulSet     *appsv1.StatefulSet
	services        map[string]*corev1.Service
	secrets         map[string]*corev1.Secret
	configMaps      map[string]*corev1.ConfigMap
	serviceAccounts map[string]*corev1.ServiceAccount
	roles           map[string]*rbacv1.Role
	roleBindings    map[string]*rbacv1.RoleBinding
	budgets         map[string]*policyv1.PodDisruptionBudget
	policies        map[string]*networkingv1.NetworkPolicy
	jobs            map[string]*batchv1.Job
	pods            map[string]*corev1.Pod
	podMonitors     map[string]*monitor
	serviceMonitors map[string]*monitor
	prometheusRules map[string]*prometheusRule
	notes           string
	text            string // everything, the notes too
}

// render renders the chart as release "altibase" in namespace "db" and ends the test when that fails. The values are YAML,
// later ones beat earlier ones.
func render(t *testing.T, values ...string) release {
	t.Helper()
	r, err := tryRender(t, "altibase", values...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// load reads the chart once: rendering changes nothing of it.
var load = sync.OnceValues(func() (*chart.Chart, error) { return loader.Load("altibase") })

func tryRender(t *testing.T, name string, values ...string) (release, error) {
	t.Helper()
	options := chartutil.ReleaseOptions{Name: name, Namespace: "db", Revision: 1, IsInstall: true}
	return renderFor(t, options, new(engine.Engine).Render, values...)
}

// renderFor renders the chart for an installation or an upgrade, with an engine that sees a cluster or none.
func renderFor(
	t *testing.T, options chartutil.ReleaseOptions, with func(*chart.Chart, chartutil.Values) (map[string]string, error), values ...string,
) (release, error) {
	t.Helper()
	loaded, err := load()
	if err != nil {
		t.Fatal(err)
	}
	merged := map[string]any{}
	for _, text := range values {
		var layer map[string]any
		if err := yaml.Unmarshal([]byte(text), &layer); err != nil {
			t.Fatalf("values of the test: %v\n%s", err, text)
		}
		// As Helm does it with several files: a null of a later one stays, and takes the default away.
		merged = chartutil.MergeTables(layer, merged)
	}
	all, err := chartutil.ToRenderValues(loaded, merged, options, nil)
	if err != nil {
		return release{}, err
	}
	files, err := with(loaded, all)
	if err != nil {
		return release{}, err
	}
	return decode(t, files), nil
}

func decode(t *testing.T, files map[string]string) release {
	t.Helper()
	r := release{
		services:        map[string]*corev1.Service{},
		secrets:         map[string]*corev1.Secret{},
		configMaps:      map[string]*corev1.ConfigMap{},
		serviceAccounts: map[string]*corev1.ServiceAccount{},
		roles:           map[string]*rbacv1.Role{},
		roleBindings:    map[string]*rbacv1.RoleBinding{},
		budgets:         map[string]*policyv1.PodDisruptionBudget{},
		policies:        map[string]*networkingv1.NetworkPolicy{},
		podMonitors:     map[string]*monitor{},
		serviceMonitors: map[string]*monitor{},
		prometheusRules: map[string]*prometheusRule{},
		jobs:            map[string]*batchv1.Job{},
		pods:            map[string]*corev1.Pod{},
	}
	paths := make([]string, 0, len(files))
	for path := range files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		r.text += files[path]
		if strings.HasSuffix(path, "NOTES.txt") {
			r.notes = files[path]
			continue
		}
		for document := range strings.SplitSeq(files[path], "\n---\n") {
			if len(bytes.TrimSpace([]byte(document))) == 0 {
				continue
			}
			r.add(t, path, document)
		}
	}
	return r
}

func (r *release) add(t *testing.T, path, document string) {
	t.Helper()
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
		t.Fatalf("%s: %v\n%s", path, err, document)
	}
	var object metav1.Object
	switch kind.APIVersion + " " + kind.Kind {
	case "apps/v1 StatefulSet":
		if r.statefulSet != nil {
			t.Fatalf("%s: a second StatefulSet", path)
		}
		r.statefulSet = strict[appsv1.StatefulSet](t, path, document)
		object = r.statefulSet
	case "v1 Service":
		object = strictInto(t, path, document, r.services)
	case "v1 Secret":
		object = strictInto(t, path, document, r.secrets)
	case "v1 ConfigMap":
		object = strictInto(t, path, document, r.configMaps)
	case "v1 ServiceAccount":
		object = strictInto(t, path, document, r.serviceAccounts)
	case "rbac.authorization.k8s.io/v1 Role":
		object = strictInto(t, path, document, r.roles)
	case "rbac.authorization.k8s.io/v1 RoleBinding":
		object = strictInto(t, path, document, r.roleBindings)
	case "policy/v1 PodDisruptionBudget":
		object = strictInto(t, path, document, r.budgets)
	case "networking.k8s.io/v1 NetworkPolicy":
		object = strictInto(t, path, document, r.policies)
	case "v1 Pod":
		object = strictInto(t, path, document, r.pods)
	case "batch/v1 Job":
		object = strictInto(t, path, document, r.jobs)
	case "monitoring.coreos.com/v1 PodMonitor":
		object = strictInto(t, path, document, r.podMonitors)
	case "monitoring.coreos.com/v1 ServiceMonitor":
		object = strictInto(t, path, document, r.serviceMonitors)
	case "monitoring.coreos.com/v1 PrometheusRule":
		object = strictInto(t, path, document, r.prometheusRules)
	default:
		t.Fatalf("%s: no type for %s %s", path, kind.APIVersion, kind.Kind)
	}
	if object.GetNamespace() != "db" {
		t.Errorf("%s: %s is in namespace %q, want that of the release", path, object.GetName(), object.GetNamespace())
	}
	if object.GetLabels()["app.kubernetes.io/instance"] == "" {
		t.Errorf("%s: %s does not say which release it belongs to: %v", path, object.GetName(), object.GetLabels())
	}
}

func strictInto[T any, O interface {
	*T
	metav1.Object
}](t *testing.T, path, document string, objects map[string]*T) O {
	t.Helper()
	object := O(strict[T](t, path, document))
	if objects[object.GetName()] != nil {
		t.Fatalf("%s: a second %s", path, object.GetName())
	}
	objects[object.GetName()] = object
	return object
}

func strict[T any](t *testing.T, path, document string) *T {
	t.Helper()
	object := new(T)
	if err := yaml.UnmarshalStrict([]byte(document), object); err != nil {
		t.Fatalf("%s: %v\n%s", path, err, document)
	}
	return object
}

func (r release) pod() corev1.PodSpec { return r.statefulSet.Spec.Template.Spec }

// container finds a container or an init container.
func (r release) container(t *testing.T, name string) corev1.Container {
	t.Helper()
	for _, c := range slices.Concat(r.pod().InitContainers, r.pod().Containers) {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no container %s", name)
	return corev1.Container{}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
