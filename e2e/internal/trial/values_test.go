package trial

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// clusterWith is a cluster whose server has these values.
func clusterWith(t *testing.T, values string) *Cluster {
	t.Helper()
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(values), 0o600); err != nil {
		t.Fatal(err)
	}
	return &Cluster{repository: "../../..", serverValues: file, Images: Images{AKU: "a:1", Server: "s:2"}}
}

func TestServer_ValuesOfItsFileBeatThoseOfTheSuites_AndTheImageIsTheOneGiven(t *testing.T) {
	values, err := clusterWith(t, "image: {repository: other, tag: other, pullPolicy: Never}\nauth: {sysPassword: its-own}\naku: {serverCount: 3}").Server()
	if err != nil {
		t.Fatal(err)
	}
	aku := values["aku"].(Values)
	want := Values{"registry": "", "repository": "s", "tag": "2", "digest": "", "pullPolicy": "Never"}
	if diff := cmp.Diff(want, values["image"]); diff != "" {
		t.Error(diff)
	}
	if values["auth"].(Values)["sysPassword"] != "its-own" || aku["serverCount"] != 3.0 || aku["replications"] == nil {
		t.Errorf("got %v", values)
	}
}

func TestFirstPassword_IsThatOfTheChartUnlessTheServerSaysOtherwise(t *testing.T) {
	for values, want := range map[string]string{
		"{}":                          "MANAGER",
		"auth: {initialPassword: x}":  "x",
		`auth: {initialPassword: ""}`: "",
	} {
		if got, err := clusterWith(t, values).FirstPassword(); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", values, got, err, want)
		}
	}
}

func TestPlain_IsTheServerWithoutAllThatIsAkus(t *testing.T) {
	set := appsv1.StatefulSet{}
	set.Spec.Template.Spec = corev1.PodSpec{
		InitContainers: []corev1.Container{{Name: "aku"}},
		Containers: []corev1.Container{{
			Name: "altibase", Image: "s:2",
			Env:          []corev1.EnvVar{{Name: "ALTIBASE_ADMIN_MODE"}, {Name: "AKU_STS_NAME"}, {Name: "ALTIBASE_PORT_NO"}, {Name: "MODE"}},
			Lifecycle:    &corev1.Lifecycle{},
			StartupProbe: &corev1.Probe{},
			VolumeMounts: []corev1.VolumeMount{{Name: "aku-bin"}, {Name: "data"}, {Name: "license"}},
		}},
		Volumes: []corev1.Volume{{Name: "aku-bin"}, {Name: "initdb"}, {Name: "license"}},
	}
	pod := Plain(set)
	want := []corev1.Container{{
		Name: "altibase", Image: "s:2",
		Env:          []corev1.EnvVar{{Name: "ALTIBASE_PORT_NO"}, {Name: "MODE"}},
		VolumeMounts: []corev1.VolumeMount{{Name: "data"}, {Name: "license"}},
	}}
	if diff := cmp.Diff(want, pod.Containers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]corev1.Volume{{Name: "license"}}, pod.Volumes); diff != "" || len(pod.InitContainers) > 0 {
		t.Errorf("%s %v", diff, pod.InitContainers)
	}
}
