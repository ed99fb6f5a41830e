package charts

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestInstall_OffLeavesAkuToTheDatabaseImage(t *testing.T) {
	r := render(t, least, "aku: {install: false}")
	for _, c := range slices.Concat(r.pod().InitContainers, r.pod().Containers) {
		if c.Name == "aku-install" {
			t.Error("aku is installed all the same")
		}
		for _, m := range c.VolumeMounts {
			if strings.HasPrefix(m.MountPath, "/opt/aku") {
				t.Errorf("%s: %s hides what the image holds", c.Name, m.MountPath)
			}
		}
	}
	if slices.ContainsFunc(r.pod().Volumes, func(v corev1.Volume) bool { return v.Name == "aku-bin" }) {
		t.Error("a volume that nothing uses")
	}
	if command := r.container(t, "aku").Command; !slices.Equal(command, []string{"/opt/aku/bin/aku-init"}) {
		t.Errorf("the sidecar runs %v", command)
	}
}

func TestPersistence_ExistingClaimTakesThePlaceOfTheTemplate(t *testing.T) {
	spec := render(t, least, "{aku: {serverCount: 1}, persistence: {existingClaim: mine}}").statefulSet.Spec
	if spec.VolumeClaimTemplates != nil || spec.PersistentVolumeClaimRetentionPolicy != nil {
		t.Errorf("a claim is made beside the existing one: %+v", spec.VolumeClaimTemplates)
	}
	if v := volume(t, spec.Template.Spec, "data"); v.PersistentVolumeClaim == nil || v.PersistentVolumeClaim.ClaimName != "mine" {
		t.Errorf("data is %+v", v)
	}
}

func volume(t *testing.T, pod corev1.PodSpec, name string) corev1.Volume {
	t.Helper()
	i := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == name })
	if i < 0 {
		t.Fatalf("no volume %s", name)
	}
	return pod.Volumes[i]
}

func hasMount(mounts []corev1.VolumeMount, want corev1.VolumeMount) bool {
	return slices.ContainsFunc(mounts, func(m corev1.VolumeMount) bool { return cmp.Equal(m, want) })
}

func TestPersistence_LogVolumeTakesItsFoldersFromTheData(t *testing.T) {
	r := render(t, least, "persistence: {accessModes: [ReadWriteOncePod], logVolume: {enabled: true, size: 3Gi, storageClass: fast, annotations: {a: b}}}")
	want := []corev1.VolumeMount{
		{Name: "data", MountPath: "/root/altibase_home/dbs", SubPath: "dbs"},
		{Name: "logs", MountPath: "/root/altibase_home/logs", SubPath: "logs"},
		{Name: "logs", MountPath: "/root/altibase_home/arch_logs", SubPath: "arch_logs"},
		{Name: "data", MountPath: "/root/altibase_home/trc", SubPath: "trc"},
	}
	got := slices.DeleteFunc(r.container(t, "altibase").VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name != "data" && m.Name != "logs" })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	claims := r.statefulSet.Spec.VolumeClaimTemplates
	if len(claims) != 2 || claims[0].Name != "data" || claims[1].Name != "logs" {
		t.Fatalf("claims: %v", claims)
	}
	logs := claims[1]
	if logs.Spec.Resources.Requests.Storage().String() != "3Gi" || *logs.Spec.StorageClassName != "fast" || logs.Annotations["a"] != "b" ||
		logs.Spec.AccessModes[0] != corev1.ReadWriteOncePod {
		t.Errorf("claim: %+v", logs)
	}
	// Without persistence both are folders of the pod.
	off := render(t, least, "persistence: {enabled: false, logVolume: {enabled: true}}").pod()
	if volume(t, off, "data").EmptyDir == nil || volume(t, off, "logs").EmptyDir == nil {
		t.Errorf("volumes: %v", off.Volumes)
	}
}

func TestPersistence_FollowsTheHomeOfTheServer(t *testing.T) {
	r := render(t, least, "{altibaseHome: /opt/altibase/, persistence: {logVolume: {enabled: true}}}")
	want := []corev1.VolumeMount{
		{Name: "data", MountPath: "/opt/altibase/dbs", SubPath: "dbs"},
		{Name: "logs", MountPath: "/opt/altibase/logs", SubPath: "logs"},
		{Name: "logs", MountPath: "/opt/altibase/arch_logs", SubPath: "arch_logs"},
		{Name: "data", MountPath: "/opt/altibase/trc", SubPath: "trc"},
	}
	got := slices.DeleteFunc(r.container(t, "altibase").VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name != "data" && m.Name != "logs" })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the data would be outside the volume:\n%s", diff)
	}
}

func TestPersistence_PodsThatShareAVolumeHaveFoldersOfTheirOwn(t *testing.T) {
	r := render(t, least, "persistence: {existingClaim: shared, mounts: [{mountPath: /root/altibase_home, subPathExpr: db/$(POD_NAME)}]}")
	database := r.container(t, "altibase")
	if want := (corev1.VolumeMount{Name: "data", MountPath: "/root/altibase_home", SubPathExpr: "db/$(POD_NAME)"}); !hasMount(database.VolumeMounts, want) {
		t.Errorf("mounts: %v", database.VolumeMounts)
	}
	if name := environment(t, database)["POD_NAME"]; name != "<metadata.name>" {
		t.Errorf("POD_NAME = %q: Kubernetes starts no container with a folder it cannot name", name)
	}
	if _, found := environment(t, render(t, least).container(t, "altibase"))["POD_NAME"]; found {
		t.Error("nothing needs POD_NAME")
	}
}

func TestPersistence_EachFolderMayHaveAVolumeOfItsOwn(t *testing.T) {
	const values = `persistence: {logVolume: {enabled: true, mountPaths: [/root/altibase_home/logs]}, extraClaims: [
		{name: arch, size: 3Gi, storageClass: slow, annotations: {a: b}, mountPaths: [/root/altibase_home/arch_logs]}, {name: trc, size: 1Gi, mountPaths: [/root/altibase_home/trc]}]}`
	r := render(t, least, values)
	var claims []string
	for _, claim := range r.statefulSet.Spec.VolumeClaimTemplates {
		claims = append(claims, claim.Name+" "+claim.Spec.Resources.Requests.Storage().String())
	}
	if diff := cmp.Diff([]string{"data 10Gi", "logs 10Gi", "arch 3Gi", "trc 1Gi"}, claims); diff != "" {
		t.Error(diff)
	}
	if arch := r.statefulSet.Spec.VolumeClaimTemplates[2]; *arch.Spec.StorageClassName != "slow" || arch.Annotations["a"] != "b" {
		t.Errorf("%+v", arch)
	}
	for folder, volume := range map[string]string{"dbs": "data", "logs": "logs", "arch_logs": "arch", "trc": "trc"} {
		if !hasMount(r.container(t, "altibase").VolumeMounts, corev1.VolumeMount{Name: volume, MountPath: "/root/altibase_home/" + folder, SubPath: folder}) {
			t.Errorf("%s is not on %s: %v", folder, volume, r.container(t, "altibase").VolumeMounts)
		}
	}
	if off := render(t, least, values, "persistence: {enabled: false}").pod(); volume(t, off, "arch").EmptyDir == nil || volume(t, off, "trc").EmptyDir == nil {
		t.Errorf("volumes: %v", off.Volumes)
	}
}

func TestExtraEnv_StandsBesideWhatTheImageWants(t *testing.T) {
	r := render(t, least, "{extraEnv: [{name: TZ, value: UTC}], aku: {extraEnv: [{name: LD_LIBRARY_PATH, value: /x}], extraVolumeMounts: [{name: data, mountPath: /home, readOnly: true}]}}")
	database := environment(t, r.container(t, "altibase"))
	if database["MODE"] != "foreground" || database["TZ"] != "UTC" {
		t.Errorf("MODE=%s, TZ=%s", database["MODE"], database["TZ"])
	}
	// Whatever connects needs what the driver needs.
	test, check := r.pods["altibase-test"].Spec.Containers[0], r.jobs["altibase-check"].Spec.Template.Spec.Containers[0]
	for _, c := range []corev1.Container{r.container(t, "aku"), test, check} {
		if got := environment(t, c)["LD_LIBRARY_PATH"]; got != "/x" {
			t.Errorf("%s: LD_LIBRARY_PATH=%s", c.Name, got)
		}
	}
	if !hasMount(r.container(t, "aku").VolumeMounts, corev1.VolumeMount{Name: "data", MountPath: "/home", ReadOnly: true}) {
		t.Errorf("the sidecar has %v", r.container(t, "aku").VolumeMounts)
	}
}

func TestServices_TakeTheUsualFields(t *testing.T) {
	const spec = "spec: {sessionAffinity: ClientIP, externalTrafficPolicy: Local, loadBalancerClass: inner, loadBalancerSourceRanges: [10.0.0.0/8]}"
	r := render(t, least, "{replicaCount: 2, service: {type: NodePort, nodePort: 30300, "+spec+", master: {enabled: true, type: NodePort, nodePort: 30301, "+spec+"}, perPod: {enabled: true, type: NodePort, nodePorts: [30302], "+spec+"}}}")
	for name, port := range map[string]int32{"altibase": 30300, "altibase-master": 30301, "altibase-0": 30302, "altibase-1": 0} {
		s := r.services[name].Spec
		if s.Ports[0].NodePort != port || s.SessionAffinity != corev1.ServiceAffinityClientIP || s.ExternalTrafficPolicy != "Local" || *s.LoadBalancerClass != "inner" ||
			len(s.LoadBalancerSourceRanges) != 1 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestLicence_IsAFileInTheHomeOfTheServer(t *testing.T) {
	r := render(t, least, "{altibaseHome: /opt/altibase, license: {existingSecret: mine, existingSecretKey: file}}")
	want := corev1.VolumeMount{Name: "license", MountPath: "/opt/altibase/conf/license", SubPath: "license", ReadOnly: true}
	if mounts := r.container(t, "altibase").VolumeMounts; !hasMount(mounts, want) {
		t.Errorf("mounts: %v", mounts)
	}
	secret := volume(t, r.pod(), "license").Secret
	if secret.SecretName != "mine" || !slices.Equal(secret.Items, []corev1.KeyToPath{{Key: "file", Path: "license"}}) {
		t.Errorf("licence from %+v", secret)
	}
}

func TestScripts_OfAnExistingConfigMapMustBeThere(t *testing.T) {
	r := render(t, least, "initdb: {existingConfigMap: mine}")
	source := volume(t, r.pod(), "initdb").ConfigMap
	if source.Name != "mine" || source.Optional == nil || *source.Optional {
		t.Errorf("scripts from %+v: a typo in the name would go unseen", source)
	}
	if len(r.configMaps) != 0 {
		t.Errorf("a ConfigMap beside the existing one: %v", r.configMaps)
	}
}

func TestServices_ForTheMasterAndForEachPodLeadToOnePodThatIsInService(t *testing.T) {
	r := render(t, least, `{replicaCount: 2, service: {port: 20400, annotations: {a: all}, master: {enabled: true, type: NodePort, annotations: {a: master}},
		perPod: {enabled: true, type: LoadBalancer, annotations: {a: pod}}}}`)
	if len(r.services) != 5 {
		t.Errorf("services: %v", r.services)
	}
	for name, want := range map[string]struct {
		kind            corev1.ServiceType
		annotation, pod string
	}{
		"altibase":        {corev1.ServiceTypeClusterIP, "all", ""},
		"altibase-master": {corev1.ServiceTypeNodePort, "master", "altibase-0"},
		"altibase-0":      {corev1.ServiceTypeLoadBalancer, "pod", "altibase-0"},
		"altibase-1":      {corev1.ServiceTypeLoadBalancer, "pod", "altibase-1"},
	} {
		s := r.services[name]
		if s == nil {
			t.Errorf("no service %s", name)
			continue
		}
		if s.Spec.Type != want.kind || s.Annotations["a"] != want.annotation || s.Spec.Selector["statefulset.kubernetes.io/pod-name"] != want.pod ||
			s.Spec.Ports[0].Port != 20400 || s.Spec.PublishNotReadyAddresses {
			t.Errorf("%s: annotations %v, %+v", name, s.Annotations, s.Spec)
		}
	}
}

func TestDisruptionBudget_IsForMoreThanOnePod(t *testing.T) {
	if budgets := render(t, least).budgets; len(budgets) != 0 {
		t.Errorf("one pod could never be drained: %v", budgets)
	}
	r := render(t, least, "{replicaCount: 3, podDisruptionBudget: {maxUnavailable: 40%}}")
	budget := r.budgets["altibase"]
	if budget == nil || budget.Spec.MaxUnavailable.String() != "40%" || string(*budget.Spec.UnhealthyPodEvictionPolicy) != "AlwaysAllow" {
		t.Fatalf("%+v", budget)
	}
	if diff := cmp.Diff(r.statefulSet.Spec.Selector, budget.Spec.Selector); diff != "" {
		t.Error(diff)
	}
	if text := render(t, least, "replicaCount: 2").budgets["altibase"].Spec.MaxUnavailable.String(); text != "1" {
		t.Errorf("maxUnavailable = %s", text)
	}
}

// hookSelector finds the pod of a hook.
func hookSelector(hook string) map[string]string {
	return map[string]string{"app.kubernetes.io/name": "altibase-" + hook, "app.kubernetes.io/instance": "altibase"}
}

func TestNetworkPolicy_LetsPodsReachEachOtherAndClientsThePort(t *testing.T) {
	if policies := render(t, least).policies; len(policies) != 0 {
		t.Errorf("a policy nobody asked for: %v", policies)
	}
	r := render(t, least, "networkPolicy: {enabled: true, clients: [{namespaceSelector: {matchLabels: {team: red}}}]}")
	// A named port of a native sidecar is not found by older clusters.
	ports := func(numbers ...int32) (result []networkingv1.NetworkPolicyPort) {
		for _, number := range numbers {
			port := intstr.FromInt32(number)
			result = append(result, networkingv1.NetworkPolicyPort{Port: &port})
		}
		return result
	}
	want := networkingv1.NetworkPolicySpec{
		PodSelector: *r.statefulSet.Spec.Selector,
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
		Ingress: []networkingv1.NetworkPolicyIngressRule{
			{From: []networkingv1.NetworkPolicyPeer{{PodSelector: r.statefulSet.Spec.Selector}}, Ports: ports(20300, 20301)},
			{Ports: ports(20380)},
			{From: []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "red"}}}}, Ports: ports(20300)},
			{From: []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{MatchLabels: hookSelector("check")}}}, Ports: ports(20300)},
			{From: []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{MatchLabels: hookSelector("test")}}}, Ports: ports(20300)},
		},
	}
	if diff := cmp.Diff(want, r.policies["altibase"].Spec); diff != "" {
		t.Error(diff)
	}
	if from := render(t, least, "networkPolicy: {enabled: true}").policies["altibase"].Spec.Ingress[1].From; from != nil {
		t.Errorf("no clients named is everybody, not %v", from)
	}
}

func TestNetworkPolicy_LetsPodsOutOnlyToWhatTheyNeed(t *testing.T) {
	if policies := render(t, least, "networkPolicy: {enabled: true}").policies; len(policies) != 1 || policies["altibase"].Spec.Egress != nil {
		t.Errorf("nobody asked for rules on what goes out: %v", policies)
	}
	r := render(t, least, "networkPolicy: {enabled: true, egress: {enabled: true, extra: [{ports: [{port: 162}]}]}}")
	open := func(policy string) (result []string) {
		for _, rule := range r.policies[policy].Spec.Egress {
			where := "all"
			for _, to := range rule.To {
				where = labels.Set(to.PodSelector.MatchLabels).String()
			}
			for _, port := range rule.Ports {
				protocol := "TCP"
				if port.Protocol != nil {
					protocol = string(*port.Protocol)
				}
				result = append(result, where+" "+protocol+" "+port.Port.String())
			}
		}
		return result
	}
	pods := labels.Set(r.statefulSet.Spec.Selector.MatchLabels).String()
	cluster := []string{"all UDP 53", "all TCP 53", "all TCP 443", "all TCP 6443"}
	want := append(append([]string{pods + " TCP 20300", pods + " TCP 20301", pods + " TCP 20380"}, cluster...), "all TCP 162")
	if diff := cmp.Diff(want, open("altibase")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(append([]string{pods + " TCP 20300", pods + " TCP 20380"}, cluster...), open("altibase-hooks")); diff != "" {
		t.Error(diff)
	}
	// Under a policy that denies all, the hooks need one of their own.
	selector, err := metav1.LabelSelectorAsSelector(&r.policies["altibase-hooks"].Spec.PodSelector)
	if err != nil {
		t.Fatal(err)
	}
	for name, pod := range hookPods(install(t, least)) {
		if !selector.Matches(labels.Set(pod.Labels)) {
			t.Errorf("%s is under no policy: %v", name, pod.Labels)
		}
	}
	if selector.Matches(labels.Set(r.statefulSet.Spec.Template.Labels)) {
		t.Error("that of the hooks is also for the database's pods")
	}
	named := render(t, least, "networkPolicy: {enabled: true, egress: {enabled: true, apiServer: [{ipBlock: {cidr: 10.0.0.1/32}}]}}").policies["altibase"].Spec.Egress
	if last := named[len(named)-1]; len(last.To) != 1 || last.To[0].IPBlock.CIDR != "10.0.0.1/32" {
		t.Errorf("the API is let out to %+v", last)
	}
}

func TestImages_AreAllPulledWithTheSecretsOfParentAndChart(t *testing.T) {
	for name, pod := range allPods(install(t, least, "{global: {imagePullSecrets: [parent, {name: both}]}, imagePullSecrets: [{name: both}, {name: own}]}")) {
		want := []corev1.LocalObjectReference{{Name: "parent"}, {Name: "both"}, {Name: "own"}}
		if diff := cmp.Diff(want, pod.ImagePullSecrets); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	for name, pod := range allPods(install(t, least, "global: {imageRegistry: mirror}")) {
		for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
			if !strings.HasPrefix(c.Image, "mirror/") {
				t.Errorf("%s: %s is pulled as %s", name, c.Name, c.Image)
			}
		}
	}
}

func TestScheduling_SpreadsOverNodesUnlessToldOtherwise(t *testing.T) {
	r := render(t, least)
	want := []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: "kubernetes.io/hostname", WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: r.statefulSet.Spec.Selector,
	}}
	if diff := cmp.Diff(want, r.pod().TopologySpreadConstraints); diff != "" {
		t.Error(diff)
	}
	own := render(t, least, `{priorityClassName: high, nodeSelector: {disk: fast}, tolerations: [{operator: Exists}], affinity: {nodeAffinity: {}},
		topologySpreadConstraints: [{maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {a: b}}}]}`).pod()
	if diff := cmp.Diff(map[string]string{"a": "b"}, own.TopologySpreadConstraints[0].LabelSelector.MatchLabels); diff != "" {
		t.Errorf("a selector that was given is kept:\n%s", diff)
	}
	if own.PriorityClassName != "high" || own.NodeSelector["disk"] != "fast" || own.Tolerations[0].Operator != corev1.TolerationOpExists || own.Affinity.NodeAffinity == nil {
		t.Errorf("%+v", own)
	}
}

func TestUpdateStrategy_AndMinReadySeconds_AreThoseOfTheValues(t *testing.T) {
	spec := render(t, least, "{updateStrategy: {rollingUpdate: {partition: 2}}, minReadySeconds: 7}").statefulSet.Spec
	if spec.UpdateStrategy.Type != appsv1.RollingUpdateStatefulSetStrategyType || *spec.UpdateStrategy.RollingUpdate.Partition != 2 || spec.MinReadySeconds != 7 {
		t.Errorf("%+v, %d s", spec.UpdateStrategy, spec.MinReadySeconds)
	}
}

func TestLabels_CommonOnesAreOnAllObjectsButThePods(t *testing.T) {
	r := render(t, least, `{replicaCount: 2, commonLabels: {team: red}, podLabels: {tier: db}, podAnnotations: {a: b, kubectl.kubernetes.io/default-container: aku},
		networkPolicy: {enabled: true}, service: {master: {enabled: true}}, initdb: {scripts: {a.sql: SELECT 1}}}`)
	objects := []metav1.Object{r.statefulSet, r.budgets["altibase"], r.policies["altibase"], r.roles["altibase"], r.roleBindings["altibase"],
		r.serviceAccounts["altibase"], r.secrets["altibase-auth"], r.configMaps["altibase-initdb"], r.services["altibase"], r.services["altibase-pods"]}
	for _, object := range objects {
		if object.GetLabels()["team"] != "red" {
			t.Errorf("%T %s has %v", object, object.GetName(), object.GetLabels())
		}
	}
	pod := r.statefulSet.Spec.Template
	if pod.Labels["team"] != "" || pod.Labels["tier"] != "db" {
		t.Errorf("labels of the pods: %v", pod.Labels)
	}
	if diff := cmp.Diff(map[string]string{"a": "b", "kubectl.kubernetes.io/default-container": "aku"}, pod.Annotations); diff != "" {
		t.Error(diff)
	}
	if label := r.statefulSet.Spec.VolumeClaimTemplates[0].Labels["team"]; label != "" {
		t.Error("Kubernetes takes no change of the claims")
	}
}

func TestExtras_StandBesideWhatTheChartMakes(t *testing.T) {
	r := render(t, least, `
envFrom: [{secretRef: {name: mine}}]
extraVolumes: [{name: files, emptyDir: {}}]
extraVolumeMounts: [{name: files, mountPath: /files}]
extraInitContainers: [{name: prepare, image: prepare:1}]
extraContainers: [{name: exporter, image: exporter:1}]
extraObjects:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: '{{ include "altibase.fullname" . }}-a', namespace: db, labels: {app.kubernetes.io/instance: x}}}
  - |
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: {{ .Release.Name }}-b, namespace: db, labels: {app.kubernetes.io/instance: x}}
`)
	if r.configMaps["altibase-a"] == nil || r.configMaps["altibase-b"] == nil {
		t.Errorf("objects: %v", r.configMaps)
	}
	// Before the sidecar, so that it does not wait beside them for a database.
	if first := r.pod().InitContainers[0].Name; first != "prepare" {
		t.Errorf("the first init container is %s", first)
	}
	if last := r.pod().Containers[1].Name; last != "exporter" {
		t.Errorf("the second container is %s", last)
	}
	volume(t, r.pod(), "files")
	database := r.container(t, "altibase")
	if !hasMount(database.VolumeMounts, corev1.VolumeMount{Name: "files", MountPath: "/files"}) || database.EnvFrom[0].SecretRef.Name != "mine" {
		t.Errorf("mounts %v, envFrom %v", database.VolumeMounts, database.EnvFrom)
	}
}

func TestDiagnosticMode_RunsNeitherServerNorAku(t *testing.T) {
	r := render(t, least, "{diagnosticMode: {enabled: true, command: [sleep, '9']}, command: [server], args: [run]}")
	for _, name := range []string{"aku", "altibase"} {
		c := r.container(t, name)
		if !slices.Equal(c.Command, []string{"sleep", "9"}) || c.Args != nil {
			t.Errorf("%s runs %v %v", name, c.Command, c.Args)
		}
		if c.StartupProbe != nil || c.LivenessProbe != nil || c.ReadinessProbe != nil || c.Lifecycle != nil {
			t.Errorf("%s is probed or hooked", name)
		}
	}
	if len(r.container(t, "altibase").VolumeMounts) != len(render(t, least).container(t, "altibase").VolumeMounts) {
		t.Error("the files are not where they are otherwise")
	}
}
