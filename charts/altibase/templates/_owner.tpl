{{/*
Two servers on the same files destroy them, and a shared file system does not prevent it. So a file beside each data folder names the
pod that uses the folder. It is not inside, because an image may create its database only in an empty folder.
*/}}

{{/* Not empty when there are such files. Without volumes, no other pod can reach the data. */}}
{{- define "altibase.keepsFolders" -}}
{{- if and .Values.persistence.enabled .Values.persistence.lock }}yes{{ end }}
{{- end }}

{{/* The files and the mounts of their folders, as mounts and files in YAML. */}}
{{- define "altibase.ownerPlaces" -}}
{{- $elsewhere := include "altibase.mountPathsElsewhere" . | fromYaml }}
{{- $mounts := list }}
{{- $files := list }}
{{- range include "altibase.mounts" . | fromYamlArray }}
{{- $folder := coalesce .subPath .subPathExpr | default "" }}
{{- $mount := dict "name" (get $elsewhere .mountPath | default "data") }}
{{- $file := ".aku-owner" }}
{{- if $folder }}
{{- $file = printf ".aku-owner-%s" (base $folder) }}
{{- if ne (dir $folder) "." }}
{{- $_ := set $mount (ternary "subPath" "subPathExpr" (hasKey . "subPath")) (dir $folder) }}
{{- end }}
{{- end }}
{{- $at := "" }}
{{- range $mounts }}
{{- if deepEqual (omit . "mountPath") $mount }}
{{- $at = .mountPath }}
{{- end }}
{{- end }}
{{- if not $at }}
{{- $at = printf "/etc/aku/volumes/%d" (len $mounts) }}
{{- $mounts = append $mounts (set $mount "mountPath" $at) }}
{{- end }}
{{- $files = append $files (printf "%s/%s" $at $file) }}
{{- end }}
{{- dict "mounts" $mounts "files" (uniq $files) | toYaml }}
{{- end }}

{{/* Variables for the owner files, beside the names of the pod. */}}
{{- define "altibase.ownerEnv" -}}
{{- $mounts := include "altibase.mounts" . }}
- name: AKU_POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- if include "altibase.foldersByPod" . }}
{{ include "altibase.podNameEnv" . }}
{{- end }}
{{- range concat .Values.env .Values.extraEnv }}
{{- if contains (printf "$(%s)" .name) $mounts }}
- {{ toYaml . | nindent 2 | trim }}
{{- end }}
{{- end }}
- name: AKU_OWNER_FILES
  value: {{ join "," (include "altibase.ownerPlaces" . | fromYaml).files | quote }}
{{- end }}

{{/* The name of the pod, for subPathExpr. */}}
{{- define "altibase.podNameEnv" -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}

{{- define "altibase.ownerMounts" -}}
{{- toYaml (include "altibase.ownerPlaces" . | fromYaml).mounts }}
{{- end }}

{{/*
The container that claims the folders for this pod, or keeps the server from starting. It has the server's rights, so that it can write
where the server can. The sidecar then only overwrites the file.
*/}}
{{- define "altibase.claimContainer" -}}
- name: aku-claim
  image: {{ include "altibase.databaseImage" . | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy | quote }}
  command: ["/opt/aku/bin/aku-init", "claim"]
  env:
    {{- include "altibase.podEnv" . | nindent 4 }}
    {{- include "altibase.ownerEnv" . | nindent 4 }}
    - name: AKU_LOG_FORMAT
      value: {{ .Values.aku.logFormat | quote }}
  terminationMessagePolicy: FallbackToLogsOnError
  {{- with .Values.aku.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- $context := merge (dict "readOnlyRootFilesystem" true) .Values.securityContext }}
  securityContext:
    {{- include "altibase.securityContext" (dict "root" . "context" $context) | nindent 4 }}
  volumeMounts:
    {{- if .Values.aku.install }}
    - name: aku-bin
      mountPath: /opt/aku
      readOnly: true
    {{- end }}
    {{- if .Values.aku.podEvents }}
    {{- include "altibase.apiMount" . | nindent 4 }}
    {{- end }}
    {{- include "altibase.ownerMounts" . | nindent 4 }}
{{- end }}
