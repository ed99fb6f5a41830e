{{/* A Service for clients. Takes a dict of root, name, service (its values), nodePort and, when it leads to one pod, pod. */}}
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

{{/* The lines of the notes on how to reach a Service from outside of the cluster. Takes a dict of root, name and type. */}}
{{- define "altibase.fromOutside" -}}
{{- $get := printf "kubectl -n %s get service %s -o jsonpath=" .root.Release.Namespace .name }}
{{- if eq .type "LoadBalancer" }}
    from outside, the address:         {{ $get }}'{.status.loadBalancer.ingress[0]}'
  {{- else if eq .type "NodePort" }}
    from outside, any node's port:     {{ $get }}'{.spec.ports[0].nodePort}'
{{- end }}
{{- end }}
