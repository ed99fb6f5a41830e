{{/*
Configuration of aku-init and aku-prestop. Both containers get all of it, because the hook runs in the database container.
Outside of the pods (a context with outside = true) it has no name of a pod.
The number of replicas must not appear here: scaling would restart every pod.
*/}}
{{- define "altibase.akuEnv" -}}
{{- $aku := .Values.aku -}}
{{- if .outside }}
- name: AKU_STS_NAME
  value: {{ include "altibase.fullname" . | quote }}
{{- else }}
{{ include "altibase.podEnv" . }}
{{- end }}
- name: AKU_SVC_NAME
  value: {{ include "altibase.podsService" . | quote }}
{{- with $aku.hostSuffix }}
- name: AKU_HOST_SUFFIX
  value: {{ . | quote }}
{{- end }}
- name: AKU_SERVER_COUNT
  value: {{ int64 $aku.serverCount | quote }}
- name: AKU_SYS_PASSWORD_FILE
  value: /etc/aku/auth/password
{{- if not .outside }}
{{- if .Values.auth.initialPasswordSecret }}
- name: AKU_SYS_INITIAL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.auth.initialPasswordSecret | quote }}
      key: {{ .Values.auth.initialPasswordSecretKey | quote }}
{{- else if .Values.auth.initialPassword }}
- name: AKU_SYS_INITIAL_PASSWORD
  value: {{ include "altibase.literal" (.Values.auth.initialPassword) | quote }}
{{- end }}
{{- end }}
- name: AKU_PORT_NO
  value: {{ int64 .Values.service.port | quote }}
- name: AKU_REPLICATION_PORT_NO
  value: {{ int64 .Values.service.replicationPort | quote }}
{{- range $i, $block := $aku.replications }}
- name: AKU_REPLICATIONS_{{ $i }}_REPLICATION_NAME_PREFIX
  value: {{ include "altibase.literal" ($block.namePrefix) | quote }}
- name: AKU_REPLICATIONS_{{ $i }}_SYNC_PARALLEL_COUNT
  value: {{ $block.syncParallelCount | default 1 | int64 | quote }}
- name: AKU_REPLICATIONS_{{ $i }}_TABLES
  value: {{ include "altibase.literal" (join "," $block.tables) | quote }}
{{- end }}
- name: AKU_QUERY_TIMEOUT
  value: {{ int64 $aku.queryTimeout | quote }}
- name: AKU_REPLICATION_LOCK_TIMEOUT
  value: {{ int64 $aku.replicationLockTimeout | quote }}
- name: AKU_LOCK_WAIT
  value: {{ int64 $aku.lockWait | quote }}
- name: AKU_BEAT_INTERVAL
  value: {{ int64 $aku.beatInterval | quote }}
- name: AKU_QUERY_RETRY_COUNT
  value: {{ int64 $aku.queryRetryCount | quote }}
- name: AKU_QUERY_RETRY_DELAY_MSEC
  value: {{ int64 $aku.queryRetryDelayMsec | quote }}
- name: AKU_ADDRESS_CHECK_COUNT
  value: {{ int64 $aku.addressCheckCount | quote }}
- name: AKU_FLUSH_AT_START
  value: {{ int64 $aku.flushAtStart | quote }}
- name: AKU_FLUSH_TIMEOUT_AT_START
  value: {{ int64 $aku.flushTimeoutAtStart | quote }}
- name: AKU_DELAY_START_COMPLETE_TIME
  value: {{ int64 $aku.delayStartCompleteTime | quote }}
- name: AKU_FLUSH_AT_END
  value: {{ int64 $aku.flushAtEnd | quote }}
- name: AKU_REPLICATION_RESET_AT_END
  value: {{ include "altibase.text" $aku.replicationResetAtEnd | quote }}
- name: AKU_END_TIMEOUT
  value: {{ include "altibase.endTimeout" . | quote }}
- name: AKU_DRAIN_TIME
  value: {{ int64 $aku.drainTime | quote }}
- name: AKU_SHUTDOWN_AT_END
  value: {{ int64 $aku.shutdownAtEnd | quote }}
- name: AKU_ODBC_DRIVER
  value: {{ $aku.odbc.driver | default (printf "%s/lib/libaltibase_odbc-64bit-ul64.so" .Values.altibaseHome) | include "altibase.literal" | quote }}
- name: AKU_ODBC_SYSDBA
  value: {{ include "altibase.literal" ($aku.odbc.sysdba) | quote }}
- name: AKU_ODBC_EXTRA
  value: {{ include "altibase.literal" ($aku.odbc.extra) | quote }}
- name: AKU_ODBC_QUOTE
  value: {{ $aku.odbc.quote | quote }}
- name: AKU_RUN_DIR
  value: /run/aku
- name: AKU_INITDB_DIR
  value: /etc/aku/initdb
- name: AKU_RECOVER_FILE
  value: /etc/aku/recover/order.json
- name: AKU_HEALTH_PORT
  value: {{ include "altibase.healthPort" . | quote }}
- name: AKU_LOG_FORMAT
  value: {{ $aku.logFormat | quote }}
{{- with .Values.altibaseHome }}
- name: ALTIBASE_HOME
  value: {{ include "altibase.literal" . | quote }}
{{- end }}
{{- end }}

{{/* Names of the StatefulSet and the pod. */}}
{{- define "altibase.podEnv" -}}
- name: AKU_STS_NAME
  value: {{ include "altibase.fullname" . | quote }}
- name: AKU_POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: AKU_POD_UID
  valueFrom:
    fieldRef:
      fieldPath: metadata.uid
- name: AKU_POD_EVENTS
  value: {{ ternary "1" "0" .Values.aku.podEvents | quote }}
{{- end }}

{{- define "altibase.healthPort" -}}20380{{- end }}
