{{/* The init container that copies the programs and all their libraries to the volume aku-bin. */}}
{{- define "altibase.installContainer" -}}
- name: aku-install
  image: {{ include "altibase.akuImage" . | quote }}
  imagePullPolicy: {{ .Values.aku.image.pullPolicy | quote }}
  args: ["install", "/target"]
  terminationMessagePolicy: FallbackToLogsOnError
  {{- with .Values.aku.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "altibase.securityContext" (dict "root" . "context" .Values.aku.installSecurityContext) }}
  securityContext:
    {{- . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: aku-bin
      mountPath: /target
{{- end }}
