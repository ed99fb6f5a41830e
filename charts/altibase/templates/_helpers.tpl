{{- define "altibase.name" -}}
{{- .Values.nameOverride | default .Chart.Name }}
{{- end }}

{{/*
Name of the StatefulSet and the stem of all names. The host `<this>-N.<this>-pods` has at most 62 bytes, so this has at most 27. A longer
name made from the release's name is cut, with a checksum of the whole at its end so that no two become the same. A name from the values
is never cut: a rule asks for a shorter one.
*/}}
{{- define "altibase.fullname" -}}
{{- $name := include "altibase.name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride }}
{{- else if gt (len $full) 27 }}
{{- printf "%s-%s" ($full | trunc 18 | trimSuffix "-") ($full | sha256sum | trunc 8) }}
{{- else }}
{{- $full }}
{{- end }}
{{- end }}

{{/* The headless Service: hosts are <fullname>-N.<this>. */}}
{{- define "altibase.podsService" -}}
{{- include "altibase.fullname" . }}-pods
{{- end }}

{{- define "altibase.selectorLabels" -}}
app.kubernetes.io/name: {{ include "altibase.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "altibase.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{ include "altibase.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The metadata that all objects share. Takes a dict of root, name and optional annotations. */}}
{{- define "altibase.metadata" -}}
name: {{ .name | quote }}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "altibase.labels" .root | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A scalar as text. Numbers reach templates as floats, and a big one would read 1e+06. */}}
{{- define "altibase.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* A text as the value of a variable, escaped because Kubernetes expands $(NAME) and reads $$ as one $. */}}
{{- define "altibase.literal" -}}
{{- replace "$" "$$" . }}
{{- end }}

{{- define "altibase.secretName" -}}
{{- .Values.auth.existingSecret | default (printf "%s-auth" (include "altibase.fullname" .)) }}
{{- end }}

{{- define "altibase.secretKey" -}}
{{- ternary .Values.auth.existingSecretKey "password" (not (empty .Values.auth.existingSecret)) }}
{{- end }}

{{- define "altibase.initdbConfigMap" -}}
{{- .Values.initdb.existingConfigMap | default (printf "%s-initdb" (include "altibase.fullname" .)) }}
{{- end }}

{{/* Not empty when aku asks the Kubernetes API for the replica count: the sidecar, and the hook in the database container. */}}
{{- define "altibase.asksReplicas" -}}
{{- if eq (toString .Values.aku.replicationResetAtEnd) "auto" }}yes{{ end }}
{{- end }}

{{/* Not empty when aku speaks to the Kubernetes API at all. */}}
{{- define "altibase.asksAPI" -}}
{{- if or (include "altibase.asksReplicas" .) .Values.aku.podEvents }}yes{{ end }}
{{- end }}

{{/*
Not empty when the cluster is visible: this list is never empty, even in an empty cluster without the namespace, and every user of Helm may
read it.
*/}}
{{- define "altibase.seesCluster" -}}
{{- if lookup "apps/v1" "StatefulSet" .Release.Namespace "" }}yes{{ end }}
{{- end }}

{{/* Name of the ConfigMap with the order to recover a lost master. */}}
{{- define "altibase.recoverConfigMap" -}}
{{- include "altibase.fullname" . }}-recover
{{- end }}

{{/* The service account of the pods; empty is the namespace's own, without a token. */}}
{{- define "altibase.serviceAccountName" -}}
{{- if not .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name }}
{{- else if include "altibase.asksAPI" . }}
{{- .Values.serviceAccount.name | default (include "altibase.fullname" .) }}
{{- end }}
{{- end }}

{{/* aku's mounts in both containers: the programs, the shared folder, and the password. */}}
{{- define "altibase.akuMounts" -}}
{{- if .Values.aku.install }}
- name: aku-bin
  mountPath: /opt/aku
  readOnly: true
{{- end }}
- name: aku-run
  mountPath: /run/aku
- name: aku-auth
  mountPath: /etc/aku/auth
  readOnly: true
{{- end }}

{{/* The token for the Kubernetes API. */}}
{{- define "altibase.apiMount" -}}
- name: aku-api
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  readOnly: true
{{- end }}
