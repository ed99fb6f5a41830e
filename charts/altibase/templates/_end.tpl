{{/*
How the time for the end of a pod is split. Kubernetes gives terminationGracePeriodSeconds to the hook and the server together.
*/}}

{{/*
Seconds that the hook does not get: 2 to start it, 2 for the server to obey SIGTERM when the hook did not shut it down, and 1 for the
sidecar, which ends last.
*/}}
{{- define "altibase.endReserve" -}}5{{- end }}

{{/* AKU_END_TIMEOUT: the whole end as aku sees it, the shutdown of the server included. */}}
{{- define "altibase.endTimeout" -}}
{{- sub (int64 .Values.terminationGracePeriodSeconds) (include "altibase.endReserve" . | int64) }}
{{- end }}

{{/*
The shortest time for an end in good order: the drain time, delivery by FLUSH (6 s, and 4 to connect and to give up), one STOP
a second for every pair of this server, and the shutdown (8-16 s were seen).
*/}}
{{- define "altibase.endMinimum" -}}
{{- $stops := mul (sub (int64 .Values.aku.serverCount) 1) (max 1 (len .Values.aku.replications)) }}
{{- $shutdown := ternary 16 0 (eq (int64 .Values.aku.shutdownAtEnd) 1) }}
{{- add (int64 .Values.aku.drainTime) 10 $stops $shutdown (include "altibase.endReserve" . | int64) }}
{{- end }}
