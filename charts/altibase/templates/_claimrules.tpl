{{/*
What an upgrade must not change about the volumes. Each fault has its own advice, because the way to more space would lead pods to
empty folders after another change. Takes a dict of root and existing, the StatefulSet in the cluster. Returns the faults as a list in YAML.
*/}}
{{- define "altibase.claimRules" -}}
{{- $faults := list }}
{{- $root := .root }}
{{- $there := include "altibase.claimFacts" .existing.spec.volumeClaimTemplates | fromYaml }}
{{- $wanted := include "altibase.claimFacts" (include "altibase.claims" .root | fromYamlArray) | fromYaml }}
{{- $claim := include "altibase.dataClaim" .existing.spec.template.spec.volumes }}
{{- $asked := ternary .root.Values.persistence.existingClaim "" .root.Values.persistence.enabled }}
{{- $orphan := printf "kubectl -n %s delete statefulset %s --cascade=orphan (the pods go on running), upgrade again" .root.Release.Namespace .existing.metadata.name }}

{{- if and (or $there $claim) (not .root.Values.persistence.enabled) }}
{{- $faults = append $faults "persistence.enabled is false, but the data of this release is on volumes, and its pods would start empty: keep it true." }}
{{- else if and .root.Values.persistence.enabled (not (or $there $claim)) }}
{{- $faults = append $faults "persistence.enabled is true, but the data of this release is in its pods and would be gone with them: keep it false, or install a second release with volumes and copy the rows." }}
{{- else if ne $claim $asked }}
{{- $faults = append $faults (printf "persistence.existingClaim is %q, but the data of this release is on %s, and its pods would start empty: keep it as it was, or copy the files first and install anew." $asked (ternary (printf "the claim %s" $claim) "claims that the chart made" (not (empty $claim)))) }}
{{- else }}
{{- range $name, $facts := $wanted }}
{{- $before := get $there $name }}
{{- if not $before }}
{{- $faults = append $faults (printf "persistence asks for a volume %s that the pods of this release do not have, and what would be on it is on another one: Kubernetes adds none later, keep persistence as it was." $name) }}
{{- else }}
{{- if lt (float64 $facts.bytes) (float64 $before.bytes) }}
{{- $faults = append $faults (printf "the volume %s is to have %s, but it has %s, and no volume gets smaller: keep its size." $name $facts.size $before.size) }}
{{- else if ne $facts.bytes $before.bytes }}
{{- $faults = append $faults (printf "the volume %s is to have %s, but it has %s, and Kubernetes takes no change of it in a StatefulSet. To do it: enlarge the claims that are there, %s." $name $facts.size $before.size $orphan) }}
{{- end }}
{{- if ne $facts.class $before.class }}
{{- $faults = append $faults (printf "the volume %s is to be of the storage class %s, but it is of %s, and a volume stays where it is: keep the class, or do as the README says under Another storage class." $name $facts.class $before.class) }}
{{- end }}
{{- if ne $facts.modes $before.modes }}
{{- $faults = append $faults (printf "the volume %s is to have persistence.accessModes %s, but it has %s, and claims that are there keep theirs. For those to come: %s." $name $facts.modes $before.modes $orphan) }}
{{- end }}
{{- if ne $facts.annotations $before.annotations }}
{{- $faults = append $faults (printf "the claims of the volume %s are to have the annotations %s, but they have %s, and Kubernetes takes no change of them in a StatefulSet. To do it: kubectl annotate the claims that are there, %s." $name $facts.annotations $before.annotations $orphan) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $_ := $there }}
{{- if not (hasKey $wanted $name) }}
{{- $faults = append $faults (printf "persistence no longer asks for the volume %s, and the server would not find what is on it: keep persistence as it was." $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{/* Facts of claim templates by name, in a form that can be compared: Kubernetes writes 1024Mi as 1Gi. */}}
{{- define "altibase.claimFacts" -}}
{{- $claims := dict }}
{{- range . }}
{{- $size := toString .spec.resources.requests.storage }}
{{- $unit := regexReplaceAll "[0-9.]" $size "" }}
{{- $base := ternary 1024 1000 (hasSuffix "i" $unit) | float64 }}
{{- $bytes := regexReplaceAll "[^0-9.]" $size "" | float64 }}
{{- range until (get (dict "k" 1 "K" 1 "M" 2 "G" 3 "T" 4 "P" 5 "E" 6) (trimSuffix "i" $unit) | default 0 | int) }}
{{- $bytes = mulf $bytes $base }}
{{- end }}
{{- $facts := dict "size" $size "bytes" (printf "%.0f" $bytes) "class" (ternary (.spec.storageClassName | default "no class at all") "the cluster's default" (kindIs "string" .spec.storageClassName)) }}
{{- $_ := set $facts "modes" (join ", " .spec.accessModes) }}
{{- $_ := set $facts "annotations" (.metadata.annotations | default dict | toJson) }}
{{- $_ := set $claims .metadata.name $facts }}
{{- end }}
{{- toYaml $claims }}
{{- end }}

{{/* The name of the claim with the data, unless a template of the StatefulSet makes it. Takes the volumes of the pods. */}}
{{- define "altibase.dataClaim" -}}
{{- range . }}
{{- if eq .name "data" }}
{{- with .persistentVolumeClaim }}
{{- .claimName }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
