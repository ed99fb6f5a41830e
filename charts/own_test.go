package charts

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// most has the chart make all that it can have in a pod.
const most = `
license: {existingSecret: mine}
initdb: {scripts: {a.sql: SELECT 1}}
env: []
persistence:
  mounts: [{mountPath: /root/altibase_home/dbs, subPathExpr: $(POD_NAME)/dbs}, {mountPath: /root/altibase_home/logs, subPathExpr: $(POD_NAME)/logs}]
  logVolume: {enabled: true, mountPaths: [/root/altibase_home/logs]}
`

// TestRules_WhatTheChartHasInAPodIsItsOwn takes each name from what is rendered, so that none is forgotten in a rule: Kubernetes would refuse
// some of them without saying which value is meant, and take others in the place of the chart's.
func TestRules_WhatTheChartHasInAPodIsItsOwn(t *testing.T) {
	r := render(t, least, most)
	var volumes, containers []string
	for _, v := range r.pod().Volumes {
		volumes = append(volumes, v.Name)
	}
	for _, c := range r.statefulSet.Spec.VolumeClaimTemplates {
		volumes = append(volumes, c.Name)
	}
	for _, c := range append(r.pod().InitContainers, r.pod().Containers...) {
		containers = append(containers, c.Name)
	}
	database, sidecar := r.container(t, "altibase"), r.container(t, "aku")
	for _, kind := range []struct {
		list, entry string // the list that a value is, and one entry of it
		names       []string
		want        string
	}{
		{`extraVolumes: [%s]`, `{"name": "%s", "emptyDir": {}}`, volumes, "extraVolumes has the name %s, which is a volume of the chart"},
		{`persistence: {extraClaims: [%s]}`, `{"name": "%s", "size": "1Gi", "mountPaths": ["/root/altibase_home/dbs"]}`, volumes, "persistence.extraClaims has the name %s, which is a volume of the chart"},
		{`extraContainers: [%s]`, `{"name": "%s", "image": "x"}`, containers, "has the name %s, which is a container of the chart"},
		{`extraInitContainers: [%s]`, `{"name": "%s", "image": "x"}`, containers, "has the name %s, which is a container of the chart"},
		{`extraVolumeMounts: [%s]`, `{"name": "x", "mountPath": "%s"}`, mountPaths(database), "extraVolumeMounts has %s"},
		{`aku: {extraVolumeMounts: [%s]}`, `{"name": "data", "mountPath": "%s"}`, mountPaths(sidecar), "aku.extraVolumeMounts has %s"},
		{`extraEnv: [%s]`, `{"name": "%s", "value": "x"}`, variables(database), "env or extraEnv has %s"},
		{`aku: {extraEnv: [%s]}`, `{"name": "%s", "value": "x"}`, variables(sidecar), "aku.extraEnv has %s, which the chart sets"},
	} {
		if len(kind.names) < 4 {
			t.Errorf("%s: only %q to try", kind.list, kind.names)
		}
		var entries []string
		for _, name := range kind.names {
			entries = append(entries, fmt.Sprintf(kind.entry, name))
		}
		// All faults are told at once.
		_, err := tryRender(t, "altibase", least, most, fmt.Sprintf(kind.list, strings.Join(entries, ", ")))
		if err == nil {
			t.Errorf("rendered: %s with %q", kind.list, kind.names)
			continue
		}
		for _, name := range kind.names {
			if want := fmt.Sprintf(kind.want, name); !strings.Contains(err.Error(), want) {
				t.Errorf("not refused: %s\n%v", want, err)
			}
		}
	}
}

func mountPaths(c corev1.Container) []string {
	var paths []string
	for _, m := range c.VolumeMounts {
		paths = append(paths, m.MountPath)
	}
	return paths
}

func variables(c corev1.Container) []string {
	var names []string
	for _, v := range c.Env {
		names = append(names, v.Name)
	}
	return names
}
