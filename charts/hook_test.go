package charts

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"helm.sh/helm/v3/pkg/chartutil"
)

func TestEndInOrder_MayScaleAndEndTheOwnPodsOnly(t *testing.T) {
	r := install(t, least)
	want := []rbacv1.PolicyRule{
		{APIGroups: []string{"apps"}, Resources: []string{"statefulsets/scale"}, ResourceNames: []string{"altibase"}, Verbs: []string{"patch"}},
		{
			APIGroups: []string{""}, Resources: []string{"pods"},
			ResourceNames: []string{"altibase-0", "altibase-1", "altibase-2", "altibase-3", "altibase-4", "altibase-5"},
			Verbs:         []string{"get", "delete"},
		},
		{APIGroups: []string{""}, Resources: []string{"secrets", "configmaps"}, ResourceNames: helmRecords(1, 16), Verbs: []string{"get"}},
	}
	if diff := cmp.Diff(want, r.roles["altibase-end"].Rules); diff != "" {
		t.Error(diff)
	}
	binding := r.roleBindings["altibase-end"]
	if binding.RoleRef.Name != "altibase-end" || len(binding.Subjects) != 1 || binding.Subjects[0].Name != "altibase-end" {
		t.Errorf("%+v", binding)
	}
	if account := r.jobs["altibase-end"].Spec.Template.Spec.ServiceAccountName; account != "altibase-end" || r.serviceAccounts[account] == nil {
		t.Errorf("the job runs as %q", account)
	}
}

// helmRecords are the names that Helm gives its records of the release.
func helmRecords(first, last int) []string {
	var names []string
	for revision := first; revision <= last; revision++ {
		names = append(names, fmt.Sprint("sh.helm.release.v1.altibase.v", revision))
	}
	return names
}

// TestEndInOrder_WantsHelmsWordForIt: applied as a plain object beside a release of Helm, the Job would end all pods, too.
func TestEndInOrder_WantsHelmsWordForIt(t *testing.T) {
	options := chartutil.ReleaseOptions{Name: "altibase", Namespace: "db", Revision: 7, IsUpgrade: true}
	r, err := renderFor(t, options, aCluster{}.render, least)
	if err != nil {
		t.Fatal(err)
	}
	args := r.jobs["altibase-end"].Spec.Template.Spec.Containers[0].Args
	if !slices.Contains(args, "--uninstalled-by-helm=altibase") || !slices.Contains(args, "--revision=7") {
		t.Errorf("it ends the pods whoever runs it: %q", args)
	}
	// A rollback has a higher revision, and the rights of the one that it goes back to.
	rules := r.roles["altibase-end"].Rules
	if diff := cmp.Diff(helmRecords(7, 22), rules[len(rules)-1].ResourceNames); diff != "" {
		t.Error(diff)
	}
	forced := install(t, least, "hooks: {endInOrder: {force: true}}")
	if args := forced.jobs["altibase-end"].Spec.Template.Spec.Containers[0].Args; slices.ContainsFunc(args, func(a string) bool { return strings.Contains(a, "helm") }) {
		t.Errorf("force: %q, where Argo CD has no record", args)
	}
	for _, rule := range forced.roles["altibase-end"].Rules {
		if slices.Contains(rule.Resources, "secrets") {
			t.Error("force: a right that is not used")
		}
	}
}

func TestEndInOrder_RunsBeforeTheReleaseIsDeletedAndAfterItsRightsExist(t *testing.T) {
	r := install(t, least, "hooks: {endInOrder: {timeoutSeconds: 100}}")
	job := r.jobs["altibase-end"]
	for _, object := range []metav1.Object{r.serviceAccounts["altibase-end"], r.roles["altibase-end"], r.roleBindings["altibase-end"], job} {
		weight := "-5"
		if object == metav1.Object(job) {
			weight = "0"
		}
		annotations := object.GetAnnotations()
		if annotations["helm.sh/hook"] != "pre-delete" || annotations["helm.sh/hook-weight"] != weight {
			t.Errorf("%T: %v", object, annotations)
		}
	}
	container := job.Spec.Template.Spec.Containers[0]
	if want := []string{"scale-to-zero", "--timeout=100s", "--uninstalled-by-helm=altibase", "--revision=1"}; !slices.Equal(container.Args, want) {
		t.Errorf("arguments %q, want %q", container.Args, want)
	}
	if limit := *job.Spec.ActiveDeadlineSeconds; limit != 130 || *job.Spec.BackoffLimit != 0 {
		t.Errorf("the job may take %d s and be repeated %d times", limit, *job.Spec.BackoffLimit)
	}
	if env := environment(t, container); env["AKU_STS_NAME"] != r.statefulSet.Name {
		t.Errorf("it ends %q", env["AKU_STS_NAME"])
	}
}

// TestEndInOrder_IsNoPlainObject: piped from helm template to kubectl apply, the Job would scale the database to 0 at once, and at every apply.
func TestEndInOrder_IsNoPlainObject(t *testing.T) {
	rendered := render(t, least)
	if rendered.jobs["altibase-end"] != nil || rendered.roles["altibase-end"] != nil || rendered.roleBindings["altibase-end"] != nil || rendered.serviceAccounts["altibase-end"] != nil {
		t.Error("applied without Helm it ends all pods")
	}
	const warning = "Before you uninstall: scale to 0 first"
	if !strings.Contains(rendered.notes, warning) || strings.Contains(install(t, least).notes, warning) {
		t.Error("the notes do not fit")
	}
	if render(t, least, "hooks: {endInOrder: {force: true}}").jobs["altibase-end"] == nil {
		t.Error("force makes no Job")
	}
	if install(t, least, "hooks: {endInOrder: {enabled: false, force: true}}").jobs["altibase-end"] != nil {
		t.Error("it is switched off, and there all the same")
	}
}

func TestEndInOrder_IsNoPodOfTheDatabase(t *testing.T) {
	r := install(t, least)
	selector := labels.SelectorFromSet(r.statefulSet.Spec.Selector.MatchLabels)
	if pod := r.jobs["altibase-end"].Spec.Template.Labels; selector.Matches(labels.Set(pod)) {
		t.Errorf("Services would lead to it: %v", pod)
	}
}

// hookPods are what the hooks run, with the labels and annotations of the pods.
func hookPods(r release) map[string]corev1.PodTemplateSpec {
	test := r.pods["altibase-test"]
	return map[string]corev1.PodTemplateSpec{
		"check": r.jobs["altibase-check"].Spec.Template, "end": r.jobs["altibase-end"].Spec.Template,
		"test": {ObjectMeta: test.ObjectMeta, Spec: test.Spec},
	}
}

func TestHookPods_AreScheduledAsAskedForAndOutOfAMesh(t *testing.T) {
	for name, pod := range hookPods(install(t, least, "{nodeSelector: {disk: fast}, tolerations: [{key: db, operator: Exists}]}")) {
		if pod.Annotations["sidecar.istio.io/inject"] != "false" || pod.Annotations["linkerd.io/inject"] != "disabled" || pod.Labels["sidecar.istio.io/inject"] != "false" {
			t.Errorf("%s: a proxy beside it would never let it end: annotations %v, labels %v", name, pod.Annotations, pod.Labels)
		}
		if pod.Spec.NodeSelector["disk"] != "fast" || pod.Spec.Tolerations[0].Key != "db" {
			t.Errorf("%s: not where the pods are: %v, %v", name, pod.Spec.NodeSelector, pod.Spec.Tolerations)
		}
	}
	asked := `{nodeSelector: {disk: fast}, tolerations: [{key: db, operator: Exists}], hooks: {podAnnotations: {a: b}, podLabels: {c: d}, nodeSelector: {tools: here},
		tolerations: [{key: tools, operator: Exists}], affinity: {nodeAffinity: {}}, priorityClassName: low, resources: {limits: {cpu: 2}}}}`
	for name, pod := range hookPods(install(t, least, asked)) {
		if pod.Annotations["a"] != "b" || pod.Labels["c"] != "d" || pod.Spec.PriorityClassName != "low" || pod.Spec.Affinity == nil {
			t.Errorf("%s: %v, %v, %+v", name, pod.Annotations, pod.Labels, pod.Spec)
		}
		if diff := cmp.Diff(map[string]string{"tools": "here"}, pod.Spec.NodeSelector); diff != "" || pod.Spec.Tolerations[0].Key != "tools" {
			t.Errorf("%s: tolerations %v\n%s", name, pod.Spec.Tolerations, diff)
		}
		if cpu := pod.Spec.Containers[0].Resources.Limits.Cpu().String(); cpu != "2" {
			t.Errorf("%s: %s CPUs", name, cpu)
		}
	}
}

func TestTest_LooksAtAllPodsFromOutside(t *testing.T) {
	r := render(t, least, "{replicaCount: 3, tests: {checksums: true, timeoutSeconds: 60}}")
	pod := r.pods["altibase-test"]
	if hook := pod.Annotations["helm.sh/hook"]; hook != "test" || *pod.Spec.ActiveDeadlineSeconds != 90 {
		t.Errorf("hook %q, %d s", hook, *pod.Spec.ActiveDeadlineSeconds)
	}
	// Helm 3 deletes what succeeded before --logs reads it, and ends with an error then.
	if policy := pod.Annotations["helm.sh/hook-delete-policy"]; policy != "before-hook-creation" {
		t.Errorf("helm test --logs would find no pod: %s", policy)
	}
	// Helm 3.18 and later print the log of a hook that asks for it, and --logs prints it once more.
	if policy, asks := pod.Annotations["helm.sh/hook-output-log-policy"]; asks {
		t.Errorf("helm test --logs would print the table twice: %s", policy)
	}
	selector := labels.SelectorFromSet(r.statefulSet.Spec.Selector.MatchLabels)
	if selector.Matches(labels.Set(pod.Labels)) {
		t.Errorf("Services would lead to it: %v", pod.Labels)
	}
	container := pod.Spec.Containers[0]
	if want := []string{"verify", "--timeout=60s", "--replicas=3", "--checksums"}; !slices.Equal(container.Args, want) {
		t.Errorf("arguments %q, want %q", container.Args, want)
	}
	want := environment(t, r.container(t, "aku"))
	for _, name := range append(ofTheOwner, "AKU_POD_NAME", "AKU_POD_UID", "AKU_POD_EVENTS") {
		delete(want, name) // it is no pod of the set
	}
	delete(want, "AKU_SYS_INITIAL_PASSWORD") // it changes nothing
	if diff := cmp.Diff(want, environment(t, container)); diff != "" {
		t.Error(diff)
	}
	// Only what carries the ODBC driver can connect.
	if sidecar := r.container(t, "aku"); container.Image != sidecar.Image || !cmp.Equal(container.SecurityContext, sidecar.SecurityContext) {
		t.Errorf("%s as %v, want %s as %v", container.Image, container.SecurityContext, sidecar.Image, sidecar.SecurityContext)
	}
	if diff := cmp.Diff(r.pod().SecurityContext, pod.Spec.SecurityContext); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(r.container(t, "aku-install"), pod.Spec.InitContainers[0]); diff != "" {
		t.Error(diff)
	}
	if pods := render(t, least, "diagnosticMode: {enabled: true}").pods; len(pods) > 0 {
		t.Error("there is nothing to test in diagnostic mode")
	}
}

func TestTestAndCheck_PassTheNetworkPolicy(t *testing.T) {
	r := render(t, least, "networkPolicy: {enabled: true, clients: [{podSelector: {matchLabels: {role: client}}}]}")
	for _, pod := range []labels.Set{r.pods["altibase-test"].Labels, r.jobs["altibase-check"].Spec.Template.Labels} {
		let := false
		for _, rule := range r.policies["altibase"].Spec.Ingress {
			for _, peer := range rule.From {
				let = let || labels.SelectorFromSet(peer.PodSelector.MatchLabels).Matches(pod)
			}
		}
		if !let {
			t.Errorf("the policy keeps %s out", pod)
		}
	}
}

func TestEndInOrder_RunsWhereAkuIs(t *testing.T) {
	image := func(values string) string {
		return install(t, least, values).jobs["altibase-end"].Spec.Template.Spec.Containers[0].Image
	}
	if got := image("aku: {image: {registry: r, repository: mine, tag: v1}}"); got != "r/mine:v1" {
		t.Errorf("image %s", got)
	}
	if got := image("{aku: {install: false}, image: {registry: r, repository: baked, tag: v2}}"); got != "r/baked:v2" {
		t.Errorf("image %s: with install off aku is in the database image", got)
	}
}

func TestCheckUpgrade_MayReadStatefulSetsAndItsPodsOnly(t *testing.T) {
	r := render(t, least)
	want := []rbacv1.PolicyRule{
		{APIGroups: []string{"apps"}, Resources: []string{"statefulsets"}, ResourceNames: []string{"altibase"}, Verbs: []string{"get"}},
		{APIGroups: []string{"apps"}, Resources: []string{"statefulsets"}, Verbs: []string{"list"}}, // by label, should the name have changed
		{
			APIGroups: []string{""}, Resources: []string{"pods"},
			ResourceNames: []string{"altibase-0", "altibase-1", "altibase-2", "altibase-3", "altibase-4", "altibase-5"}, Verbs: []string{"get"},
		},
	}
	if diff := cmp.Diff(want, r.roles["altibase-check"].Rules); diff != "" {
		t.Error(diff)
	}
	binding := r.roleBindings["altibase-check"]
	if binding.RoleRef.Name != "altibase-check" || len(binding.Subjects) != 1 || binding.Subjects[0].Name != "altibase-check" {
		t.Errorf("%+v", binding)
	}
	pod := r.jobs["altibase-check"].Spec.Template.Spec
	if pod.ServiceAccountName != "altibase-check" || r.serviceAccounts["altibase-check"] == nil || !*pod.AutomountServiceAccountToken {
		t.Errorf("the job runs as %q", pod.ServiceAccountName)
	}
}

func TestCheckUpgrade_AsksWithTheNewValuesAndNeedsNoSecretToBeThere(t *testing.T) {
	r := render(t, least, "{aku: {serverCount: 3}, auth: {sysPassword: '', existingSecret: mine, existingSecretKey: k}, hooks: {checkUpgrade: {timeoutSeconds: 100}}}")
	job := r.jobs["altibase-check"]
	spec := job.Spec.Template.Spec
	container := spec.Containers[0]
	if want := []string{"check-upgrade", "--secret=mine/k", "--release=altibase", "--chart=altibase"}; !slices.Equal(container.Args, want) {
		t.Errorf("arguments %q, want %q", container.Args, want)
	}
	if *job.Spec.ActiveDeadlineSeconds != 100 || *job.Spec.BackoffLimit != 0 {
		t.Errorf("the job may take %d s and be repeated %d times", *job.Spec.ActiveDeadlineSeconds, *job.Spec.BackoffLimit)
	}
	if env := environment(t, container); env["AKU_SERVER_COUNT"] != "3" || env["AKU_STS_NAME"] != r.statefulSet.Name {
		t.Errorf("%v", env)
	}
	if source := volume(t, spec, "aku-auth").Secret; source.SecretName != "mine" || source.Optional == nil || !*source.Optional {
		t.Errorf("password from %+v", source)
	}
	if source := volume(t, r.pods["altibase-test"].Spec, "aku-auth").Secret; source.Optional != nil {
		t.Error("helm test can do nothing without the password")
	}
	selector := labels.SelectorFromSet(r.statefulSet.Spec.Selector.MatchLabels)
	if selector.Matches(labels.Set(job.Spec.Template.Labels)) {
		t.Errorf("Services would lead to it: %v", job.Spec.Template.Labels)
	}
	for _, off := range []string{"hooks: {checkUpgrade: {enabled: false}}", "diagnosticMode: {enabled: true}"} {
		if render(t, least, off).jobs["altibase-check"] != nil {
			t.Errorf("%s: the check is there", off)
		}
	}
}
