package charts

import (
	"context"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// aCluster holds one StatefulSet or none, and is all that the chart looks at.
type aCluster struct {
	dynamic.NamespaceableResourceInterface
	statefulSet unstructured.Unstructured
}

func (c aCluster) GetClientFor(string, string) (dynamic.NamespaceableResourceInterface, bool, error) {
	return c, true, nil
}

func (c aCluster) Namespace(string) dynamic.ResourceInterface { return c }

func (c aCluster) Get(_ context.Context, name string, _ metav1.GetOptions, _ ...string) (*unstructured.Unstructured, error) {
	if name != c.statefulSet.GetName() {
		return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "statefulsets"}, name)
	}
	return &c.statefulSet, nil
}

func (c aCluster) List(context.Context, metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	list := unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "apps/v1", "kind": "StatefulSetList"}}
	if c.statefulSet.Object != nil {
		list.Items = []unstructured.Unstructured{c.statefulSet}
	}
	return &list, nil
}

// install renders the chart for a new release, as helm install does: it sees a cluster.
func install(t *testing.T, values ...string) release {
	t.Helper()
	options := chartutil.ReleaseOptions{Name: "altibase", Namespace: "db", Revision: 1, IsInstall: true}
	r, err := renderFor(t, options, aCluster{}.render, values...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (c aCluster) render(loaded *chart.Chart, values chartutil.Values) (map[string]string, error) {
	return engine.RenderWithClientProvider(loaded, values, c)
}

// upgrade installs the chart with some values, and renders an upgrade to others.
func upgrade(t *testing.T, from, to string) (release, error) {
	t.Helper()
	return upgradeOf(t, render(t, least, from).statefulSet, to)
}

// upgradeOf renders an upgrade where that StatefulSet is there.
func upgradeOf(t *testing.T, existing *appsv1.StatefulSet, to string) (release, error) {
	t.Helper()
	return upgradeTo(t, existing, least, to)
}

// upgradeTo is upgradeOf with these values and no others.
func upgradeTo(t *testing.T, existing *appsv1.StatefulSet, values ...string) (release, error) {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(existing)
	if err != nil {
		t.Fatal(err)
	}
	cluster := aCluster{statefulSet: unstructured.Unstructured{Object: content}}
	options := chartutil.ReleaseOptions{Name: "altibase", Namespace: "db", Revision: 2, IsUpgrade: true}
	return renderFor(t, options, cluster.render, values...)
}

func TestUpgrade_RefusesWhatWouldLoseRows(t *testing.T) {
	const three = "replicaCount: 3"
	for _, c := range []struct{ name, from, to, want string }{
		{
			"another replication port", three, "{replicaCount: 3, service: {replicationPort: 20400}}",
			"service.replicationPort is 20400, but 3 pods reach each other on 20301, and they are replaced one by one: scale to 1 first.",
		},
		{
			"another port", three, "{replicaCount: 3, service: {port: 20400}}",
			"service.port is 20400, but 3 pods reach each other on 20300, and they are replaced one by one: scale to 1 first.",
		},
		{
			"another name", "", "fullnameOverride: other",
			"the StatefulSet of this release is called altibase, but with these values it would be other, and new pods would start empty: keep nameOverride and fullnameOverride as they were.",
		},
		{
			"another label of the pods", "fullnameOverride: one", "{fullnameOverride: one, nameOverride: two}",
			`the pods of this release are found by the labels {"app.kubernetes.io/instance":"altibase","app.kubernetes.io/name":"altibase"}, with these values by {"app.kubernetes.io/instance":"altibase","app.kubernetes.io/name":"two"}, and Kubernetes takes no change of them: keep nameOverride and the name of the release as they were.`,
		},
		{
			"data elsewhere", "", "persistence: {mounts: [{mountPath: /root/altibase_home/dbs, subPath: database}, {mountPath: /root/altibase_home/logs, subPath: logs}, {mountPath: /root/altibase_home/arch_logs, subPath: arch_logs}, {mountPath: /root/altibase_home/trc, subPath: trc}]}",
			"persistence.mounts has /root/altibase_home/dbs no longer from the same place of the volume data, where the server keeps what is there: keep persistence.mounts, and what logVolume and extraClaims take of them, as they were.",
		},
		{
			"a folder on the volume of another claim", "persistence: {extraClaims: [{name: trc, size: 1Gi, mountPaths: [/root/altibase_home/trc]}]}", "persistence: {extraClaims: [{name: trc, size: 1Gi, mountPaths: [/root/altibase_home/arch_logs]}]}",
			"persistence.mounts has /root/altibase_home/trc no longer from the same place of the volume trc",
		},
		{
			"another home", "", "altibaseHome: /opt/altibase",
			`altibaseHome is "/opt/altibase", but the pods of this release have their data below "/root/altibase_home": keep altibaseHome as it was.`,
		},
		{
			"another home on the same mounts", "persistence: {mounts: [{mountPath: /root}]}", "{altibaseHome: /root/other, persistence: {mounts: [{mountPath: /root}]}}",
			`altibaseHome is "/root/other", but`,
		},
		{
			"another folder for each pod", "persistence: {mounts: [{mountPath: /root/altibase_home, subPathExpr: $(POD_NAME)}]}", "persistence: {mounts: [{mountPath: /root/altibase_home, subPathExpr: x/$(POD_NAME)}]}",
			"persistence.mounts has /root/altibase_home no longer from the same place",
		},
		{
			"logs on the other volume", "persistence: {logVolume: {enabled: true}}", "persistence: {logVolume: {enabled: true, mountPaths: [/root/altibase_home/logs]}}",
			"persistence.mounts has /root/altibase_home/arch_logs no longer from the same place of the volume logs",
		},
		{
			"a bigger volume", "", "persistence: {size: 20Gi}",
			"the volume data is to have 20Gi, but it has 10Gi, and Kubernetes takes no change of it in a StatefulSet. To do it: enlarge the claims that are there, kubectl -n db delete statefulset altibase --cascade=orphan (the pods go on running), upgrade again.",
		},
		{
			"a smaller volume", "", "persistence: {size: 9Gi}",
			"the volume data is to have 9Gi, but it has 10Gi, and no volume gets smaller: keep its size.",
		},
		{
			"a bigger log volume", "persistence: {logVolume: {enabled: true}}", "persistence: {logVolume: {enabled: true, size: 1Ti}}",
			"the volume logs is to have 1Ti, but it has 10Gi",
		},
		{
			"another class", "", "persistence: {storageClass: fast}",
			"the volume data is to be of the storage class fast, but it is of the cluster's default, and a volume stays where it is: keep the class, or do as the README says under Another storage class.",
		},
		{
			"no class", "", "persistence: {storageClass: '-'}",
			"the volume data is to be of the storage class no class at all, but it is of the cluster's default, and",
		},
		{
			"other access modes", "", "persistence: {accessModes: [ReadWriteOncePod]}",
			"the volume data is to have persistence.accessModes ReadWriteOncePod, but it has ReadWriteOnce, and claims that are there keep theirs. For those to come: kubectl -n db delete statefulset altibase --cascade=orphan",
		},
		{
			"other annotations of the claims", "persistence: {annotations: {a: b}}", "persistence: {annotations: {a: c}}",
			`the claims of the volume data are to have the annotations {"a":"c"}, but they have {"a":"b"}, and Kubernetes takes no change of them in a StatefulSet. To do it: kubectl annotate the claims that are there, kubectl`,
		},
		{
			"a second volume", "", "persistence: {logVolume: {enabled: true, size: 1Gi}}",
			"persistence asks for a volume logs that the pods of this release do not have, and what would be on it is on another one: Kubernetes adds none later, keep persistence as it was.",
		},
		{
			"one volume less", "persistence: {logVolume: {enabled: true}}", "",
			"persistence no longer asks for the volume logs, and the server would not find what is on it: keep persistence as it was.",
		},
		{
			"no volume", "", "persistence: {enabled: false}",
			"persistence.enabled is false, but the data of this release is on volumes, and its pods would start empty: keep it true.",
		},
		{
			"no volume in place of a claim", "{aku: {serverCount: 1}, persistence: {existingClaim: mine}}", "persistence: {enabled: false}",
			"persistence.enabled is false, but the data of this release is on volumes",
		},
		{
			"volumes where there were none", "persistence: {enabled: false}", "",
			"persistence.enabled is true, but the data of this release is in its pods and would be gone with them: keep it false, or install a second release with volumes and copy the rows.",
		},
		{
			"a claim in place of the chart's", "aku: {serverCount: 1}", "{aku: {serverCount: 1}, persistence: {existingClaim: mine}}",
			`persistence.existingClaim is "mine", but the data of this release is on claims that the chart made, and its pods would start empty: keep it as it was, or copy the files first and install anew.`,
		},
		{
			"another claim", "{aku: {serverCount: 1}, persistence: {existingClaim: mine}}", "{aku: {serverCount: 1}, persistence: {existingClaim: other}}",
			`persistence.existingClaim is "other", but the data of this release is on the claim mine, and`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := upgrade(t, c.from, c.to)
			if err == nil {
				t.Fatalf("rendered, want: %s", c.want)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			// Without the StatefulSet nothing is refused any more: that way leads pods to empty folders after most changes.
			if way := "--cascade=orphan"; strings.Contains(err.Error(), way) && !strings.Contains(c.want, "StatefulSet") && !strings.Contains(c.want, way) && !strings.Contains(c.name, "bigger") {
				t.Errorf("%s is the wrong advice in: %v", way, err)
			}
		})
	}
}

func TestUpgrade_DoesNotTakePodsAwayThatSomebodyElseAdded(t *testing.T) {
	scaled := render(t, least, "replicaCount: 2").statefulSet
	four := int32(4)
	scaled.Spec.Replicas = &four
	const want = "replicaCount is 2, as before, but something else has scaled to 4 pods, and this upgrade would take them away: set replicaCount to 4, or keepReplicas to true where an autoscaler decides, or scale back first."
	if _, err := upgradeOf(t, scaled, "replicaCount: 2"); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	for _, values := range []string{"replicaCount: 1", "replicaCount: 3", "replicaCount: 4", "{replicaCount: 2, keepReplicas: true}"} {
		if _, err := upgradeOf(t, scaled, values); err != nil {
			t.Errorf("%s is meant so: %v", values, err)
		}
	}
}

func TestKeepReplicas_LeavesTheNumberToTheCluster(t *testing.T) {
	scaled := render(t, least, "replicaCount: 2").statefulSet
	four := int32(4)
	scaled.Spec.Replicas = &four
	r, err := upgradeOf(t, scaled, "{replicaCount: 2, keepReplicas: true}")
	if err != nil {
		t.Fatal(err)
	}
	// Left out, Helm would take the field away, and Kubernetes put 1 there.
	if got := r.statefulSet.Spec.Replicas; got == nil || *got != 4 {
		t.Errorf("an upgrade makes it %v", got)
	}
	if args := r.pods["altibase-test"].Spec.Containers[0].Args; !slices.Contains(args, "--replicas=4") {
		t.Errorf("helm test wants %v", args)
	}
	if got := install(t, least, "{replicaCount: 2, keepReplicas: true}").statefulSet.Spec.Replicas; got == nil || *got != 2 {
		t.Errorf("an installation makes %v pods", got)
	}
	// What only renders cannot know, and Kubernetes keeps a field that is not applied.
	rendered := render(t, least, "{replicaCount: 2, keepReplicas: true, service: {perPod: {enabled: true}}}")
	if got := rendered.statefulSet.Spec.Replicas; got != nil {
		t.Errorf("rendered without a cluster it is %d", *got)
	}
	if rendered.budgets["altibase"] == nil || rendered.services["altibase-3"] == nil {
		t.Error("what depends on the number is there for as many as there can be")
	}
}

func TestUpgrade_LetsTheRestPass(t *testing.T) {
	for name, c := range map[string]struct{ from, to string }{
		"nothing changed":        {"", ""},
		"up":                     {"", "replicaCount: 4"},
		"down":                   {"replicaCount: 4", "replicaCount: 1"},
		"down to none":           {"replicaCount: 4", "replicaCount: 0"},
		"another port, alone":    {"", "service: {port: 20400}"},
		"one folder more":        {"persistence: {mounts: [{mountPath: /root/altibase_home, subPath: a}]}", "persistence: {mounts: [{mountPath: /root/altibase_home, subPath: a}, {mountPath: /root/altibase_home/trc, subPath: b}]}"},
		"home with a slash more": {"altibaseHome: /opt/altibase", "altibaseHome: /opt/altibase/"},
		"home without volumes":   {"persistence: {enabled: false}", "{altibaseHome: /opt/altibase, persistence: {enabled: false}}"},
		"more tables":            {"replicaCount: 3", "{replicaCount: 3, aku: {replications: [{namePrefix: AKU_REP, tables: [SYS.T1, SYS.T2]}]}}"},
		"same size, other unit":  {"persistence: {size: 1Gi}", "persistence: {size: 1024Mi}"},
		"fraction":               {"persistence: {size: 1536Mi}", "persistence: {size: 1.5Gi}"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := upgrade(t, c.from, c.to); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUpgrade_IsCheckedOnlyWhenItChangesWhatTheCheckJudges(t *testing.T) {
	const both, rollbackOnly = "pre-upgrade,pre-rollback", "pre-rollback"
	for name, c := range map[string]struct{ from, to, want string }{
		"nothing":          {"", "", rollbackOnly},
		"scale":            {"", "replicaCount: 3", rollbackOnly},
		"another image":    {"", "image: {tag: other}", rollbackOnly},
		"another table":    {"", "aku: {replications: [{namePrefix: AKU_REP, tables: [SYS.T1, SYS.T2]}]}", both},
		"another prefix":   {"", "aku: {replications: [{namePrefix: OTHER, tables: [SYS.T1]}]}", both},
		"fewer servers":    {"", "aku: {serverCount: 3}", both},
		"another Secret":   {"", "auth: {sysPassword: '', existingSecret: mine}", both},
		"another key":      {"auth: {sysPassword: '', existingSecret: mine}", "auth: {sysPassword: '', existingSecret: mine, existingSecretKey: k}", both},
		"another password": {"", "auth: {sysPassword: new}", rollbackOnly},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := upgrade(t, c.from, c.to)
			if err != nil {
				t.Fatal(err)
			}
			for _, object := range []metav1.Object{r.jobs["altibase-check"], r.serviceAccounts["altibase-check"], r.roles["altibase-check"], r.roleBindings["altibase-check"]} {
				if got := object.GetAnnotations()["helm.sh/hook"]; got != c.want {
					t.Errorf("%T: hook %s, want %s", object, got, c.want)
				}
			}
		})
	}
	if got := render(t, least).jobs["altibase-check"].Annotations["helm.sh/hook"]; got != both {
		t.Errorf("where nothing can be looked at, the hook is %s", got)
	}
}
