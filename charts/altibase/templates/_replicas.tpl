{{/* How many pods there are to be: with keepReplicas what the cluster has, as far as it can be looked at. */}}
{{- define "altibase.replicas" -}}
{{- $existing := dict }}
{{- if .Values.keepReplicas }}
{{- $existing = lookup "apps/v1" "StatefulSet" .Release.Namespace (include "altibase.fullname" .) }}
{{- end }}
{{- if $existing }}{{ int64 $existing.spec.replicas }}{{ else }}{{ int64 .Values.replicaCount }}{{ end }}
{{- end }}

{{/*
Not empty when that is known. Otherwise spec.replicas is left out: Kubernetes keeps what is there, and begins with 1. Where Helm has
rendered it before it must stay, though, for Helm takes a field away that it no longer renders, and 1 is what Kubernetes puts there.
*/}}
{{- define "altibase.knowsReplicas" -}}
{{- if or (not .Values.keepReplicas) (include "altibase.seesCluster" .) }}yes{{ end }}
{{- end }}

{{/* Not empty when there may be more than one. */}}
{{- define "altibase.hasPeers" -}}
{{- if or (gt (include "altibase.replicas" . | int64) 1) (and .Values.keepReplicas (gt (int64 .Values.aku.serverCount) 1)) }}yes{{ end }}
{{- end }}
