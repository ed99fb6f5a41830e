package charts

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestStatefulSet_KeepsTheOrderReplicationCountsOn(t *testing.T) {
	spec := render(t, least).statefulSet.Spec
	if spec.PodManagementPolicy != appsv1.OrderedReadyPodManagement {
		t.Errorf("podManagementPolicy = %q", spec.PodManagementPolicy)
	}
	if spec.Ordinals != nil {
		t.Errorf("ordinals = %v: pod 0 must be the master", spec.Ordinals)
	}
	if spec.UpdateStrategy.Type != appsv1.RollingUpdateStatefulSetStrategyType {
		t.Errorf("updateStrategy = %q", spec.UpdateStrategy.Type)
	}
	want := &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
		WhenScaled:  appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
		WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
	}
	if diff := cmp.Diff(want, spec.PersistentVolumeClaimRetentionPolicy); diff != "" {
		t.Errorf("volumes of removed pods must stay:\n%s", diff)
	}
}

func TestPodTemplate_IsTheSameWhateverTheReplicaCount(t *testing.T) {
	one, three := render(t, least), render(t, least, "replicaCount: 3")
	if *one.statefulSet.Spec.Replicas != 1 || *three.statefulSet.Spec.Replicas != 3 {
		t.Fatalf("replicas = %d and %d, want 1 and 3", *one.statefulSet.Spec.Replicas, *three.statefulSet.Spec.Replicas)
	}
	three.statefulSet.Spec.Replicas = one.statefulSet.Spec.Replicas
	delete(one.statefulSet.Annotations, "aku/replica-count")
	delete(three.statefulSet.Annotations, "aku/replica-count")
	if diff := cmp.Diff(one.statefulSet, three.statefulSet); diff != "" {
		t.Errorf("scaling would restart pods:\n%s", diff)
	}
	if diff := cmp.Diff(one.services, three.services); diff != "" {
		t.Error(diff)
	}
}

func TestPodTemplate_FirstScriptAndChartVersionRestartNoPod(t *testing.T) {
	without := render(t, least)
	with := render(t, least, `initdb: {scripts: {01.sql: "CREATE TABLE T1 (ID INTEGER PRIMARY KEY);"}}`)
	if diff := cmp.Diff(without.statefulSet, with.statefulSet); diff != "" {
		t.Errorf("a script matters to new servers only, but:\n%s", diff)
	}
	for _, label := range []string{"helm.sh/chart", "app.kubernetes.io/version"} {
		if value, found := without.statefulSet.Spec.Template.Labels[label]; found {
			t.Errorf("label %s=%s on the pods: a new chart would restart them all", label, value)
		}
	}
}

func TestPodTemplate_SelectorAndServicesFindThePods(t *testing.T) {
	r := render(t, least, "podLabels: {team: red}")
	labels := r.statefulSet.Spec.Template.Labels
	check := func(what string, selector map[string]string) {
		if len(selector) == 0 {
			t.Errorf("%s selects nothing", what)
		}
		for key, value := range selector {
			if labels[key] != value {
				t.Errorf("%s selects %s=%s, the pods have %v", what, key, value, labels)
			}
		}
	}
	check("the StatefulSet", r.statefulSet.Spec.Selector.MatchLabels)
	for name, service := range r.services {
		check("service "+name, service.Spec.Selector)
	}
	if labels["team"] != "red" {
		t.Errorf("podLabels are not on the pods: %v", labels)
	}
}

func TestServices_PodsReachEachOtherBeforeTheyAreReady_ClientsOnlyAfter(t *testing.T) {
	r := render(t, least)
	pods, clients := r.services["altibase-pods"], r.services["altibase"]
	if pods == nil || clients == nil {
		t.Fatalf("services: %v", r.services)
	}
	if r.statefulSet.Spec.ServiceName != pods.Name {
		t.Errorf("serviceName = %s, want %s", r.statefulSet.Spec.ServiceName, pods.Name)
	}
	if pods.Spec.ClusterIP != corev1.ClusterIPNone || !pods.Spec.PublishNotReadyAddresses {
		t.Errorf("%s must be headless and publish pods that are not ready: %+v", pods.Name, pods.Spec)
	}
	if clients.Spec.PublishNotReadyAddresses || clients.Spec.ClusterIP != "" {
		t.Errorf("%s must lead to ready pods only: %+v", clients.Name, clients.Spec)
	}

	ports := func(s *corev1.Service) map[string]int32 {
		result := map[string]int32{}
		for _, port := range s.Spec.Ports {
			// A mesh that has to guess what goes there waits for a server that speaks last.
			if want := map[bool]string{true: "http", false: "tcp"}[port.Name == "aku-health"]; port.AppProtocol == nil || *port.AppProtocol != want {
				t.Errorf("%s: port %s speaks %v, want %s", s.Name, port.Name, port.AppProtocol, want)
			}
			result[port.Name] = port.Port
			// Older clusters do not find the names of ports of native sidecars.
			want := intstr.FromString(port.Name)
			if port.Name == "aku-health" {
				want = intstr.FromInt32(20380)
			}
			if port.TargetPort != want {
				t.Errorf("%s: port %s leads to %v, want %v", s.Name, port.Name, port.TargetPort, want)
			}
		}
		return result
	}
	if diff := cmp.Diff(map[string]int32{"altibase": 20300, "replication": 20301, "aku-health": 20380}, ports(pods)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int32{"altibase": 20300}, ports(clients)); diff != "" {
		t.Error(diff)
	}
}

func TestContainers_InstallThenSidecarThenDatabase(t *testing.T) {
	r := render(t, least)
	var names []string
	for _, c := range slices.Concat(r.pod().InitContainers, r.pod().Containers) {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"aku-install", "aku-claim", "aku", "altibase"}, names); diff != "" {
		t.Fatal(diff)
	}

	install := r.container(t, "aku-install")
	if install.RestartPolicy != nil {
		t.Error("aku-install must end before the others start")
	}
	if diff := cmp.Diff([]string{"install", "/target"}, install.Args); diff != "" || install.Command != nil {
		t.Errorf("aku-install: command %v, arguments\n%s", install.Command, diff)
	}
	if diff := cmp.Diff([]corev1.VolumeMount{{Name: "aku-bin", MountPath: "/target"}}, install.VolumeMounts); diff != "" {
		t.Error(diff)
	}

	sidecar := r.container(t, "aku")
	if sidecar.RestartPolicy == nil || *sidecar.RestartPolicy != corev1.ContainerRestartPolicyAlways {
		t.Error("aku must be a native sidecar")
	}
	if sidecar.StartupProbe != nil {
		t.Error("a startup probe of the sidecar keeps the database from starting: deadlock")
	}
	if diff := cmp.Diff([]string{"/opt/aku/bin/aku-init"}, sidecar.Command); diff != "" || sidecar.Args != nil {
		t.Errorf("aku: arguments %v, command\n%s", sidecar.Args, diff)
	}
	health := []corev1.ContainerPort{{Name: "aku-health", ContainerPort: 20380}}
	if diff := cmp.Diff(health, sidecar.Ports); diff != "" {
		t.Error(diff)
	}
	for path, probe := range map[string]*corev1.Probe{"/readyz": sidecar.ReadinessProbe, "/livez": sidecar.LivenessProbe} {
		want := &corev1.HTTPGetAction{Path: path, Port: intstr.FromString("aku-health")}
		if diff := cmp.Diff(want, probe.HTTPGet); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDatabase_StartsUnmarkedIsProbedByTheMarkerAndEndsByTheHook(t *testing.T) {
	r := render(t, least)
	database := r.container(t, "altibase")
	if diff := cmp.Diff([]string{"/opt/aku/bin/aku-init", "clear-marker"}, database.Lifecycle.PostStart.Exec.Command); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"/opt/aku/bin/aku-init", "probe"}, database.StartupProbe.Exec.Command); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"/opt/aku/bin/aku-prestop"}, database.Lifecycle.PreStop.Exec.Command); diff != "" {
		t.Error(diff)
	}
	// A first copy, or the wait for the master, may take hours, and a restart would only begin it again.
	if seconds := database.StartupProbe.PeriodSeconds * database.StartupProbe.FailureThreshold; seconds < 12*3600 {
		t.Errorf("the startup probe gives up after %d s", seconds)
	}
	if database.LivenessProbe != nil || database.ReadinessProbe != nil {
		t.Error("the database is watched by the sidecar")
	}
	if r.container(t, "aku").Image != database.Image {
		t.Error("the sidecar needs the ODBC driver of the database image")
	}
	if links := r.pod().EnableServiceLinks; links == nil || *links {
		t.Error("service links would set ALTIBASE_… variables")
	}
}

func TestVolumes_ProgramsAndRunFolderAreSharedAndThePasswordIsAFile(t *testing.T) {
	r := render(t, least)
	shared := []corev1.VolumeMount{
		{Name: "aku-bin", MountPath: "/opt/aku", ReadOnly: true},
		{Name: "aku-run", MountPath: "/run/aku"},
		{Name: "aku-auth", MountPath: "/etc/aku/auth", ReadOnly: true},
		{Name: "aku-api", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", ReadOnly: true},
	}
	wantSidecar := append(slices.Clone(shared),
		corev1.VolumeMount{Name: "aku-tmp", MountPath: "/tmp"},
		corev1.VolumeMount{Name: "recover", MountPath: "/etc/aku/recover", ReadOnly: true},
		corev1.VolumeMount{Name: "initdb", MountPath: "/etc/aku/initdb", ReadOnly: true},
		corev1.VolumeMount{Name: "data", MountPath: "/etc/aku/volumes/0"})
	if diff := cmp.Diff(wantSidecar, r.container(t, "aku").VolumeMounts); diff != "" {
		t.Error(diff)
	}
	wantDatabase := append(slices.Clone(shared),
		corev1.VolumeMount{Name: "data", MountPath: "/root/altibase_home/dbs", SubPath: "dbs"},
		corev1.VolumeMount{Name: "data", MountPath: "/root/altibase_home/logs", SubPath: "logs"},
		corev1.VolumeMount{Name: "data", MountPath: "/root/altibase_home/arch_logs", SubPath: "arch_logs"},
		corev1.VolumeMount{Name: "data", MountPath: "/root/altibase_home/trc", SubPath: "trc"})
	if diff := cmp.Diff(wantDatabase, r.container(t, "altibase").VolumeMounts); diff != "" {
		t.Error(diff)
	}

	volumes := map[string]corev1.VolumeSource{}
	for _, volume := range r.pod().Volumes {
		volumes[volume.Name] = volume.VolumeSource
	}
	delete(volumes, "aku-api")
	mode, optional := int32(0o444), true
	want := map[string]corev1.VolumeSource{
		"aku-bin": {EmptyDir: &corev1.EmptyDirVolumeSource{}},
		"aku-run": {EmptyDir: &corev1.EmptyDirVolumeSource{}},
		"aku-tmp": {EmptyDir: &corev1.EmptyDirVolumeSource{}},
		"aku-auth": {Secret: &corev1.SecretVolumeSource{
			SecretName: "altibase-auth", DefaultMode: &mode, Items: []corev1.KeyToPath{{Key: "password", Path: "password"}},
		}},
		"recover": {ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "altibase-recover"}, Optional: &optional,
		}},
		"initdb": {ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "altibase-initdb"}, Optional: &optional,
		}},
	}
	if diff := cmp.Diff(want, volumes); diff != "" {
		t.Error(diff)
	}
}

func TestPersistence_OffKeepsTheDataInThePod(t *testing.T) {
	claims := render(t, least, `persistence: {size: 5Gi, storageClass: fast, accessModes: [ReadWriteOncePod], annotations: {a: b}}`).
		statefulSet.Spec.VolumeClaimTemplates
	if len(claims) != 1 {
		t.Fatalf("claims: %v", claims)
	}
	claim := claims[0]
	if claim.Name != "data" || claim.Annotations["a"] != "b" || *claim.Spec.StorageClassName != "fast" ||
		claim.Spec.AccessModes[0] != corev1.ReadWriteOncePod || claim.Spec.Resources.Requests.Storage().String() != "5Gi" {
		t.Errorf("claim: %+v", claim)
	}
	// The empty name would switch provisioning off instead of choosing the default class.
	if class := render(t, least).statefulSet.Spec.VolumeClaimTemplates[0].Spec.StorageClassName; class != nil {
		t.Errorf("storageClassName = %q, want none", *class)
	}

	if class := render(t, least, "persistence: {storageClass: '-'}").statefulSet.Spec.VolumeClaimTemplates[0].Spec.StorageClassName; class == nil || *class != "" {
		t.Error("a volume without a class cannot be asked for")
	}

	off := render(t, least, "persistence: {enabled: false}").statefulSet.Spec
	if off.VolumeClaimTemplates != nil || off.PersistentVolumeClaimRetentionPolicy != nil {
		t.Errorf("claims without persistence: %+v", off.VolumeClaimTemplates)
	}
	isEmptyDir := func(v corev1.Volume) bool { return v.Name == "data" && v.EmptyDir != nil }
	if !slices.ContainsFunc(off.Template.Spec.Volumes, isEmptyDir) {
		t.Errorf("no folder for the data: %v", off.Template.Spec.Volumes)
	}
}

func TestPassword_IsInTheSecretAndNowhereElse(t *testing.T) {
	given := render(t, least, `auth: {sysPassword: "q;{}=$(X) ü"}`)
	if got := string(given.secrets["altibase-auth"].Data["password"]); got != "q;{}=$(X) ü" {
		t.Errorf("the Secret holds %q", got)
	}
	for name, configMap := range given.configMaps {
		t.Errorf("ConfigMap %s without scripts: %v", name, configMap.Data)
	}
	shown := render(t, least, "auth: {sysPassword: must-not-show}").text
	if strings.Contains(shown, "must-not-show") {
		t.Errorf("the password is in clear:\n%s", shown)
	}

	existing := render(t, least, `auth: {sysPassword: "", existingSecret: mine, existingSecretKey: sys}`)
	if len(existing.secrets) != 0 {
		t.Errorf("a Secret beside the existing one: %v", existing.secrets)
	}
	for _, volume := range existing.pod().Volumes {
		if volume.Name == "aku-auth" && (volume.Secret.SecretName != "mine" || volume.Secret.Items[0].Key != "sys") {
			t.Errorf("password from %+v", volume.Secret)
		}
	}
}

func TestImages_AreNamedByRegistryRepositoryTagAndDigest(t *testing.T) {
	digest := "sha256:" + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for _, c := range []struct{ values, database, install string }{
		{"", "docker.io/altibase/a_plus_edition:latest", "example.org/aku:0.1.2"},
		{`{image: {registry: "", repository: r/db, tag: "7.3"}, aku: {image: {registry: reg:5000, repository: r/aku, tag: v1}}}`,
			"r/db:7.3", "reg:5000/r/aku:v1"},
		{`{image: {tag: "", digest: "` + digest + `"}, aku: {image: {digest: "` + digest + `"}}}`,
			"docker.io/altibase/a_plus_edition@" + digest, "example.org/aku:0.1.2@" + digest},
		{"global: {imageRegistry: mirror}", "mirror/altibase/a_plus_edition:latest", "mirror/aku:0.1.2"},
	} {
		r := render(t, least, c.values)
		if got := r.container(t, "altibase").Image; got != c.database {
			t.Errorf("database image %s, want %s", got, c.database)
		}
		if got := r.container(t, "aku-install").Image; got != c.install {
			t.Errorf("aku image %s, want %s", got, c.install)
		}
	}
}

func TestInstall_RunsWithoutAnyRight(t *testing.T) {
	// Whatever the database image asks for, the install step is ours and needs nothing.
	context := render(t, least, "podSecurityContext: {runAsUser: 0}").container(t, "aku-install").SecurityContext
	if !*context.RunAsNonRoot || *context.RunAsUser != 65532 || *context.AllowPrivilegeEscalation ||
		!*context.ReadOnlyRootFilesystem || !slices.Contains(context.Capabilities.Drop, "ALL") {
		t.Errorf("%+v", context)
	}
}

func TestNames_FollowTheReleaseUnlessOverridden(t *testing.T) {
	for _, c := range []struct{ release, values, want string }{
		{"altibase", "", "altibase"},
		{"shop", "", "shop-altibase"},
		{"my-altibase", "", "my-altibase"},
		{"shop", "nameOverride: db", "shop-db"},
		{"shop", "fullnameOverride: orders", "orders"},
		{"a-release-of-27-bytes-altib", "nameOverride: altib", "a-release-of-27-bytes-altib"},
		// Longer ones are cut, and told apart by a sum: the host has 62 bytes.
		{"a-release-of-28-bytes-altiba", "nameOverride: altib", "a-release-of-28-by-59956a7b"},
		{"a-release-of-28-bytes-altibb", "nameOverride: altib", "a-release-of-28-by-ee388546"},
		{"a-very-long-release-name-of-fifty-three-bytes-in-all-", "", "a-very-long-releas-9035854b"},
	} {
		r, err := tryRender(t, c.release, least, c.values)
		if err != nil {
			t.Fatal(err)
		}
		if r.statefulSet.Name != c.want || r.services[c.want] == nil || r.services[c.want+"-pods"] == nil {
			t.Errorf("release %s with %q: StatefulSet %s and services %v, want %s", c.release, c.values, r.statefulSet.Name, r.services, c.want)
		}
	}
}

func TestScripts_AreInAConfigMap(t *testing.T) {
	scripts := render(t, least, "initdb: {scripts: {01.sql: 'SELECT 1;', 02.sql: 'SELECT 2;'}}").configMaps["altibase-initdb"]
	if scripts == nil {
		t.Fatal("no ConfigMap")
	}
	if diff := cmp.Diff(map[string]string{"01.sql": "SELECT 1;", "02.sql": "SELECT 2;"}, scripts.Data); diff != "" {
		t.Error(diff)
	}
}
