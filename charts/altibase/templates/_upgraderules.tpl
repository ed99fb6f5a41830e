{{/*
What an upgrade must not change, as far as the StatefulSet in the cluster shows it. Without a cluster (helm template, a dry run without
the server, tools that only render) nothing is checked. hook-check-upgrade.yaml asks the servers for the rest.
*/}}
{{- define "altibase.upgradeRules" -}}
{{- if .Release.IsUpgrade }}
{{- $faults := list }}
{{- $name := include "altibase.fullname" . }}
{{- $existing := lookup "apps/v1" "StatefulSet" .Release.Namespace $name }}

{{- if not $existing }}
{{- range (lookup "apps/v1" "StatefulSet" .Release.Namespace "").items }}
{{- $labels := .metadata.labels | default dict }}
{{- if and (eq (get $labels "app.kubernetes.io/instance") $.Release.Name) (regexMatch (printf "^%s-[0-9]+\\." $.Chart.Name) (get $labels "helm.sh/chart")) }}
{{- $faults = append $faults (printf "the StatefulSet of this release is called %s, but with these values it would be %s, and new pods would start empty: keep nameOverride and fullnameOverride as they were." .metadata.name $name) }}
{{- end }}
{{- end }}
{{- else }}
{{- $replicas := int64 $existing.spec.replicas }}

{{- $asked := get ($existing.metadata.annotations | default dict) "aku/replica-count" }}
{{- if and (not .Values.keepReplicas) (eq $asked (int64 .Values.replicaCount | toString)) (gt $replicas (int64 .Values.replicaCount)) }}
{{- $faults = append $faults (printf "replicaCount is %s, as before, but something else has scaled to %d pods, and this upgrade would take them away: set replicaCount to %d, or keepReplicas to true where an autoscaler decides, or scale back first." $asked $replicas $replicas) }}
{{- end }}

{{- $selector := include "altibase.selectorLabels" . | fromYaml }}
{{- if ne (toString $existing.spec.selector.matchLabels) (toString $selector) }}
{{- $faults = append $faults (printf "the pods of this release are found by the labels %s, with these values by %s, and Kubernetes takes no change of them: keep nameOverride and the name of the release as they were." (toJson $existing.spec.selector.matchLabels) (toJson $selector)) }}
{{- end }}

{{- $variables := dict }}
{{- range include "altibase.sidecarEnv" $existing | fromYamlArray }}
{{- $_ := set $variables .name (.value | default "") }}
{{- end }}
{{- if and $variables (gt $replicas 1) }}
{{- range $variable, $value := dict "AKU_PORT_NO" "port" "AKU_REPLICATION_PORT_NO" "replicationPort" }}
{{- $wanted := get $.Values.service $value | int64 | toString }}
{{- if ne (get $variables $variable | default $wanted) $wanted }}
{{- $faults = append $faults (printf "service.%s is %s, but %d pods reach each other on %s, and they are replaced one by one: scale to 1 first." $value $wanted $replicas (get $variables $variable)) }}
{{- end }}
{{- end }}
{{- end }}

{{- $kept := not (empty $existing.spec.volumeClaimTemplates) }}
{{- range $existing.spec.template.spec.volumes }}
{{- $kept = or $kept (hasKey . "persistentVolumeClaim") }}
{{- end }}
{{- $home := get $variables "ALTIBASE_HOME" }}
{{- if and $kept $variables (ne (clean $home) (clean .Values.altibaseHome)) }}
{{- $faults = append $faults (printf "altibaseHome is %q, but the pods of this release have their data below %q: keep altibaseHome as it was." .Values.altibaseHome $home) }}
{{- end }}

{{- /* Folders on a volume. In another place the server would find nothing and start with a new database. */}}
{{- $mounts := dict }}
{{- range include "altibase.dataMounts" . | fromYamlArray }}
{{- $_ := set $mounts (printf "%s %s %s" .name .mountPath (.subPath | default .subPathExpr | default "")) "" }}
{{- end }}
{{- $volumes := list "data" }}
{{- range $existing.spec.volumeClaimTemplates }}
{{- $volumes = append $volumes .metadata.name }}
{{- end }}
{{- range $existing.spec.template.spec.containers }}
{{- if eq .name "altibase" }}
{{- range .volumeMounts }}
{{- if and $kept (has .name $volumes) (not (hasKey $mounts (printf "%s %s %s" .name .mountPath (.subPath | default .subPathExpr | default "")))) }}
{{- $faults = append $faults (printf "persistence.mounts has %s no longer from the same place of the volume %s, where the server keeps what is there: keep persistence.mounts, and what logVolume and extraClaims take of them, as they were." .mountPath .name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- $faults = concat $faults (include "altibase.claimRules" (dict "root" . "existing" $existing) | fromYamlArray) }}
{{- end }}

{{- if $faults }}
{{- fail (printf "\n%s" (join "\n" $faults)) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The variables of the sidecar of an existing StatefulSet. */}}
{{- define "altibase.sidecarEnv" -}}
{{- range .spec.template.spec.initContainers }}
{{- if eq .name "aku" }}
{{- toYaml .env }}
{{- end }}
{{- end }}
{{- end }}
