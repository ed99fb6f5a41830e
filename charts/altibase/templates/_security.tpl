{{/*
A security context. Takes a dict of root and context. On OpenShift it has no numbers of users and groups, because OpenShift sets them and
refuses others.
*/}}
{{- define "altibase.securityContext" -}}
{{- $adapt := dig "compatibility" "openshift" "adaptSecurityContext" "auto" (.root.Values.global | default dict) }}
{{- $openshift := .root.Capabilities.APIVersions.Has "security.openshift.io/v1" }}
{{- if or (eq $adapt "force") (and (eq $adapt "auto") $openshift) }}
{{- with omit .context "runAsUser" "runAsGroup" "fsGroup" "supplementalGroups" }}
{{- toYaml . }}
{{- end }}
{{- else }}
{{- with .context }}
{{- toYaml . }}
{{- end }}
{{- end }}
{{- end }}

{{/* A writable folder for containers with a read-only root file system. */}}
{{- define "altibase.tmpMount" -}}
- name: aku-tmp
  mountPath: /tmp
{{- end }}

{{- define "altibase.tmpVolume" -}}
- name: aku-tmp
  emptyDir: {}
{{- end }}
