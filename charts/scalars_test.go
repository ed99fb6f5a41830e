package charts

import (
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"sigs.k8s.io/yaml"
)

// texts are the fields that Kubernetes takes as text only, wherever they are.
var texts = []string{
	"name", "namespace", "image", "imagePullPolicy", "serviceName", "serviceAccountName", "secretName", "claimName", "storageClassName", "priorityClassName",
	"key", "path", "mountPath", "subPath", "type", "interval", "for", "value", "storage",
}

// maps of texts.
var textMaps = []string{"labels", "annotations", "matchLabels", "nodeSelector", "data"}

// TestScalars_StayTexts gives everything that is a name one that YAML would read as a number, a switch or nothing.
func TestScalars_StayTexts(t *testing.T) {
	const values = `
{persistence: {storageClass: "123", existingClaim: "", logVolume: {enabled: true, storageClass: "1e3"}}, auth: {sysPassword: "", existingSecret: "123", existingSecretKey: "1e3",
  initialPasswordSecret: "12", initialPasswordSecretKey: "3"}, image: {registry: "", repository: "123", tag: ""}, aku: {install: false, hostSuffix: ""},
  priorityClassName: "123", hooks: {priorityClassName: "0", endInOrder: {force: true}}, serviceAccount: {create: false, name: "123"}, license: {existingSecret: "123", existingSecretKey: "1e3"},
  initdb: {existingConfigMap: "123"}, networkPolicy: {enabled: true, egress: {enabled: true}}, imagePullSecrets: [{name: "123"}], fullnameOverride: "on", nameOverride: "off",
  service: {master: {enabled: true}, perPod: {enabled: true}}, replicaCount: 2,
  metrics: {podMonitor: {enabled: true}, serviceMonitor: {enabled: true}, prometheusRule: {enabled: true, runbooks: "123"}, dashboard: {enabled: true}}}`
	for _, release := range []string{"true", "null", "off", "1e3"} {
		options := chartutil.ReleaseOptions{Name: release, Namespace: "1234", IsInstall: true}
		documents := 0
		_, err := renderFor(t, options, func(c *chart.Chart, v chartutil.Values) (map[string]string, error) {
			files, err := aCluster{}.render(c, v)
			for path, file := range files {
				for document := range strings.SplitSeq(file, "\n---\n") {
					var object map[string]any
					if strings.HasSuffix(path, "NOTES.txt") || yaml.Unmarshal([]byte(document), &object) != nil || object == nil {
						continue
					}
					documents++
					textsOnly(t, release+" "+path, object)
				}
			}
			return nil, err
		}, least, values)
		if err != nil {
			t.Fatal(err)
		}
		if documents < 20 {
			t.Fatalf("only %d documents", documents)
		}
	}
}

func textsOnly(t *testing.T, path string, value any) {
	t.Helper()
	switch value := value.(type) {
	case []any:
		for _, one := range value {
			textsOnly(t, path, one)
		}
	case map[string]any:
		for key, one := range value {
			_, isText := one.(string)
			_, isTable := one.(map[string]any)
			if slices.Contains(texts, key) && !isText && !isTable {
				t.Errorf("%s: %s is %v (%T)", path, key, one, one)
			}
			if table, _ := one.(map[string]any); slices.Contains(textMaps, key) {
				for name, entry := range table {
					if _, isText := entry.(string); !isText {
						t.Errorf("%s: %s.%s is %v (%T)", path, key, name, entry, entry)
					}
				}
			}
			textsOnly(t, path+"."+key, one)
		}
	}
}
