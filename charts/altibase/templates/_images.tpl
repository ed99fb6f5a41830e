{{/* Name of an image. Takes a dict of root, image (its values) and tag (the default one). */}}
{{- define "altibase.image" -}}
{{- with (.root.Values.global | default dict).imageRegistry | default .image.registry }}{{ . }}/{{ end }}{{ .image.repository }}
{{- with .image.tag | default .tag }}:{{ . }}{{ end }}
{{- with .image.digest }}@{{ . }}{{ end }}
{{- end }}

{{- define "altibase.databaseImage" -}}
{{- include "altibase.image" (dict "root" . "image" .Values.image "tag" "") }}
{{- end }}

{{- define "altibase.akuImage" -}}
{{- include "altibase.image" (dict "root" . "image" .Values.aku.image "tag" .Chart.AppVersion) }}
{{- end }}

{{/* Secrets of the registries. A parent chart may list plain names. */}}
{{- define "altibase.pullSecrets" -}}
{{- $names := list }}
{{- range concat ((.Values.global | default dict).imagePullSecrets | default list) .Values.imagePullSecrets }}
{{- $names = append $names (ternary . (get (ternary dict . (kindIs "string" .)) "name") (kindIs "string" .)) }}
{{- end }}
{{- with uniq $names }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}
