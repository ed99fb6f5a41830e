{{/* Faults of the names of images, as a list in YAML. */}}
{{- define "altibase.imageRules" -}}
{{- $faults := list }}
{{- range $key, $image := dict "image" .Values.image "aku.image" .Values.aku.image }}
{{- $first := splitList "/" $image.repository | first }}
{{- if contains "@" $image.repository }}
{{- $faults = append $faults (printf "%s.repository is %s, with a digest: move the part after @ to %s.digest." $key $image.repository $key) }}
{{- else if and (contains "/" $image.repository) (or (contains "." $first) (contains ":" $first) (eq $first "localhost")) }}
{{- $faults = append $faults (printf "%s.repository is %s, with a registry: move %s to %s.registry, so that global.imageRegistry can take its place." $key $image.repository $first $key) }}
{{- else if contains ":" $image.repository }}
{{- $faults = append $faults (printf "%s.repository is %s, with a tag: move the part after : to %s.tag." $key $image.repository $key) }}
{{- end }}
{{- end }}
{{- if .Values.aku.install }}
{{- if hasPrefix (printf "aku:%s" .Chart.AppVersion) (include "altibase.akuImage" .) }}
{{- $faults = append $faults (printf "%saku.image is the default, which is in no public registry: build it (docker build -f images/aku/Dockerfile), push it, and name it by aku.image.registry, repository and tag; or set aku.install to false when the database image holds it." (include "altibase.development" .)) }}
{{- end }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{/* A sentence in the chart of a checkout, nothing in a released one. */}}
{{- define "altibase.development" -}}
{{- if index .Chart.Annotations "development" }}{{ printf "Version %s of this chart is a development version, from a checkout, and names no image of its own. " .Chart.Version }}{{ end }}
{{- end }}
