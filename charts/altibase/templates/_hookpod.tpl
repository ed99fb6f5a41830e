{{/* What the pods of all hooks have in common: those of the Jobs, and that of helm test. */}}

{{/* Labels and annotations: not the labels of the database's pods, to which Services and the disruption budget lead. Give a dict of root and name. */}}
{{- define "altibase.hookPodLabels" -}}
{{- include "altibase.outsideLabels" . }}
{{- with .root.Values.hooks.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Where they run, and what they pull with. */}}
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
