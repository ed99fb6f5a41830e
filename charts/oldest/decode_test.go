// Package oldest decodes what the chart renders into the types of the oldest Kubernetes that Chart.yaml allows: a field that
// came later is an error.
package oldest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// types are those of the objects that the chart makes.
var types = map[string]func() any{
	"apps/v1 StatefulSet":                      func() any { return new(appsv1.StatefulSet) },
	"v1 Service":                               func() any { return new(corev1.Service) },
	"v1 Secret":                                func() any { return new(corev1.Secret) },
	"v1 ConfigMap":                             func() any { return new(corev1.ConfigMap) },
	"v1 ServiceAccount":                        func() any { return new(corev1.ServiceAccount) },
	"rbac.authorization.k8s.io/v1 Role":        func() any { return new(rbacv1.Role) },
	"rbac.authorization.k8s.io/v1 RoleBinding": func() any { return new(rbacv1.RoleBinding) },
	"v1 Pod":                                   func() any { return new(corev1.Pod) },
	"batch/v1 Job":                             func() any { return new(batchv1.Job) },
	"policy/v1 PodDisruptionBudget":            func() any { return new(policyv1.PodDisruptionBudget) },
	"networking.k8s.io/v1 NetworkPolicy":       func() any { return new(networkingv1.NetworkPolicy) },
}

func TestChart_HasNoFieldThatIsNewerThanKubernetes129(t *testing.T) {
	files, err := filepath.Glob("../altibase/ci/*-values.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v: no values files", err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		command := exec.Command("../../.build/cluster/bin/helm", "template", "altibase", "../altibase", "--kube-version=1.29.0", "--values", file)
		command.Env = append(os.Environ(), "HOME="+t.TempDir())
		manifest, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v (without helm: run scripts/setup.sh)\n%s", command, err, manifest)
		}
		for document := range strings.SplitSeq(string(manifest), "\n---\n") {
			var kind metav1.TypeMeta
			if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
				t.Fatal(err)
			}
			name := kind.APIVersion + " " + kind.Kind
			newObject := types[name]
			if newObject == nil {
				t.Errorf("%s: no type for %s", file, name)
				continue
			}
			seen[name] = true
			if err := yaml.UnmarshalStrict([]byte(document), newObject()); err != nil {
				t.Errorf("%s: %s: %v", file, name, err)
			}
		}
	}
	for name := range types {
		if !seen[name] {
			t.Errorf("none of the values files makes a %s", name)
		}
	}
}
