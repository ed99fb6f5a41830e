{{/*
What an upgrade must not change, by a look at the StatefulSet that is there. Where nothing can be looked at (helm template, a dry
run without the server, tools that only render), nothing is checked.
*/}}
{{- define "altibase.upgradeRules" -}}
{{- if .Release.IsUpgrade }}
{{- $faults := list }}
{{- $name := include "altibase.fullname" . }}
{{- $existing := lookup "apps/v1" "StatefulSet" .Release.Namespace $name }}

{{- if not $existing }}
{{- range (lookup "apps/v1" "StatefulSet" .Release.Namespace "").items }}
{{- $labels := .metadata.labels | default dict }}
{{- if and (eq (get $labels "app.kubernetes.io/instance") $.Release.Name) (hasPrefix (printf "%s-" $.Chart.Name) (get $labels "helm.sh/chart")) }}
{{- $faults = append $faults (printf "the StatefulSet of this release is called %s, but with these values it would be %s, and new pods would start empty: keep nameOverride and fullnameOverride as they were." .metadata.name $name) }}
{{- end }}
{{- end }}
{{- else }}
{{- $replicas := int64 $existing.spec.replicas }}

{{- if lt (int64 .Values.aku.serverCount) $replicas }}
{{- $faults = append $faults (printf "aku.serverCount is %d, but %d pods are there: scale to %d first, and lower aku.serverCount after that." (int64 .Values.aku.serverCount) $replicas (int64 .Values.aku.serverCount)) }}
{{- end }}

{{- /* The name prefixes and ports that the pods have now, from the variables of the sidecar. */}}
{{- $variables := dict }}
{{- range $existing.spec.template.spec.initContainers }}
{{- if eq .name "aku" }}
{{- range .env }}
{{- $_ := set $variables .name (.value | default "") }}
{{- end }}
{{- end }}
{{- end }}
{{- if and $variables (gt $replicas 1) }}
{{- range $i, $block := .Values.aku.replications }}
{{- $old := get $variables (printf "AKU_REPLICATIONS_%d_REPLICATION_NAME_PREFIX" $i) }}
{{- if and $old (ne (upper $old) (upper $block.namePrefix)) }}
{{- $faults = append $faults (printf "aku.replications[%d].namePrefix is %s, but %d pods replicate under %s and may hold changes that are still unsent: scale to 1 first." $i $block.namePrefix $replicas $old) }}
{{- end }}
{{- end }}
{{- if hasKey $variables (printf "AKU_REPLICATIONS_%d_REPLICATION_NAME_PREFIX" (len .Values.aku.replications)) }}
{{- $faults = append $faults (printf "aku.replications has %d block(s), but %d pods replicate more of them and may hold changes that are still unsent: scale to 1 first." (len .Values.aku.replications) $replicas) }}
{{- end }}
{{- range $variable, $value := dict "AKU_PORT_NO" "port" "AKU_REPLICATION_PORT_NO" "replicationPort" }}
{{- $wanted := get $.Values.service $value | int64 | toString }}
{{- if ne (get $variables $variable | default $wanted) $wanted }}
{{- $faults = append $faults (printf "service.%s is %s, but %d pods reach each other on %s, and they are replaced one by one: scale to 1 first." $value $wanted $replicas (get $variables $variable)) }}
{{- end }}
{{- end }}
{{- end }}

{{- $there := include "altibase.describeClaims" $existing.spec.volumeClaimTemplates | fromYaml }}
{{- $wanted := include "altibase.describeClaims" (include "altibase.claims" . | fromYamlArray) | fromYaml }}
{{- if ne (toString $there.facts) (toString $wanted.facts) }}
{{- $faults = append $faults (printf "persistence asks for %s, the StatefulSet has %s, and Kubernetes takes no change of them. To do it: kubectl -n %s delete statefulset %s --cascade=orphan (the pods go on running), resize the claims that are there, and upgrade again." $wanted.words $there.words .Release.Namespace $name) }}
{{- end }}
{{- end }}

{{- if $faults }}
{{- fail (printf "\n%s" (join "\n" $faults)) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Claim templates as facts to compare, for Kubernetes writes 1024Mi as 1Gi, and in words. */}}
{{- define "altibase.describeClaims" -}}
{{- $facts := list }}
{{- $words := list }}
{{- range . }}
{{- $size := toString .spec.resources.requests.storage }}
{{- $class := .spec.storageClassName | default "" }}
{{- $unit := regexReplaceAll "[0-9.]" $size "" }}
{{- $base := ternary 1024 1000 (hasSuffix "i" $unit) | float64 }}
{{- $bytes := regexReplaceAll "[^0-9.]" $size "" | float64 }}
{{- range until (get (dict "k" 1 "K" 1 "M" 2 "G" 3 "T" 4 "P" 5 "E" 6) (trimSuffix "i" $unit) | default 0 | int) }}
{{- $bytes = mulf $bytes $base }}
{{- end }}
{{- $facts = append $facts (printf "%s %.0f %s" .metadata.name $bytes $class) }}
{{- $words = append $words (printf "the volume %s of %s%s" .metadata.name $size (ternary (printf " in class %s" $class) "" (not (empty $class)))) }}
{{- end }}
{{- dict "facts" $facts "words" (join " and " $words | default "no volumes") | toYaml }}
{{- end }}
