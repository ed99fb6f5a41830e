package charts

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func TestEndInOrder_MayScaleAndEndTheOwnPodsOnly(t *testing.T) {
	r := render(t, least)
	want := []rbacv1.PolicyRule{
		{APIGroups: []string{"apps"}, Resources: []string{"statefulsets/scale"}, ResourceNames: []string{"altibase"}, Verbs: []string{"patch"}},
		{
			APIGroups: []string{""}, Resources: []string{"pods"},
			ResourceNames: []string{"altibase-0", "altibase-1", "altibase-2", "altibase-3", "altibase-4", "altibase-5"},
			Verbs:         []string{"get", "delete"},
		},
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

func TestEndInOrder_RunsBeforeTheReleaseIsDeletedAndAfterItsRightsExist(t *testing.T) {
	r := render(t, least, "hooks: {endInOrder: {timeoutSeconds: 100}}")
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
	if want := []string{"scale-to-zero", "--timeout", "100s"}; !slices.Equal(container.Args, want) {
		t.Errorf("arguments %q, want %q", container.Args, want)
	}
	if limit := *job.Spec.ActiveDeadlineSeconds; limit != 130 || *job.Spec.BackoffLimit != 0 {
		t.Errorf("the job may take %d s and be repeated %d times", limit, *job.Spec.BackoffLimit)
	}
	if env := environment(t, container); env["AKU_STS_NAME"] != r.statefulSet.Name {
		t.Errorf("it ends %q", env["AKU_STS_NAME"])
	}
}

func TestEndInOrder_IsNoPodOfTheDatabase(t *testing.T) {
	r := render(t, least)
	selector := labels.SelectorFromSet(r.statefulSet.Spec.Selector.MatchLabels)
	if pod := r.jobs["altibase-end"].Spec.Template.Labels; selector.Matches(labels.Set(pod)) {
		t.Errorf("Services would lead to it: %v", pod)
	}
}

func TestEndInOrder_RunsWhereAkuIs(t *testing.T) {
	image := func(values string) string {
		return render(t, least, values).jobs["altibase-end"].Spec.Template.Spec.Containers[0].Image
	}
	if got := image("aku: {image: {registry: r, repository: mine, tag: v1}}"); got != "r/mine:v1" {
		t.Errorf("image %s", got)
	}
	if got := image("{aku: {install: false}, image: {registry: r, repository: baked, tag: v2}}"); got != "r/baked:v2" {
		t.Errorf("image %s: with install off aku is in the database image", got)
	}
}
