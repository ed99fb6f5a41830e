package charts

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

const tokenFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

func TestAPIAccess_IsToReadTheOwnStatefulSetAndItsPodsAndToMakeEventsOnly(t *testing.T) {
	r := render(t, least)
	account, role, binding := r.serviceAccounts["altibase"], r.roles["altibase"], r.roleBindings["altibase"]
	if account == nil || role == nil || binding == nil {
		t.Fatalf("accounts %v, roles %v, bindings %v", r.serviceAccounts, r.roles, r.roleBindings)
	}
	want := []rbacv1.PolicyRule{{
		APIGroups: []string{"apps"}, Resources: []string{"statefulsets"}, ResourceNames: []string{"altibase"}, Verbs: []string{"get"},
	}, {
		APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"},
		ResourceNames: []string{"altibase-0", "altibase-1", "altibase-2", "altibase-3"},
	}, {
		APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create"},
	}}
	if diff := cmp.Diff(want, role.Rules); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "altibase"}, binding.RoleRef); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]rbacv1.Subject{{Kind: "ServiceAccount", Name: "altibase", Namespace: "db"}}, binding.Subjects); diff != "" {
		t.Error(diff)
	}
	if name := r.pod().ServiceAccountName; name != "altibase" {
		t.Errorf("the pods run as %q", name)
	}
}

func TestAPIAccess_TokenIsShortLivedAndOnlyWhereAkuRuns(t *testing.T) {
	r := render(t, least)
	for what, mounted := range map[string]*bool{
		"pods": r.pod().AutomountServiceAccountToken, "service account": r.serviceAccounts["altibase"].AutomountServiceAccountToken,
	} {
		if mounted == nil || *mounted {
			t.Errorf("%s: every container gets a token", what)
		}
	}
	for _, c := range slices.Concat(r.pod().InitContainers, r.pod().Containers) {
		has := slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == tokenFolder })
		if wants := c.Name == "aku" || c.Name == "aku-claim" || c.Name == "altibase"; has != wants {
			t.Errorf("%s: token %v, want %v", c.Name, has, wants)
		}
	}
	i := slices.IndexFunc(r.pod().Volumes, func(v corev1.Volume) bool { return v.Name == "aku-api" })
	if i < 0 {
		t.Fatal("no volume with the token")
	}
	hour, mode := int64(3600), int32(0o444)
	want := &corev1.ProjectedVolumeSource{DefaultMode: &mode, Sources: []corev1.VolumeProjection{
		{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: &hour}},
		{ConfigMap: &corev1.ConfigMapProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"}, Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}},
		}},
		{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{
			{Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.namespace"}},
		}}},
	}}
	if diff := cmp.Diff(want, r.pod().Volumes[i].Projected); diff != "" {
		t.Error(diff)
	}
}

func TestAPIAccess_IsNoMoreThanWhatIsAsked(t *testing.T) {
	for values, want := range map[string]struct {
		resources []string
		database  bool // whether the database container has the token
	}{
		"aku: {podEvents: false}":         {[]string{"statefulsets", "pods"}, true},
		"aku: {replicationResetAtEnd: 1}": {[]string{"events"}, false},
	} {
		r := render(t, least, values)
		var resources []string
		for _, rule := range r.roles["altibase"].Rules {
			resources = append(resources, rule.Resources...)
		}
		if !slices.Equal(resources, want.resources) {
			t.Errorf("%s: %v, want %v", values, resources, want.resources)
		}
		for name, wants := range map[string]bool{"aku": true, "altibase": want.database} {
			has := slices.ContainsFunc(r.container(t, name).VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == tokenFolder })
			if has != wants {
				t.Errorf("%s: %s has the token: %v, want %v", values, name, has, wants)
			}
		}
		found := environment(t, r.container(t, "aku"))["AKU_POD_EVENTS"]
		if (found == "1") != (slices.Contains(want.resources, "events")) {
			t.Errorf("%s: Events of the pod are made: %v", values, found)
		}
	}
}

func TestAPIAccess_IsGoneWhenNothingIsAsked(t *testing.T) {
	const noHook = "{hooks: {endInOrder: {enabled: false}, checkUpgrade: {enabled: false}}, aku: {podEvents: false}}"
	for _, values := range []string{"aku: {replicationResetAtEnd: 0}", "aku: {replicationResetAtEnd: 1}"} {
		r := render(t, least, values, noHook)
		if len(r.serviceAccounts)+len(r.roles)+len(r.roleBindings) > 0 || r.pod().ServiceAccountName != "" {
			t.Errorf("%s: accounts %v, roles %v, bindings %v, pods run as %q", values, r.serviceAccounts, r.roles, r.roleBindings, r.pod().ServiceAccountName)
		}
		if mounted := r.pod().AutomountServiceAccountToken; mounted == nil || *mounted {
			t.Errorf("%s: the pods carry a token that nothing in them uses", values)
		}
		if slices.ContainsFunc(r.pod().Volumes, func(v corev1.Volume) bool { return v.Projected != nil }) {
			t.Errorf("%s: a token that nothing uses", values)
		}
		if name := render(t, least, values, "serviceAccount: {create: false, name: mine}").pod().ServiceAccountName; name != "mine" {
			t.Errorf("%s: the pods run as %q, want the account that was named", values, name)
		}
	}
}

func TestAPIAccess_AnExistingServiceAccountGetsTheRole(t *testing.T) {
	r := render(t, least, "{serviceAccount: {create: false, name: mine}, hooks: {endInOrder: {enabled: false}, checkUpgrade: {enabled: false}}}")
	if len(r.serviceAccounts) != 0 || r.pod().ServiceAccountName != "mine" {
		t.Errorf("accounts %v, pods run as %q", r.serviceAccounts, r.pod().ServiceAccountName)
	}
	if subjects := r.roleBindings["altibase"].Subjects; len(subjects) != 1 || subjects[0].Name != "mine" {
		t.Errorf("the Role is bound to %v", subjects)
	}
}
