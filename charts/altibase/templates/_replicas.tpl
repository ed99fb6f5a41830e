{{/* The wanted number of pods. With keepReplicas it is the cluster's number, where the cluster is visible. */}}
{{- define "altibase.replicas" -}}
{{- $existing := dict }}
{{- if .Values.keepReplicas }}
{{- $existing = lookup "apps/v1" "StatefulSet" .Release.Namespace (include "altibase.fullname" .) }}
{{- end }}
{{- if $existing }}{{ int64 $existing.spec.replicas }}{{ else }}{{ int64 .Values.replicaCount }}{{ end }}
{{- end }}

{{/*
Not empty when that number is known. Otherwise spec.replicas is left out: Kubernetes keeps the present number, and begins with 1. Where Helm
has rendered the field before, it must stay, because Helm removes a field that it no longer renders, and Kubernetes then sets 1.
*/}}
{{- define "altibase.knowsReplicas" -}}
{{- if or (not .Values.keepReplicas) (include "altibase.seesCluster" .) }}yes{{ end }}
{{- end }}

{{/* Not empty when there may be more than one pod. */}}
{{- define "altibase.hasPeers" -}}
{{- if or (gt (include "altibase.replicas" . | int64) 1) (and .Values.keepReplicas (gt (int64 .Values.aku.serverCount) 1)) }}yes{{ end }}
{{- end }}
