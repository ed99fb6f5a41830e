{{/*
Whether the volumes hold the data of the server. With a mount beside its folders everything works until the pod is replaced, and then it
starts empty. Returns the faults as a list in YAML.
*/}}
{{- define "altibase.mountRules" -}}
{{- $faults := list }}
{{- $mounts := include "altibase.mounts" . | fromYamlArray }}
{{- $paths := list }}
{{- $aPod := printf "^%s-[0-9]+$" (include "altibase.fullname" .) }}
{{- range $mounts }}
{{- $paths = append $paths .mountPath }}
{{- $subPath := .subPath | default "" }}
{{- range splitList "/" $subPath }}
{{- if and (regexMatch $aPod .) (gt (int64 $.Values.aku.serverCount) 1) }}
{{- $faults = append $faults (printf "persistence.mounts has the subPath %s, which is the name of one pod, for all of them: write subPathExpr with $(POD_NAME) in its place." $subPath) }}
{{- end }}
{{- end }}
{{- end }}

{{- $all := $paths }}
{{- range .Values.extraVolumeMounts }}
{{- $all = append $all (.mountPath | default "") }}
{{- end }}
{{- $beside := list }}
{{- range .Values.aku.extraVolumeMounts }}
{{- $beside = append $beside (.mountPath | default "") }}
{{- end }}
{{- $ours := list "/opt/aku" "/run/aku" "/etc/aku" "/var/run/secrets/kubernetes.io" }}
{{- $server := $ours }}
{{- if .Values.license.existingSecret }}
{{- $server = append $server (printf "%s/conf/license" (clean .Values.altibaseHome)) }}
{{- end }}
{{- range list (dict "of" "persistence.mounts or extraVolumeMounts" "paths" $all "ours" $server) (dict "of" "aku.extraVolumeMounts" "paths" $beside "ours" (append $ours "/tmp")) }}
{{- $of := .of }}
{{- $own := .ours }}
{{- $seen := dict }}
{{- range .paths }}
{{- $path := clean . }}
{{- range $own }}
{{- if hasPrefix (printf "%s/" .) (printf "%s/" $path) }}
{{- $faults = append $faults (printf "%s has %s, but %s is the chart's own: choose another one." $of $path .) }}
{{- end }}
{{- end }}
{{- if hasKey $seen $path }}
{{- $faults = append $faults (printf "%s has %s twice, and Kubernetes takes a place only once: remove one." $of $path) }}
{{- end }}
{{- $_ := set $seen $path "" }}
{{- end }}
{{- end }}

{{- if .Values.persistence.logVolume.enabled }}
{{- range include "altibase.logMountPaths" . | fromYamlArray }}
{{- if not (has . $paths) }}
{{- $faults = append $faults (printf "persistence.logVolume.mountPaths has %s, which is no mountPath of persistence.mounts: name folders that are there." .) }}
{{- end }}
{{- end }}
{{- end }}

{{- $takenBy := dict }}
{{- if .Values.persistence.logVolume.enabled }}
{{- range include "altibase.logMountPaths" . | fromYamlArray }}
{{- $_ := set $takenBy . "logVolume" }}
{{- end }}
{{- end }}
{{- range $i, $claim := .Values.persistence.extraClaims }}
{{- if has $claim.name (include "altibase.ownVolumes" $ | fromYamlArray) }}
{{- $faults = append $faults (printf "persistence.extraClaims has the name %s, which is a volume of the chart: choose another one." $claim.name) }}
{{- end }}
{{- range $claim.mountPaths }}
{{- if not (has . $paths) }}
{{- $faults = append $faults (printf "persistence.extraClaims has %s for %s, which is no mountPath of persistence.mounts: name folders that are there." $claim.name .) }}
{{- end }}
{{- if hasKey $takenBy . }}
{{- $faults = append $faults (printf "persistence.extraClaims has %s for %s, which %s has already: name a folder once." $claim.name . (get $takenBy .)) }}
{{- end }}
{{- $_ := set $takenBy . $claim.name }}
{{- end }}
{{- end }}

{{- if and .Values.persistence.enabled (not $mounts) }}
{{- $faults = append $faults "persistence.mounts is empty, and so is altibaseHome, from which it is derived: say where the image keeps its data." }}
{{- end }}

{{- if and .Values.persistence.enabled .Values.altibaseHome }}
{{- $home := clean .Values.altibaseHome }}
{{- $named := include "altibase.namedFolders" . | fromYamlArray }}
{{- $own := list (printf "%s/dbs" $home) (printf "%s/logs" $home) (printf "%s/arch_logs" $home) (printf "%s/trc" $home) }}
{{- $elsewhere := false }}
{{- range $path := $paths }}
{{- $holds := false }}
{{- range concat $own $named }}
{{- $holds = or $holds (hasPrefix (printf "%s/" $path) (printf "%s/" .)) (hasPrefix (printf "%s/" .) (printf "%s/" $path)) }}
{{- end }}
{{- range $named }}
{{- $elsewhere = or $elsewhere (hasPrefix (printf "%s/" $path) (printf "%s/" .)) }}
{{- end }}
{{- if not $holds }}
{{- $faults = append $faults (printf "persistence.mounts has %s, but the server keeps its data below altibaseHome = %s: mount one of %s, or all of altibaseHome, or leave persistence.mounts empty." $path $home (join ", " $own)) }}
{{- end }}
{{- end }}
{{- if not $elsewhere }}
{{- range list (index $own 0) (index $own 1) }}
{{- $folder := . }}
{{- $covered := false }}
{{- range $paths }}
{{- $covered = or $covered (hasPrefix (printf "%s/" .) (printf "%s/" $folder)) }}
{{- end }}
{{- if not $covered }}
{{- $faults = append $faults (printf "%s is on no volume, so a pod that is replaced would start empty: add it to persistence.mounts, or leave persistence.mounts empty." $folder) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{/* Names of the chart's volumes. */}}
{{- define "altibase.ownVolumes" -}}
{{- list "aku-bin" "aku-run" "aku-tmp" "aku-auth" "aku-api" "recover" "initdb" "data" "logs" "license" | toYaml }}
{{- end }}

{{/* Folders that properties or env name, because the data may be there. */}}
{{- define "altibase.namedFolders" -}}
{{- $folders := list }}
{{- range $_, $value := .Values.properties }}
{{- $folders = append $folders ($value | toString | replace "?" (clean $.Values.altibaseHome)) }}
{{- end }}
{{- range concat .Values.env .Values.extraEnv }}
{{- $folders = append $folders (.value | default "") }}
{{- end }}
{{- range $folders }}
{{- if isAbs . }}
- {{ clean . | quote }}
{{- end }}
{{- end }}
{{- end }}
