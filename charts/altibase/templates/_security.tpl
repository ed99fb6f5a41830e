{{/*
A security context: give a dict of root and context. On OpenShift without the numbers of users and groups, which it gives itself and
refuses from others.
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

{{/* A folder to write to for what runs with a root file system that it cannot write to. */}}
{{- define "altibase.tmpMount" -}}
- name: aku-tmp
  mountPath: /tmp
{{- end }}

{{- define "altibase.tmpVolume" -}}
- name: aku-tmp
  emptyDir: {}
{{- end }}
