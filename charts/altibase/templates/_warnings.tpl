{{/* Values that are allowed, but have a price. */}}
{{- define "altibase.warnings" -}}
{{- $warnings := list }}
{{- $aku := .Values.aku }}
{{- if .Values.auth.sysPassword }}
{{- $warnings = append $warnings "auth.sysPassword: the password of SYS is in the values of this release. Use auth.existingSecret for anything but trying out." }}
{{- end }}
{{- if not .Values.persistence.enabled }}
{{- $warnings = append $warnings "persistence.enabled is false: a pod that is replaced starts empty, and the data is gone when the last one ends." }}
{{- else if eq .Values.persistence.retention.whenDeleted "Delete" }}
{{- $warnings = append $warnings "persistence.retention.whenDeleted is Delete: uninstalling removes all data." }}
{{- end }}
{{- if and .Values.persistence.enabled (eq .Values.persistence.retention.whenScaled "Delete") }}
{{- $warnings = append $warnings "persistence.retention.whenScaled is Delete: what a pod could not deliver before it was scaled away is gone with its volume." }}
{{- end }}
{{- if and (eq .Values.image.tag "latest") (not .Values.image.digest) }}
{{- $warnings = append $warnings "image.tag is latest: a pod that restarts may come back with another version than its peers. Name a version, or a digest." }}
{{- end }}
{{- if not (or (dig "limits" "memory" "" .Values.resources) (dig "requests" "memory" "" .Values.resources)) }}
{{- $warnings = append $warnings "resources names no memory: under pressure the node ends the server first. Its tables in memory take up to the property MEM_MAX_DB_SIZE." }}
{{- end }}
{{- if eq (include "altibase.text" $aku.replicationResetAtEnd) "1" }}
{{- $warnings = append $warnings "aku.replicationResetAtEnd is 1: every upgrade and node drain costs a full copy of the tables for each pod." }}
{{- else if eq (include "altibase.text" $aku.replicationResetAtEnd) "0" }}
{{- $warnings = append $warnings "aku.replicationResetAtEnd is 0: after a scale-down the others keep their logs for the pods that left, until the disk is full." }}
{{- end }}
{{- if eq (int64 $aku.flushAtEnd) 0 }}
{{- $warnings = append $warnings "aku.flushAtEnd is 0: what a pod has not sent when it restarts reaches the others only when it is back." }}
{{- end }}
{{- if eq (int64 $aku.flushAtStart) 0 }}
{{- $warnings = append $warnings "aku.flushAtStart is 0: a pod that comes back serves rows that are out of date for a while." }}
{{- end }}
{{- if and (include "altibase.hasPeers" .) (not .Values.podDisruptionBudget.enabled) }}
{{- $warnings = append $warnings "podDisruptionBudget.enabled is false: draining nodes may take all pods at a time." }}
{{- end }}
{{- if and (include "altibase.hasPeers" .) .Values.podDisruptionBudget.enabled (has (include "altibase.text" .Values.podDisruptionBudget.maxUnavailable) (list "0" "0%" "00%")) }}
{{- $warnings = append $warnings "podDisruptionBudget.maxUnavailable is 0: no node with a pod on it can be drained." }}
{{- end }}
{{- if not .Values.hooks.checkUpgrade.enabled }}
{{- $warnings = append $warnings "hooks.checkUpgrade.enabled is false: nothing keeps an upgrade from dropping what is still unsent. It stays so for the next one, too." }}
{{- end }}
{{- if eq (int64 $aku.serverCount) 1 }}
{{- $warnings = append $warnings "aku.serverCount is 1: nothing is replicated." }}
{{- end }}
{{- toYaml $warnings }}
{{- end }}
