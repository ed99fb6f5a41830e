{{/*
The spec of a pod that connects to the servers from outside, as a user does. aku's image has no ODBC driver, so the pod runs in the
database image, as that image's user. Takes a dict of root, name (of its container), args, seconds (limit of the pod), serviceAccount
("" for none), and optional, when the Secret may be missing.
*/}}
{{- define "altibase.outsidePod" -}}
restartPolicy: Never
enableServiceLinks: false
{{- with .serviceAccount }}
serviceAccountName: {{ . | quote }}
{{- end }}
automountServiceAccountToken: {{ not (empty .serviceAccount) }}
activeDeadlineSeconds: {{ .seconds }}
{{- with trim (include "altibase.hookScheduling" .root) }}
{{ . }}
{{- end }}
{{- with include "altibase.securityContext" (dict "root" .root "context" .root.Values.podSecurityContext) }}
securityContext:
  {{- . | nindent 2 }}
{{- end }}
{{- if .root.Values.aku.install }}
initContainers:
  {{- include "altibase.installContainer" .root | nindent 2 }}
{{- end }}
containers:
  - name: {{ .name | quote }}
    image: {{ include "altibase.databaseImage" .root | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy | quote }}
    command: ["/opt/aku/bin/aku-init"]
    args:
      {{- toYaml .args | nindent 6 }}
    env:
      {{- include "altibase.akuEnv" (merge (dict "outside" true) .root) | nindent 6 }}
      {{- with .root.Values.aku.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    terminationMessagePolicy: FallbackToLogsOnError
    {{- with .root.Values.hooks.resources | default .root.Values.aku.resources }}
    resources:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with include "altibase.securityContext" (dict "root" .root "context" .root.Values.aku.securityContext) }}
    securityContext:
      {{- . | nindent 6 }}
    {{- end }}
    volumeMounts:
      {{- if .root.Values.aku.install }}
      - name: aku-bin
        mountPath: /opt/aku
        readOnly: true
      {{- end }}
      - name: aku-run
        mountPath: /run/aku
      {{- include "altibase.tmpMount" . | nindent 6 }}
      - name: aku-auth
        mountPath: /etc/aku/auth
        readOnly: true
volumes:
  {{- if .root.Values.aku.install }}
  - name: aku-bin
    emptyDir: {}
  {{- end }}
  - name: aku-run
    emptyDir: {}
  {{- include "altibase.tmpVolume" . | nindent 2 }}
  - name: aku-auth
    secret:
      secretName: {{ include "altibase.secretName" .root | quote }}
      {{- if .optional }}
      optional: true
      {{- end }}
      defaultMode: 0444
      items:
        - key: {{ include "altibase.secretKey" .root | quote }}
          path: password
{{- end }}

{{/* Labels of such a pod, without those by which Services and the disruption budget find the database's pods. Takes a dict of root and name. */}}
{{- define "altibase.outsideLabels" -}}
app.kubernetes.io/name: {{ printf "%s-%s" (include "altibase.name" .root) .name | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- end }}
