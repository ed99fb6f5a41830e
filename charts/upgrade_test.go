package charts

import (
	"context"
	"strings"
	"testing"

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

// aCluster holds one StatefulSet, and is all that the chart looks at.
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
	return &unstructured.UnstructuredList{Items: []unstructured.Unstructured{c.statefulSet}}, nil
}

// upgrade installs the chart with some values, and renders an upgrade to others.
func upgrade(t *testing.T, from, to string) error {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(render(t, least, from).statefulSet)
	if err != nil {
		t.Fatal(err)
	}
	cluster := aCluster{statefulSet: unstructured.Unstructured{Object: content}}
	options := chartutil.ReleaseOptions{Name: "altibase", Namespace: "db", Revision: 2, IsUpgrade: true}
	_, err = renderFor(t, options, func(c *chart.Chart, values chartutil.Values) (map[string]string, error) {
		return engine.RenderWithClientProvider(c, values, cluster)
	}, least, to)
	return err
}

func TestUpgrade_RefusesWhatWouldLoseRows(t *testing.T) {
	const three = "replicaCount: 3"
	for _, c := range []struct{ name, from, to, want string }{
		{
			"fewer servers than pods", three, "{replicaCount: 2, aku: {serverCount: 2}}",
			"aku.serverCount is 2, but 3 pods are there: scale to 2 first, and lower aku.serverCount after that.",
		},
		{
			"another prefix", three, "{replicaCount: 3, aku: {replications: [{namePrefix: OTHER, tables: [SYS.T1]}]}}",
			"aku.replications[0].namePrefix is OTHER, but 3 pods replicate under AKU_REP and may hold changes that are still unsent: scale to 1 first.",
		},
		{
			"a block less", "{replicaCount: 3, aku: {replications: [{namePrefix: AKU_REP, tables: [SYS.T1]}, {namePrefix: B, tables: [SYS.T2]}]}}", three,
			"aku.replications has 1 block(s), but 3 pods replicate more of them and may hold changes that are still unsent: scale to 1 first.",
		},
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
			"a bigger volume", "", "persistence: {size: 20Gi}",
			"persistence asks for the volume data of 20Gi, the StatefulSet has the volume data of 10Gi, and Kubernetes takes no change of them. To do it: kubectl -n db delete statefulset altibase --cascade=orphan (the pods go on running), resize the claims that are there, and upgrade again.",
		},
		{
			"another class", "", "persistence: {storageClass: fast}",
			"persistence asks for the volume data of 10Gi in class fast, the StatefulSet has the volume data of 10Gi, and",
		},
		{
			"a second volume", "", "persistence: {logVolume: {enabled: true, size: 1Gi}}",
			"persistence asks for the volume data of 10Gi and the volume logs of 1Gi, the StatefulSet has",
		},
		{
			"no volume", "", "persistence: {enabled: false}",
			"persistence asks for no volumes, the StatefulSet has the volume data of 10Gi",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := upgrade(t, c.from, c.to)
			if err == nil {
				t.Fatalf("rendered, want: %s", c.want)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestUpgrade_LetsTheRestPass(t *testing.T) {
	for name, c := range map[string]struct{ from, to string }{
		"nothing changed":       {"", ""},
		"up":                    {"", "replicaCount: 4"},
		"down":                  {"replicaCount: 4", "replicaCount: 1"},
		"down to none":          {"replicaCount: 4", "replicaCount: 0"},
		"fewer servers":         {"{replicaCount: 2, aku: {serverCount: 4}}", "{replicaCount: 2, aku: {serverCount: 2}}"},
		"another prefix, alone": {"", "aku: {replications: [{namePrefix: OTHER, tables: [SYS.T1]}]}"},
		"prefix in small":       {"replicaCount: 3", "{replicaCount: 3, aku: {replications: [{namePrefix: aku_rep, tables: [SYS.T1]}]}}"},
		"more tables":           {"replicaCount: 3", "{replicaCount: 3, aku: {replications: [{namePrefix: AKU_REP, tables: [SYS.T1, SYS.T2]}]}}"},
		"same size, other unit": {"persistence: {size: 1Gi}", "persistence: {size: 1024Mi}"},
		"fraction":              {"persistence: {size: 1536Mi}", "persistence: {size: 1.5Gi}"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := upgrade(t, c.from, c.to); err != nil {
				t.Error(err)
			}
		})
	}
}
