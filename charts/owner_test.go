package charts

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// ofTheOwner are the variables of what keeps the folders of the data for one pod.
var ofTheOwner = []string{"AKU_POD_NAMESPACE", "AKU_OWNER_FILES"}

// ownerPlaces are the files that keep the folders, and the mounts that hold them: the same in the container that takes them and in the
// sidecar that keeps them.
func ownerPlaces(t *testing.T, r release) (files []string, mounts []corev1.VolumeMount) {
	t.Helper()
	for i, name := range []string{"aku-claim", "aku"} {
		c := r.container(t, name)
		var nowFiles []string
		var nowMounts []corev1.VolumeMount
		for _, v := range c.Env {
			if v.Name == "AKU_OWNER_FILES" {
				nowFiles = strings.Split(v.Value, ",")
			}
		}
		for _, m := range c.VolumeMounts {
			if strings.HasPrefix(m.MountPath, "/etc/aku/volumes/") {
				nowMounts = append(nowMounts, m)
			}
		}
		if i > 0 && !(cmp.Equal(files, nowFiles) && cmp.Equal(mounts, nowMounts)) {
			t.Errorf("%s: files %v in %v, but before %v in %v", name, nowFiles, nowMounts, files, mounts)
		}
		files, mounts = nowFiles, nowMounts
	}
	return files, mounts
}

func TestOwner_HasAFileBesideEachFolderOfData(t *testing.T) {
	for name, test := range map[string]struct {
		values string
		files  []string
		mounts []corev1.VolumeMount
	}{
		"folders of altibaseHome": {
			"{}", []string{"0/.aku-owner-dbs", "0/.aku-owner-logs", "0/.aku-owner-arch_logs", "0/.aku-owner-trc"}, []corev1.VolumeMount{{Name: "data"}},
		},
		"all of a volume": {
			"persistence: {mounts: [{mountPath: /root/altibase_home}]}", []string{"0/.aku-owner"}, []corev1.VolumeMount{{Name: "data"}},
		},
		"several volumes, deep folders": {
			`persistence:
  logVolume: {enabled: true}
  extraClaims: [{name: trc, mountPaths: [/root/altibase_home/trc], size: 2Gi}]
  mounts:
    - {mountPath: /root/altibase_home/dbs, subPath: a/b/dbs}
    - {mountPath: /root/altibase_home/logs, subPath: a/b/logs}
    - {mountPath: /root/altibase_home/arch_logs, subPath: a/b/arch_logs}
    - {mountPath: /root/altibase_home/trc}`,
			[]string{"0/.aku-owner-dbs", "1/.aku-owner-logs", "1/.aku-owner-arch_logs", "2/.aku-owner"},
			[]corev1.VolumeMount{{Name: "data", SubPath: "a/b"}, {Name: "logs", SubPath: "a/b"}, {Name: "trc"}},
		},
		"a folder for each pod": {
			"persistence: {existingClaim: shared, mounts: [{mountPath: /root/altibase_home, subPathExpr: db/$(POD_NAME)}]}",
			[]string{"0/.aku-owner-$(POD_NAME)"}, []corev1.VolumeMount{{Name: "data", SubPathExpr: "db"}},
		},
		"folders in one for each pod": {
			"{extraEnv: [{name: ZONE, value: z}], persistence: {existingClaim: shared, mounts: [{mountPath: /root/altibase_home, subPathExpr: $(POD_NAME)/$(ZONE)/home}]}}",
			[]string{"0/.aku-owner-home"}, []corev1.VolumeMount{{Name: "data", SubPathExpr: "$(POD_NAME)/$(ZONE)"}},
		},
	} {
		for i := range test.files {
			test.files[i] = "/etc/aku/volumes/" + test.files[i]
		}
		for i := range test.mounts {
			test.mounts[i].MountPath = "/etc/aku/volumes/" + string(rune('0'+i))
		}
		r := render(t, least, test.values)
		files, mounts := ownerPlaces(t, r)
		if diff := cmp.Diff(test.files, files); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if diff := cmp.Diff(test.mounts, mounts); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		// What a folder's name is made of is there, and before what is made of it.
		for _, container := range []string{"aku-claim", "aku"} {
			var names []string
			for _, v := range r.container(t, container).Env {
				names = append(names, v.Name)
			}
			at := slices.Index(names, "AKU_OWNER_FILES")
			for _, variable := range []string{"POD_NAME", "ZONE"} {
				if used := strings.Contains(test.values, "$("+variable+")"); used && (!slices.Contains(names, variable) || slices.Index(names, variable) > at) {
					t.Errorf("%s: %s has no %s before AKU_OWNER_FILES: %v", name, container, variable, names)
				}
			}
		}
	}
}

func TestOwner_IsAskedBeforeTheServerStarts_WithTheServersRights(t *testing.T) {
	r := render(t, least, "securityContext: {runAsUser: 7, readOnlyRootFilesystem: false}")
	claim := r.container(t, "aku-claim")
	if want := []string{"/opt/aku/bin/aku-init", "claim"}; !slices.Equal(claim.Command, want) || claim.RestartPolicy != nil {
		t.Errorf("%v, restart policy %v: the server must not start before it has ended well", claim.Command, claim.RestartPolicy)
	}
	want := map[string]string{
		"AKU_STS_NAME": "altibase", "AKU_POD_NAME": "<metadata.name>", "AKU_POD_UID": "<metadata.uid>", "AKU_POD_EVENTS": "1", "AKU_LOG_FORMAT": "text",
		"AKU_POD_NAMESPACE": "<metadata.namespace>",
		"AKU_OWNER_FILES": "/etc/aku/volumes/0/.aku-owner-dbs,/etc/aku/volumes/0/.aku-owner-logs,/etc/aku/volumes/0/.aku-owner-arch_logs," +
			"/etc/aku/volumes/0/.aku-owner-trc",
	}
	if diff := cmp.Diff(want, environment(t, claim)); diff != "" {
		t.Error(diff)
	}
	if user := claim.SecurityContext.RunAsUser; user == nil || *user != 7 {
		t.Errorf("it runs as %v and cannot write where the server can", user)
	}
	if !slices.ContainsFunc(claim.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == tokenFolder }) {
		t.Error("it cannot make an Event")
	}
}

func TestOwner_IsLeftOutWhereNobodyElseGetsAtTheData(t *testing.T) {
	for _, values := range []string{"persistence: {enabled: false}", "persistence: {lock: false}"} {
		r := render(t, least, values)
		if strings.Contains(r.text, "aku-claim") || strings.Contains(r.text, "AKU_OWNER_FILES") || strings.Contains(r.text, "/etc/aku/volumes") {
			t.Errorf("%s: there is something of the owner", values)
		}
	}
}

func TestOwner_InDiagnosticMode_KeepsNobodyOut_AndShowsItsFiles(t *testing.T) {
	r := render(t, least, "diagnosticMode: {enabled: true}")
	if strings.Contains(r.text, "aku-claim") {
		t.Error("somebody who wants to look at the files, and maybe to take one away, is kept out by it")
	}
	if !slices.ContainsFunc(r.container(t, "aku").VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == "/etc/aku/volumes/0" }) {
		t.Error("the files are not to be seen")
	}
}
