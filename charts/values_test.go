package charts

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// otherValues gives every key of values.yaml another value than its default, with what it needs beside it to matter.
var otherValues = map[string]string{
	"replicaCount":            "replicaCount: 2",
	"keepReplicas":            "keepReplicas: true",
	"nameOverride":            "nameOverride: db",
	"fullnameOverride":        "fullnameOverride: db",
	"imagePullSecrets":        "imagePullSecrets: [{name: registry}]",
	"image.registry":          "image: {registry: example.org}",
	"image.repository":        "image: {repository: altibase/altibase}",
	"image.tag":               "image: {tag: '7.3'}",
	"image.digest":            "image: {digest: 'sha256:" + strings.Repeat("a", 64) + "'}",
	"image.pullPolicy":        "image: {pullPolicy: Always}",
	"auth.existingSecret":     "auth: {sysPassword: '', existingSecret: mine}",
	"auth.existingSecretKey":  "auth: {sysPassword: '', existingSecret: mine, existingSecretKey: sys}",
	"auth.sysPassword":        "auth: {sysPassword: other}",
	"global.imageRegistry":    "global: {imageRegistry: mirror}",
	"global.imagePullSecrets": "global: {imagePullSecrets: [registry]}",
	"global.compatibility.openshift.adaptSecurityContext": "global: {compatibility: {openshift: {adaptSecurityContext: force}}}",
	"auth.initialPasswordSecret":                          "auth: {initialPasswordSecret: mine}",
	"auth.initialPasswordSecretKey":                       "auth: {initialPasswordSecret: mine, initialPasswordSecretKey: k}",
	"auth.initialPassword":                                "auth: {initialPassword: ''}",
	"aku.image.registry":                                  "aku: {image: {registry: mirror}}",
	"aku.image.repository":                                "aku: {image: {repository: my/aku}}",
	"aku.image.tag":                                       "aku: {image: {tag: dev}}",
	"aku.image.digest":                                    "aku: {image: {digest: 'sha256:" + strings.Repeat("a", 64) + "'}}",
	"aku.image.pullPolicy":                                "aku: {image: {pullPolicy: Always}}",
	"aku.serverCount":                                     "aku: {serverCount: 6}",
	"aku.replications":                                    "aku: {replications: [{namePrefix: REP, tables: [SYS.T2]}]}",
	"aku.queryTimeout":                                    "aku: {queryTimeout: 1}",
	"aku.replicationLockTimeout":                          "aku: {replicationLockTimeout: 21}",
	"aku.lockWait":                                        "aku: {lockWait: 1}",
	"aku.beatInterval":                                    "aku: {beatInterval: 1}",
	"aku.queryRetryCount":                                 "aku: {queryRetryCount: 1}",
	"aku.queryRetryDelayMsec":                             "aku: {queryRetryDelayMsec: 1}",
	"aku.addressCheckCount":                               "aku: {addressCheckCount: 1}",
	"aku.flushAtStart":                                    "aku: {flushAtStart: 0}",
	"aku.flushTimeoutAtStart":                             "aku: {flushTimeoutAtStart: 1}",
	"aku.delayStartCompleteTime":                          "aku: {delayStartCompleteTime: 1}",
	"aku.flushAtEnd":                                      "aku: {flushAtEnd: 0}",
	"aku.replicationResetAtEnd":                           "aku: {replicationResetAtEnd: 0}",
	"aku.drainTime":                                       "aku: {drainTime: 1}",
	"aku.shutdownAtEnd":                                   "aku: {shutdownAtEnd: 0}",
	"aku.hostSuffix":                                      "aku: {hostSuffix: .db}",
	"aku.podEvents":                                       "aku: {podEvents: false}",
	"aku.recover.from":                                    "aku: {recover: {from: 2, generation: 2-1}}",
	"aku.recover.generation":                              "aku: {recover: {from: 1, generation: 1-2}}",
	"aku.logFormat":                                       "aku: {logFormat: json}",
	"aku.odbc.driver":                                     "aku: {odbc: {driver: /lib/driver.so}}",
	"aku.odbc.sysdba":                                     "aku: {odbc: {sysdba: A=1}}",
	"aku.odbc.extra":                                      "aku: {odbc: {extra: A=1}}",
	"aku.odbc.quote":                                      "aku: {odbc: {quote: braces}}",
	"aku.resources.requests.cpu":                          "aku: {resources: {requests: {cpu: 20m}}}",
	"aku.resources.requests.memory":                       "aku: {resources: {requests: {memory: 64Mi}}}",
	"aku.resources.limits.memory":                         "aku: {resources: {limits: {memory: 256Mi}}}",
	"service.type":                                        "service: {type: NodePort}",
	"service.port":                                        "service: {port: 20400}",
	"service.replicationPort":                             "service: {replicationPort: 20401}",
	"persistence.enabled":                                 "persistence: {enabled: false}",
	"persistence.size":                                    "persistence: {size: 1Gi}",
	"persistence.storageClass":                            "persistence: {storageClass: fast}",
	"persistence.accessModes":                             "persistence: {accessModes: [ReadWriteMany]}",
	"persistence.annotations":                             "persistence: {annotations: {a: b}}",
	"persistence.mounts":                                  "persistence: {mounts: [{mountPath: /root/altibase_home}]}",
	"persistence.lock":                                    "persistence: {lock: false}",
	"altibaseHome":                                        "altibaseHome: /opt/altibase",
	"properties.NLS_USE":                                  "properties: {NLS_USE: MS949}",
	"initdb.scripts":                                      "initdb: {scripts: {a.sql: SELECT 1}}",
	"command":                                             "command: [a]",
	"args":                                                "args: [a]",
	"env":                                                 "env: [{name: A, value: b}]",
	"resources":                                           "resources: {limits: {memory: 1Gi}}",
	"serviceAccount.create":                               "serviceAccount: {create: false, name: mine}",
	"serviceAccount.name":                                 "serviceAccount: {name: mine}",
	"serviceAccount.annotations":                          "serviceAccount: {annotations: {a: b}}",
	"terminationGracePeriodSeconds":                       "terminationGracePeriodSeconds: 300",
	"podSecurityContext.seccompProfile.type":              "podSecurityContext: {seccompProfile: {type: Unconfined}}",
	"securityContext.allowPrivilegeEscalation":            "securityContext: {allowPrivilegeEscalation: true}",
	"podLabels":                                           "podLabels: {a: b}",
	"podAnnotations":                                      "podAnnotations: {a: b}",
	"nodeSelector":                                        "nodeSelector: {a: b}",
	"tolerations":                                         "tolerations: [{key: a, operator: Exists}]",
	"affinity":                                            "affinity: {nodeAffinity: {}}",
	"commonLabels":                                        "commonLabels: {a: b}",
	"license.existingSecret":                              "license: {existingSecret: mine}",
	"license.existingSecretKey":                           "license: {existingSecret: mine, existingSecretKey: k}",
	"aku.install":                                         "aku: {install: false}",
	"aku.securityContext.allowPrivilegeEscalation":        "aku: {securityContext: {allowPrivilegeEscalation: true}}",
	"aku.securityContext.capabilities.drop":               "aku: {securityContext: {capabilities: {drop: [NET_RAW]}}}",
	"aku.securityContext.readOnlyRootFilesystem":          "aku: {securityContext: {readOnlyRootFilesystem: false}}",
	"aku.installSecurityContext.runAsNonRoot":             "aku: {installSecurityContext: {runAsNonRoot: false}}",
	"aku.installSecurityContext.runAsUser":                "aku: {installSecurityContext: {runAsUser: null}}",
	"aku.installSecurityContext.runAsGroup":               "aku: {installSecurityContext: {runAsGroup: 1}}",
	"aku.installSecurityContext.allowPrivilegeEscalation": "aku: {installSecurityContext: {allowPrivilegeEscalation: true}}",
	"aku.installSecurityContext.readOnlyRootFilesystem":   "aku: {installSecurityContext: {readOnlyRootFilesystem: false}}",
	"aku.installSecurityContext.capabilities.drop":        "aku: {installSecurityContext: {capabilities: {drop: [NET_RAW]}}}",
	"aku.installSecurityContext.seccompProfile.type":      "aku: {installSecurityContext: {seccompProfile: {type: Unconfined}}}",
	"initdb.existingConfigMap":                            "initdb: {existingConfigMap: mine}",
	"persistence.existingClaim":                           "{aku: {serverCount: 1}, persistence: {existingClaim: mine}}",
	"persistence.logVolume.enabled":                       "persistence: {logVolume: {enabled: true}}",
	"persistence.logVolume.mountPaths":                    "persistence: {logVolume: {enabled: true, mountPaths: [/root/altibase_home/trc]}}",
	"persistence.logVolume.size":                          "persistence: {logVolume: {enabled: true, size: 1Gi}}",
	"persistence.logVolume.storageClass":                  "persistence: {logVolume: {enabled: true, storageClass: fast}}",
	"persistence.logVolume.annotations":                   "persistence: {logVolume: {enabled: true, annotations: {a: b}}}",
	"persistence.retention.whenScaled":                    "persistence: {retention: {whenScaled: Delete}}",
	"persistence.retention.whenDeleted":                   "persistence: {retention: {whenDeleted: Delete}}",
	"service.annotations":                                 "service: {annotations: {a: b}}",
	"service.master.enabled":                              "service: {master: {enabled: true}}",
	"service.master.type":                                 "service: {master: {enabled: true, type: NodePort}}",
	"service.master.annotations":                          "service: {master: {enabled: true, annotations: {a: b}}}",
	"service.perPod.enabled":                              "service: {perPod: {enabled: true}}",
	"service.perPod.type":                                 "service: {perPod: {enabled: true, type: NodePort}}",
	"service.perPod.annotations":                          "service: {perPod: {enabled: true, annotations: {a: b}}}",
	"envFrom":                                             "envFrom: [{secretRef: {name: mine}}]",
	"updateStrategy.type":                                 "updateStrategy: {type: OnDelete}",
	"minReadySeconds":                                     "minReadySeconds: 5",
	"hooks.podLabels.sidecar.istio.io/inject":             "hooks: {podLabels: {sidecar.istio.io/inject: 'true'}}",
	"hooks.podAnnotations.sidecar.istio.io/inject":        "hooks: {podAnnotations: {sidecar.istio.io/inject: 'true'}}",
	"hooks.podAnnotations.linkerd.io/inject":              "hooks: {podAnnotations: {linkerd.io/inject: enabled}}",
	"hooks.nodeSelector":                                  "hooks: {nodeSelector: {a: b}}",
	"hooks.tolerations":                                   "hooks: {tolerations: [{key: a, operator: Exists}]}",
	"hooks.affinity":                                      "hooks: {affinity: {nodeAffinity: {}}}",
	"hooks.priorityClassName":                             "hooks: {priorityClassName: low}",
	"hooks.resources":                                     "hooks: {resources: {limits: {memory: 1Gi}}}",
	"extraEnv":                                            "extraEnv: [{name: A, value: b}]",
	"aku.extraEnv":                                        "aku: {extraEnv: [{name: A, value: b}]}",
	"aku.extraVolumeMounts":                               "aku: {extraVolumeMounts: [{name: data, mountPath: /a}]}",
	"persistence.extraClaims":                             "persistence: {extraClaims: [{name: trc, size: 1Gi, mountPaths: [/root/altibase_home/trc]}]}",
	"service.nodePort":                                    "service: {nodePort: 30300}",
	"service.spec":                                        "service: {spec: {sessionAffinity: ClientIP}}",
	"service.master.nodePort":                             "service: {master: {enabled: true, nodePort: 30300}}",
	"service.master.spec":                                 "service: {master: {enabled: true, spec: {sessionAffinity: ClientIP}}}",
	"service.perPod.nodePorts":                            "service: {perPod: {enabled: true, nodePorts: [30300]}}",
	"service.perPod.spec":                                 "service: {perPod: {enabled: true, spec: {sessionAffinity: ClientIP}}}",
	"metrics.prometheusRule.excludeRules":                 "metrics: {prometheusRule: {enabled: true, excludeRules: [AkuGap]}}",
	"metrics.podMonitor.scrapeTimeout":                    "metrics: {podMonitor: {enabled: true, scrapeTimeout: 7s}}",
	"metrics.podMonitor.relabelings":                      "metrics: {podMonitor: {enabled: true, relabelings: [{action: labeldrop, regex: a}]}}",
	"metrics.podMonitor.metricRelabelings":                "metrics: {podMonitor: {enabled: true, metricRelabelings: [{action: labeldrop, regex: a}]}}",
	"metrics.serviceMonitor.scrapeTimeout":                "metrics: {serviceMonitor: {enabled: true, scrapeTimeout: 7s}}",
	"metrics.serviceMonitor.relabelings":                  "metrics: {serviceMonitor: {enabled: true, relabelings: [{action: labeldrop, regex: a}]}}",
	"metrics.serviceMonitor.metricRelabelings":            "metrics: {serviceMonitor: {enabled: true, metricRelabelings: [{action: labeldrop, regex: a}]}}",
	"hooks.checkUpgrade.enabled":                          "hooks: {checkUpgrade: {enabled: false}}",
	"hooks.checkUpgrade.timeoutSeconds":                   "hooks: {checkUpgrade: {timeoutSeconds: 60}}",
	"hooks.endInOrder.enabled":                            "hooks: {endInOrder: {enabled: false, force: true}}",
	"hooks.endInOrder.timeoutSeconds":                     "hooks: {endInOrder: {force: true, timeoutSeconds: 600}}",
	"hooks.endInOrder.force":                              "hooks: {endInOrder: {force: true}}",
	"tests.enabled":                                       "tests: {enabled: false}",
	"tests.checksums":                                     "tests: {checksums: true}",
	"tests.timeoutSeconds":                                "tests: {timeoutSeconds: 60}",
	"podDisruptionBudget.enabled":                         "{replicaCount: 2, podDisruptionBudget: {enabled: false}}",
	"podDisruptionBudget.maxUnavailable":                  "{replicaCount: 2, podDisruptionBudget: {maxUnavailable: 50%}}",
	"networkPolicy.enabled":                               "networkPolicy: {enabled: true}",
	"networkPolicy.clients":                               "networkPolicy: {enabled: true, clients: [{podSelector: {}}]}",
	"networkPolicy.egress.enabled":                        "networkPolicy: {enabled: true, egress: {enabled: true}}",
	"networkPolicy.egress.apiServer":                      "networkPolicy: {enabled: true, egress: {enabled: true, apiServer: [{ipBlock: {cidr: 10.0.0.1/32}}]}}",
	"networkPolicy.egress.extra":                          "networkPolicy: {enabled: true, egress: {enabled: true, extra: [{ports: [{port: 1}]}]}}",
	"topologySpreadConstraints":                           "topologySpreadConstraints: []",
	"priorityClassName":                                   "priorityClassName: high",
	"extraVolumes":                                        "extraVolumes: [{name: a, emptyDir: {}}]",
	"extraVolumeMounts":                                   "extraVolumeMounts: [{name: a, mountPath: /a}]",
	"extraInitContainers":                                 "extraInitContainers: [{name: a, image: b}]",
	"extraContainers":                                     "extraContainers: [{name: a, image: b}]",
	"extraObjects":                                        "extraObjects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: db, labels: {app.kubernetes.io/instance: a}}}]",
	"diagnosticMode.enabled":                              "diagnosticMode: {enabled: true}",
	"diagnosticMode.command":                              "diagnosticMode: {enabled: true, command: [sleep, '9']}",
	"metrics.podMonitor.enabled":                          "metrics: {podMonitor: {enabled: true}}",
	"metrics.podMonitor.interval":                         "metrics: {podMonitor: {enabled: true, interval: 7s}}",
	"metrics.podMonitor.labels":                           "metrics: {podMonitor: {enabled: true, labels: {a: b}}}",
	"metrics.serviceMonitor.enabled":                      "metrics: {serviceMonitor: {enabled: true}}",
	"metrics.serviceMonitor.interval":                     "metrics: {serviceMonitor: {enabled: true, interval: 7s}}",
	"metrics.serviceMonitor.labels":                       "metrics: {serviceMonitor: {enabled: true, labels: {a: b}}}",
	"metrics.prometheusRule.enabled":                      "metrics: {prometheusRule: {enabled: true}}",
	"metrics.prometheusRule.labels":                       "metrics: {prometheusRule: {enabled: true, labels: {a: b}}}",
	"metrics.prometheusRule.runbooks":                     "metrics: {prometheusRule: {enabled: true, runbooks: https://example.org/}}",
	"metrics.prometheusRule.for":                          "metrics: {prometheusRule: {enabled: true, for: 1s}}",
	"metrics.prometheusRule.pinnedSeconds":                "metrics: {prometheusRule: {enabled: true, pinnedSeconds: 5000000}}",
	"metrics.prometheusRule.gapBytes":                     "metrics: {prometheusRule: {enabled: true, gapBytes: 5000000}}",
	"metrics.prometheusRule.lagSeconds":                   "metrics: {prometheusRule: {enabled: true, lagSeconds: 5000000}}",
	"metrics.dashboard.enabled":                           "metrics: {dashboard: {enabled: true}}",
	"metrics.dashboard.labels.grafana_dashboard":          "metrics: {dashboard: {enabled: true, labels: {grafana_dashboard: yes-please}}}",
	"probes.startup.periodSeconds":                        "probes: {startup: {periodSeconds: 3}}",
	"probes.startup.failureThreshold":                     "probes: {startup: {failureThreshold: 3}}",
	"probes.startup.timeoutSeconds":                       "probes: {startup: {timeoutSeconds: 3}}",
	"probes.readiness.periodSeconds":                      "probes: {readiness: {periodSeconds: 3}}",
	"probes.readiness.failureThreshold":                   "probes: {readiness: {failureThreshold: 3}}",
	"probes.readiness.timeoutSeconds":                     "probes: {readiness: {timeoutSeconds: 3}}",
	"probes.liveness.periodSeconds":                       "probes: {liveness: {periodSeconds: 3}}",
	"probes.liveness.failureThreshold":                    "probes: {liveness: {failureThreshold: 3}}",
	"probes.liveness.timeoutSeconds":                      "probes: {liveness: {timeoutSeconds: 3}}",
}

// needs is what some keys want beside them to matter at all.
var needs = map[string]string{
	"auth.existingSecretKey":                     "auth: {sysPassword: '', existingSecret: mine}",
	"auth.initialPasswordSecretKey":              "auth: {initialPasswordSecret: mine}",
	"license.existingSecretKey":                  "license: {existingSecret: mine}",
	"persistence.existingClaim":                  "aku: {serverCount: 1}",
	"persistence.logVolume.mountPaths":           "persistence: {logVolume: {enabled: true}}",
	"persistence.logVolume.size":                 "persistence: {logVolume: {enabled: true}}",
	"persistence.logVolume.storageClass":         "persistence: {logVolume: {enabled: true}}",
	"persistence.logVolume.annotations":          "persistence: {logVolume: {enabled: true}}",
	"service.master.type":                        "service: {master: {enabled: true}}",
	"service.master.annotations":                 "service: {master: {enabled: true}}",
	"service.perPod.type":                        "service: {perPod: {enabled: true}}",
	"service.perPod.annotations":                 "service: {perPod: {enabled: true}}",
	"podDisruptionBudget.enabled":                "replicaCount: 2",
	"podDisruptionBudget.maxUnavailable":         "replicaCount: 2",
	"metrics.podMonitor.interval":                "metrics: {podMonitor: {enabled: true}}",
	"metrics.podMonitor.labels":                  "metrics: {podMonitor: {enabled: true}}",
	"metrics.serviceMonitor.interval":            "metrics: {serviceMonitor: {enabled: true}}",
	"metrics.serviceMonitor.labels":              "metrics: {serviceMonitor: {enabled: true}}",
	"metrics.prometheusRule.labels":              "metrics: {prometheusRule: {enabled: true}}",
	"metrics.prometheusRule.runbooks":            "metrics: {prometheusRule: {enabled: true}}",
	"metrics.prometheusRule.for":                 "metrics: {prometheusRule: {enabled: true}}",
	"metrics.prometheusRule.pinnedSeconds":       "metrics: {prometheusRule: {enabled: true}}",
	"metrics.prometheusRule.gapBytes":            "metrics: {prometheusRule: {enabled: true}}",
	"metrics.prometheusRule.lagSeconds":          "metrics: {prometheusRule: {enabled: true}}",
	"metrics.dashboard.labels.grafana_dashboard": "metrics: {dashboard: {enabled: true}}",
	"networkPolicy.clients":                      "networkPolicy: {enabled: true}",
	"networkPolicy.egress.enabled":               "networkPolicy: {enabled: true}",
	"networkPolicy.egress.apiServer":             "networkPolicy: {enabled: true, egress: {enabled: true}}",
	"networkPolicy.egress.extra":                 "networkPolicy: {enabled: true, egress: {enabled: true}}",
	"diagnosticMode.command":                     "diagnosticMode: {enabled: true}",
	"hooks.endInOrder.enabled":                   "hooks: {endInOrder: {force: true}}",
	"hooks.endInOrder.timeoutSeconds":            "hooks: {endInOrder: {force: true}}",
	"serviceAccount.create":                      "serviceAccount: {name: mine}",
}

// restartNothing are the keys that may change without any pod being restarted.
var restartNothing = []string{
	"replicaCount", "keepReplicas", "commonLabels", "auth.sysPassword", "initdb.scripts", "service.type", "service.annotations",
	"service.master.enabled", "service.master.type", "service.master.annotations",
	"service.perPod.enabled", "service.perPod.type", "service.perPod.annotations",
	"serviceAccount.create", "serviceAccount.annotations", "updateStrategy.type", "minReadySeconds",
	"hooks.podLabels.sidecar.istio.io/inject", "hooks.podAnnotations.sidecar.istio.io/inject", "hooks.podAnnotations.linkerd.io/inject",
	"hooks.nodeSelector", "hooks.tolerations", "hooks.affinity", "hooks.priorityClassName", "hooks.resources",
	"service.nodePort", "service.spec", "service.master.nodePort", "service.master.spec", "service.perPod.nodePorts", "service.perPod.spec", "metrics.prometheusRule.excludeRules", "metrics.podMonitor.scrapeTimeout", "metrics.podMonitor.relabelings", "metrics.podMonitor.metricRelabelings", "metrics.serviceMonitor.scrapeTimeout", "metrics.serviceMonitor.relabelings", "metrics.serviceMonitor.metricRelabelings",
	"hooks.checkUpgrade.enabled", "hooks.checkUpgrade.timeoutSeconds", "hooks.endInOrder.enabled", "hooks.endInOrder.force", "hooks.endInOrder.timeoutSeconds", "tests.enabled", "tests.checksums", "tests.timeoutSeconds",
	"podDisruptionBudget.enabled", "podDisruptionBudget.maxUnavailable", "networkPolicy.enabled", "networkPolicy.clients", "networkPolicy.egress.enabled", "networkPolicy.egress.apiServer", "networkPolicy.egress.extra", "extraObjects",
	"persistence.retention.whenScaled", "persistence.retention.whenDeleted", "aku.recover.from", "aku.recover.generation",
	"metrics.podMonitor.enabled",
	"metrics.podMonitor.interval",
	"metrics.podMonitor.labels",
	"metrics.serviceMonitor.enabled",
	"metrics.serviceMonitor.interval",
	"metrics.serviceMonitor.labels",
	"metrics.prometheusRule.enabled",
	"metrics.prometheusRule.labels",
	"metrics.prometheusRule.runbooks",
	"metrics.prometheusRule.for",
	"metrics.prometheusRule.pinnedSeconds",
	"metrics.prometheusRule.gapBytes",
	"metrics.prometheusRule.lagSeconds",
	"metrics.dashboard.enabled",
	"metrics.dashboard.labels.grafana_dashboard",
}

// needNewStatefulSet are keys that Kubernetes takes only with a new StatefulSet, which keeps the pods too.
var needNewStatefulSet = []string{
	"persistence.size", "persistence.storageClass", "persistence.accessModes", "persistence.annotations",
	"persistence.logVolume.size", "persistence.logVolume.storageClass", "persistence.logVolume.annotations",
}

func TestValues_RestartPodsOnlyWhenTheyMust(t *testing.T) {
	for key, values := range otherValues {
		before := render(t, least, needs[key]).statefulSet.Spec.Template
		after := render(t, least, needs[key], values).statefulSet.Spec.Template
		if restarts := !cmp.Equal(before, after); restarts == slices.Contains(slices.Concat(restartNothing, needNewStatefulSet), key) {
			t.Errorf("%s: restarts the pods: %v, want %v\n%s", key, restarts, !restarts, cmp.Diff(before, after))
		}
	}
}

func TestReadme_NamesWhatRestartsNothing(t *testing.T) {
	_, rest, _ := strings.Cut(readFile(t, "altibase/README.md"), "These change without any pod being restarted")
	section, _, found := strings.Cut(rest, "\n\n")
	if !found {
		t.Fatal("the README does not say what restarts nothing")
	}
	for _, key := range restartNothing {
		// A group of keys is named by what they have in common.
		group := key[:max(0, strings.LastIndex(key, "."))]
		top, _, _ := strings.Cut(key, ".")
		if !strings.Contains(section, "`"+key+"`") && !strings.Contains(section, "`"+group+"`") && !strings.Contains(section, "`"+top+"`") {
			t.Errorf("%s is not named in: %s", key, section)
		}
	}
}

// leaves lists the keys of values that hold no further ones, as paths.
func leaves(path string, value any) []string {
	table, isTable := value.(map[string]any)
	if !isTable || len(table) == 0 {
		return []string{path}
	}
	var result []string
	for _, key := range slices.Sorted(maps.Keys(table)) {
		result = append(result, leaves(strings.TrimPrefix(path+"."+key, "."), table[key])...)
	}
	return result
}

func defaultValues(t *testing.T) map[string]any {
	t.Helper()
	var values map[string]any
	if err := yaml.UnmarshalStrict([]byte(readFile(t, "altibase/values.yaml")), &values); err != nil {
		t.Fatal(err)
	}
	return values
}

func TestValues_NoKeyIsDead(t *testing.T) {
	keys := leaves("", defaultValues(t))
	alone := render(t, least).text
	var base string
	for _, key := range keys {
		values, found := otherValues[key]
		if !found {
			t.Errorf("%s: no other value to try", key)
			continue
		}
		// What the key needs beside it must not be what makes the difference.
		if beside := needs[key]; beside != "" {
			base = render(t, least, beside).text
		} else {
			base = alone
		}
		if render(t, least, values).text == base {
			t.Errorf("%s: nothing changes with %s", key, values)
		}
	}
	for key := range otherValues {
		if !slices.Contains(keys, key) {
			t.Errorf("%s is not in values.yaml", key)
		}
	}
}

func TestSchema_KnowsEveryKeyAndNoOther(t *testing.T) {
	schema := schemaOf(t)
	compareKeys(t, "", defaultValues(t), schema, schema["definitions"].(map[string]any))
}

func schemaOf(t *testing.T) map[string]any {
	t.Helper()
	var schema map[string]any
	if err := yaml.UnmarshalStrict([]byte(readFile(t, "altibase/values.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// compareKeys walks tables whose keys are fixed: the schema lists them under "properties".
func compareKeys(t *testing.T, path string, values, schema, definitions map[string]any) {
	t.Helper()
	if ref, found := schema["$ref"].(string); found {
		schema = definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
	}
	known, fixed := schema["properties"].(map[string]any)
	if !fixed {
		return
	}
	if schema["additionalProperties"] != false && !strings.HasPrefix(path, ".global") { // a parent chart has globals of its own

		t.Errorf("schema of %q lets typos pass", path)
	}
	required, _ := schema["required"].([]any)
	for key, value := range values {
		if known[key] == nil {
			t.Errorf("%s.%s is not in the schema", path, key)
			continue
		}
		if !slices.Contains(required, any(key)) && !strings.Contains(path+".", "resources.") && !strings.HasPrefix(path+"."+key, ".global") {
			t.Errorf("%s.%s may be null, which templates read as 0, false or nothing", path, key)
		}
		if table, isTable := value.(map[string]any); isTable {
			compareKeys(t, path+"."+key, table, known[key].(map[string]any), definitions)
		}
	}
	for key := range known {
		// Helm's own, and what Kubernetes has and the chart leaves open.
		if _, found := values[key]; !found && key != "global" && path+key != "enabled" && key != "rollingUpdate" && !strings.Contains(path+".", "resources.") {
			t.Errorf("%s.%s is in the schema, but not in values.yaml", path, key)
		}
	}
}

// TestSchema_RefusesNullByName takes every key with a fixed name away, as null does. Without a schema for it, replicaCount would be 0 and
// persistence.enabled false. Keys that users name themselves (labels, properties, security contexts) are what null is good for.
func TestSchema_RefusesNullByName(t *testing.T) {
	keys := fixedKeys("", defaultValues(t), schemaOf(t))
	if len(keys) < 100 {
		t.Fatalf("only %v", keys)
	}
	for _, key := range keys {
		parts := strings.Split(key, ".")
		values := "null"
		for _, part := range slices.Backward(parts) {
			values = "{" + part + ": " + values + "}"
		}
		_, err := tryRender(t, "altibase", least, values)
		last := parts[len(parts)-1]
		if err == nil || !strings.Contains(err.Error(), "missing propert") || !strings.Contains(err.Error(), "'"+last+"'") {
			t.Errorf("%s: null gives: %v", key, err)
		}
	}
	render(t, least, "{podSecurityContext: {seccompProfile: null}, properties: {NLS_USE: null}, aku: {resources: {limits: null}}, metrics: {dashboard: {labels: {grafana_dashboard: null}}}}")
}

// fixedKeys lists the paths of all values whose names are the chart's.
func fixedKeys(path string, values map[string]any, schema map[string]any) []string {
	known, definitions := schema["properties"].(map[string]any), schema["definitions"].(map[string]any)
	var result []string
	for key, value := range values {
		if key == "global" {
			continue // null there may be a parent chart's
		}
		at := strings.TrimPrefix(path+"."+key, ".")
		result = append(result, at)
		below, isTable := known[key].(map[string]any)
		if ref, found := below["$ref"].(string); found {
			below = definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
		}
		table, _ := value.(map[string]any)
		if _, fixed := below["properties"]; isTable && fixed && key != "resources" {
			result = append(result, fixedKeys(at, table, map[string]any{"properties": below["properties"], "definitions": definitions})...)
		}
	}
	return result
}

func TestNotes_SayHowToConnectScaleAndLook(t *testing.T) {
	notes := render(t, least, "{auth: {sysPassword: '', existingSecret: mine, existingSecretKey: sys-password}, service: {port: 20400}}").notes
	for _, want := range []string{
		"altibase.db:20400", "altibase-0.altibase-pods.db:20400",
		`get secret mine -o go-template='{{index .data "sys-password" | base64decode}}'`,
		"--set replicaCount=N", "aku.serverCount = 4", "logs altibase-0 -c aku", "aku-init status", "helm -n db test altibase --logs",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q is not in the notes:\n%s", want, notes)
		}
	}
	for values, want := range map[string]string{
		"service: {type: LoadBalancer}":                          "kubectl -n db get service altibase -o jsonpath='{.status.loadBalancer.ingress[0]}'\n",
		"service: {type: NodePort}":                              "kubectl -n db get service altibase -o jsonpath='{.spec.ports[0].nodePort}'\n",
		"service: {master: {enabled: true}}":                     "altibase-master.db:20300\n",
		"service: {master: {enabled: true, type: NodePort}}":     "get service altibase-master -o jsonpath='{.spec.ports[0].nodePort}'\n",
		"service: {perPod: {enabled: true}}":                     "altibase-0.db:20300, and so on\n",
		"service: {perPod: {enabled: true, type: LoadBalancer}}": "get service altibase-0 -o jsonpath='{.status.loadBalancer.ingress[0]}'\n",
	} {
		if notes := render(t, least, values).notes; !strings.Contains(notes, want) {
			t.Errorf("%s: %q is not in the notes:\n%s", values, want, notes)
		}
	}
	if notes := render(t, least, "service: {perPod: {enabled: true}}").notes; strings.Contains(notes, "from outside") {
		t.Errorf("nothing leads there from outside:\n%s", notes)
	}
	if notes := render(t, least, "tests: {enabled: false}").notes; strings.Contains(notes, "helm -n db test") {
		t.Error("there is no test")
	}
	if render(t, least, "diagnosticMode: {enabled: true}").notes == render(t, least).notes {
		t.Error("the diagnostic mode is not in the notes")
	}
}

func TestNotes_WarnOfRiskyValuesAndOfNoOther(t *testing.T) {
	const safe = "{resources: {limits: {memory: 2Gi}}, image: {tag: '7.3'}, auth: {sysPassword: '', existingSecret: mine}}"
	if notes := render(t, least, safe).notes; strings.Contains(notes, "WARNING") {
		t.Errorf("a warning without a reason:\n%s", notes)
	}
	if notes := render(t, least, "{image: {tag: '7.3'}, auth: {sysPassword: '', existingSecret: mine}}").notes; !strings.Contains(notes, "WARNING: resources names no memory") {
		t.Errorf("no word about memory:\n%s", notes)
	}
	for values, want := range map[string]string{
		"auth: {sysPassword: secret, existingSecret: ''}":             "the password of SYS is in the values",
		"persistence: {enabled: false}":                               "persistence.enabled is false",
		"persistence: {retention: {whenDeleted: Delete}}":             "uninstalling removes all data",
		"persistence: {retention: {whenScaled: Delete}}":              "gone with its volume",
		"image: {tag: latest}":                                        "image.tag is latest",
		"aku: {replicationResetAtEnd: 1}":                             "costs a full copy",
		"aku: {replicationResetAtEnd: 0}":                             "until the disk is full",
		"aku: {flushAtEnd: 0}":                                        "aku.flushAtEnd is 0",
		"aku: {flushAtStart: 0}":                                      "aku.flushAtStart is 0",
		"{replicaCount: 2, podDisruptionBudget: {enabled: false}}":    "may take all pods",
		"{replicaCount: 2, podDisruptionBudget: {maxUnavailable: 0}}": "no node with a pod on it can be drained",
		"aku: {serverCount: 1}":                                       "nothing is replicated",
		"hooks: {checkUpgrade: {enabled: false}}":                     "nothing keeps an upgrade from dropping what is still unsent",
	} {
		notes := render(t, least, safe, values).notes
		if strings.Count(notes, "WARNING") != 1 || !strings.Contains(notes, want) {
			t.Errorf("%s: want one warning, %q, in:\n%s", values, want, notes)
		}
	}
}
