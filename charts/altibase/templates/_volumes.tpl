{{/* Mounts of the volume: those of the values, or the folders in which Altibase keeps its data. */}}
{{- define "altibase.mounts" -}}
{{- with .Values.persistence.mounts }}
{{- toYaml . }}
{{- else }}
{{- range ternary (list "dbs" "logs" "arch_logs" "trc") list (not (empty .Values.altibaseHome)) }}
- mountPath: {{ printf "%s/%s" (clean $.Values.altibaseHome) . | quote }}
  subPath: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Not empty when a folder of a volume has the name of the pod. */}}
{{- define "altibase.foldersByPod" -}}
{{- range include "altibase.mounts" . | fromYamlArray }}
{{- if .subPathExpr }}yes{{ end }}
{{- end }}
{{- end }}

{{/* The mounts that are on the log volume. */}}
{{- define "altibase.logMountPaths" -}}
{{- with .Values.persistence.logVolume.mountPaths }}
{{- toYaml . }}
{{- else }}
{{- range ternary (list "logs" "arch_logs") list (not (empty .Values.altibaseHome)) }}
- {{ clean $.Values.altibaseHome }}/{{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* Mount paths that are not on the data volume, with the volume of each. */}}
{{- define "altibase.mountPathsElsewhere" -}}
{{- $volumes := dict }}
{{- if .Values.persistence.logVolume.enabled }}
{{- range include "altibase.logMountPaths" . | fromYamlArray }}
{{- $_ := set $volumes . "logs" }}
{{- end }}
{{- end }}
{{- range $claim := .Values.persistence.extraClaims }}
{{- range $claim.mountPaths }}
{{- $_ := set $volumes . $claim.name }}
{{- end }}
{{- end }}
{{- toYaml $volumes }}
{{- end }}

{{/* The mounts of all data in the database container, each on its volume. */}}
{{- define "altibase.dataMounts" -}}
{{- $elsewhere := include "altibase.mountPathsElsewhere" . | fromYaml }}
{{- range include "altibase.mounts" . | fromYamlArray }}
- name: {{ get $elsewhere .mountPath | default "data" }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.license.existingSecret }}
- name: license
  mountPath: {{ printf "%s/conf/license" $.Values.altibaseHome | quote }}
  subPath: license
  readOnly: true
{{- end }}
{{- end }}

{{/* Volumes of the data that are not made from a claim template. */}}
{{- define "altibase.dataVolumes" -}}
{{- with .Values.persistence }}
{{- if not .enabled }}
- name: data
  emptyDir: {}
{{- else if .existingClaim }}
- name: data
  persistentVolumeClaim:
    claimName: {{ .existingClaim | quote }}
{{- end }}
{{- if and .logVolume.enabled (not .enabled) }}
- name: logs
  emptyDir: {}
{{- end }}
{{- if not .enabled }}
{{- range .extraClaims }}
- name: {{ .name }}
  emptyDir: {}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.license.existingSecret }}
- name: license
  secret:
    secretName: {{ . | quote }}
    defaultMode: 0444
    items:
      - key: {{ $.Values.license.existingSecretKey | quote }}
        path: license
{{- end }}
{{- end }}

{{/* A claim template. Takes a dict of root, name and volume (size, storageClass, annotations). */}}
{{- define "altibase.claim" -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: {{ .name | quote }}
    labels:
      {{- include "altibase.selectorLabels" .root | nindent 6 }}
    {{- with .volume.annotations }}
    annotations:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  spec:
    accessModes:
      {{- toYaml .root.Values.persistence.accessModes | nindent 6 }}
    {{- with .volume.storageClass }}
    storageClassName: {{ ternary "" . (eq . "-") | quote }}
    {{- end }}
    resources:
      requests:
        storage: {{ .volume.size | quote }}
{{- end }}

{{/* All claim templates. Kubernetes accepts no change of them, so no label here may depend on the chart's version or the values. */}}
{{- define "altibase.claims" -}}
{{- with .Values.persistence }}
{{- if .enabled }}
{{- if not .existingClaim }}
{{ include "altibase.claim" (dict "root" $ "name" "data" "volume" .) }}
{{- end }}
{{- if .logVolume.enabled }}
{{ include "altibase.claim" (dict "root" $ "name" "logs" "volume" .logVolume) }}
{{- end }}
{{- range .extraClaims }}
{{ include "altibase.claim" (dict "root" $ "name" .name "volume" .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
