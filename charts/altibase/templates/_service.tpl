{{/* A Service for clients: give a dict of root, name, service (its values), nodePort and, for the one pod it leads to, pod. */}}
{{- define "altibase.clientService" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "altibase.metadata" (dict "root" .root "name" .name "annotations" .service.annotations) | nindent 2 }}
spec:
  type: {{ .service.type | quote }}
  selector:
    {{- include "altibase.selectorLabels" .root | nindent 4 }}
    {{- with .pod }}
    statefulset.kubernetes.io/pod-name: {{ . | quote }}
    {{- end }}
  {{- with .service.spec }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  ports:
    - name: altibase
      port: {{ int64 .root.Values.service.port }}
      targetPort: altibase
      appProtocol: tcp
      {{- with .nodePort }}
      nodePort: {{ int64 . }}
      {{- end }}
{{- end }}
