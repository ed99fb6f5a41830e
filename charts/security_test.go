package charts

import (
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// unprivileged is how an image runs that needs no root.
const unprivileged = `
podSecurityContext: {runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, seccompProfile: {type: RuntimeDefault}}
securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`

// allPods are the pods of the database and those of the hooks.
func allPods(r release) map[string]corev1.PodSpec {
	return map[string]corev1.PodSpec{
		"altibase": r.pod(), "check": r.jobs["altibase-check"].Spec.Template.Spec, "end": r.jobs["altibase-end"].Spec.Template.Spec,
		"test": r.pods["altibase-test"].Spec,
	}
}

func TestPodSecurity_AllPodsPassTheStandardsThatTheReadmeNames(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	check := func(r release, name string, level api.Level) {
		t.Helper()
		pod := allPods(r)[name]
		results := evaluator.EvaluatePod(api.LevelVersion{Level: level, Version: api.LatestVersion()}, &metav1.ObjectMeta{}, &pod)
		if sum := policy.AggregateCheckResults(results); !sum.Allowed {
			t.Errorf("%s is refused by %s: %s", name, level, sum.ForbiddenDetail())
		}
	}
	vendor, own := install(t, least), install(t, least, unprivileged)
	openshift := install(t, least, unprivileged, "global: {compatibility: {openshift: {adaptSecurityContext: force}}}")
	for name := range allPods(vendor) {
		check(vendor, name, api.LevelBaseline)
		check(own, name, api.LevelRestricted)
		check(openshift, name, api.LevelRestricted)
	}
	// What runs in aku's own image needs nothing, whatever the database asks for.
	check(install(t, least, "podSecurityContext: {runAsUser: 0}"), "end", api.LevelRestricted)
}

func TestPodSecurity_AkuWritesToVolumesOnly(t *testing.T) {
	r := install(t, least)
	for name, pod := range allPods(r) {
		for _, c := range append(pod.InitContainers, pod.Containers...) {
			if c.Name == "altibase" {
				continue // the vendor's server writes where it likes
			}
			if c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
				t.Errorf("%s: %s may write to its image", name, c.Name)
			}
			// An ODBC driver may want a place for what it writes.
			if c.Name != "aku-claim" && c.Image == r.container(t, "altibase").Image && !hasMount(c.VolumeMounts, corev1.VolumeMount{Name: "aku-tmp", MountPath: "/tmp"}) {
				t.Errorf("%s: %s has no /tmp", name, c.Name)
			}
		}
	}
}

// numbers lists the users and groups that a pod asks for.
func numbers(pod corev1.PodSpec) (result []int64) {
	add := func(numbers ...*int64) {
		for _, n := range numbers {
			if n != nil {
				result = append(result, *n)
			}
		}
	}
	if c := pod.SecurityContext; c != nil {
		add(c.RunAsUser, c.RunAsGroup, c.FSGroup)
		result = append(result, c.SupplementalGroups...)
	}
	for _, c := range append(pod.InitContainers, pod.Containers...) {
		if c.SecurityContext != nil {
			add(c.SecurityContext.RunAsUser, c.SecurityContext.RunAsGroup)
		}
	}
	return result
}

func TestPodSecurity_OpenShiftGivesTheNumbersOfUsersAndGroups(t *testing.T) {
	for name, pod := range allPods(install(t, least, unprivileged, "global: {compatibility: {openshift: {adaptSecurityContext: force}}}")) {
		if found := numbers(pod); found != nil {
			t.Errorf("%s asks for %v, and OpenShift refuses what lies outside the namespace's range", name, found)
		}
	}
	// Without that switch, each number can be left out by itself.
	if found := numbers(allPods(install(t, least, "aku: {installSecurityContext: {runAsUser: null, runAsGroup: null}}"))["end"]); found != nil {
		t.Errorf("%v cannot be left out", found)
	}

	sees := func(values ...string) corev1.PodSpec {
		t.Helper()
		r, err := renderFor(t, chartutil.ReleaseOptions{Name: "altibase", Namespace: "db", IsInstall: true}, func(c *chart.Chart, v chartutil.Values) (map[string]string, error) {
			seen := *chartutil.DefaultCapabilities
			seen.APIVersions = append(chartutil.VersionSet{"security.openshift.io/v1"}, seen.APIVersions...)
			v["Capabilities"] = &seen
			return aCluster{}.render(c, v)
		}, append([]string{least, unprivileged}, values...)...)
		if err != nil {
			t.Fatal(err)
		}
		return r.pod()
	}
	if found := numbers(sees()); found != nil {
		t.Errorf("OpenShift is there, and the pods ask for %v", found)
	}
	if found := numbers(sees("global: {compatibility: {openshift: {adaptSecurityContext: disabled}}}")); found == nil {
		t.Error("it was switched off")
	}
}

func TestInitialPassword_FromASecretIsNotInTheManifest(t *testing.T) {
	r := render(t, least, "auth: {initialPasswordSecret: first, initialPasswordSecretKey: k}")
	for _, name := range []string{"aku", "altibase"} {
		found := false
		for _, v := range r.container(t, name).Env {
			if v.Name == "AKU_SYS_INITIAL_PASSWORD" {
				found = true
				if v.Value != "" || v.ValueFrom == nil || v.ValueFrom.SecretKeyRef == nil || v.ValueFrom.SecretKeyRef.Name != "first" || v.ValueFrom.SecretKeyRef.Key != "k" {
					t.Errorf("%s: %+v", name, v)
				}
			}
		}
		if !found {
			t.Errorf("%s has no first password", name)
		}
	}
}
