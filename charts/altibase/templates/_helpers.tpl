{{- define "altibase.name" -}}
{{- .Values.nameOverride | default .Chart.Name }}
{{- end }}

{{/*
Name of the StatefulSet and the stem of all names. Never cut short: the rule on host names asks for a shorter one in words.
*/}}
{{- define "altibase.fullname" -}}
{{- $name := include "altibase.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name }}
{{- end }}
{{- end }}

{{/* The headless Service: hosts are <fullname>-N.<this>. */}}
{{- define "altibase.podsService" -}}
{{- include "altibase.fullname" . }}-pods
{{- end }}

{{- define "altibase.selectorLabels" -}}
app.kubernetes.io/name: {{ include "altibase.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "altibase.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "altibase.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Name of an image: give a dict of image (its values) and tag (the default one). */}}
{{- define "altibase.image" -}}
{{- with .image.registry }}{{ . }}/{{ end }}{{ .image.repository }}
{{- with .image.tag | default .tag }}:{{ . }}{{ end }}
{{- with .image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* A scalar as text. Numbers reach templates as floats, and a big one would read 1e+06. */}}
{{- define "altibase.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{- define "altibase.secretName" -}}
{{- .Values.auth.existingSecret | default (printf "%s-auth" (include "altibase.fullname" .)) }}
{{- end }}

{{- define "altibase.secretKey" -}}
{{- ternary .Values.auth.existingSecretKey "password" (not (empty .Values.auth.existingSecret)) }}
{{- end }}

{{/* Not empty when aku asks the Kubernetes API for the replica count. */}}
{{- define "altibase.asksAPI" -}}
{{- if eq (toString .Values.aku.replicationResetAtEnd) "auto" }}yes{{ end }}
{{- end }}

{{/* The service account of the pods; empty is the namespace's own, without a token. */}}
{{- define "altibase.serviceAccountName" -}}
{{- if not .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name }}
{{- else if include "altibase.asksAPI" . }}
{{- .Values.serviceAccount.name | default (include "altibase.fullname" .) }}
{{- end }}
{{- end }}

{{/* The volumes of aku in both containers: the programs, what they share, and the password. */}}
{{- define "altibase.akuMounts" -}}
- name: aku-bin
  mountPath: /opt/aku
  readOnly: true
- name: aku-run
  mountPath: /run/aku
- name: aku-auth
  mountPath: /etc/aku/auth
  readOnly: true
{{- if include "altibase.asksAPI" . }}
- name: aku-api
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  readOnly: true
{{- end }}
{{- end }}
