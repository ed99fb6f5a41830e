{{/* What the pods of the Jobs and of helm test have in common. */}}

{{/* Labels and annotations, without the labels by which Services and the disruption budget find the database's pods. Takes a dict of root and name. */}}
{{- define "altibase.hookPodLabels" -}}
{{- include "altibase.outsideLabels" . }}
{{- with .root.Values.hooks.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Their nodes and their pull secrets. */}}
{{- define "altibase.hookScheduling" -}}
{{- include "altibase.pullSecrets" . }}
{{- with .Values.hooks.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.hooks.nodeSelector | default .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.hooks.tolerations | default .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.hooks.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
