{{/*
One alert for each condition; docs/runbooks has a page for each. Where two monitors scrape a pod, each series exists twice with different
labels, so the expressions first aggregate to aku's own labels.
*/}}
{{- define "altibase.alerts" -}}
{{- $pods := printf "namespace=%q, pod=~\"%s-[0-9]+\"" .Release.Namespace (include "altibase.fullname" .) }}
{{- /* The peer says that it is in service, so it beats, and its sender is connected here. */}}
{{- $connected := printf "max by (namespace, pod, peer, replication) (aku_replication_receiver_running{%s}) == 1 and on (namespace, peer) label_replace(max by (namespace, pod) (aku_pod_state{%s, state=\"in_service\"}), \"peer\", \"$1\", \"pod\", \"(.+)\") == 1" $pods $pods }}
{{- with .Values.metrics.prometheusRule }}
- alert: AkuNeedsHuman
  expr: >-
    max by (namespace, pod) (aku_pod_state{ {{ $pods }}, state="needs_human"}) == 1
  for: {{ .for | default "1m" | quote }}
  labels:
    severity: critical
  annotations:
    summary: '{{ `{{ $labels.pod }} cannot start before somebody acts` }}'
    runbook_url: {{ printf "%s/AkuNeedsHuman.md" (trimSuffix "/" .runbooks) | quote }}
- alert: AkuNotInService
  expr: >-
    max by (namespace, pod) (aku_pod_state{ {{ $pods }}, state=~"waiting|joining"}) == 1
  for: {{ .for | default "15m" | quote }}
  labels:
    severity: warning
  annotations:
    summary: '{{ `{{ $labels.pod }} is not in service` }}'
    runbook_url: {{ printf "%s/AkuNotInService.md" (trimSuffix "/" .runbooks) | quote }}
- alert: AkuAbsent
  expr: >-
    absent(aku_build_info{ {{ $pods }}})
  for: {{ .for | default "5m" | quote }}
  labels:
    severity: critical
  annotations:
    summary: '{{ `no pod of the release tells how it is` }}'
    runbook_url: {{ printf "%s/AkuAbsent.md" (trimSuffix "/" .runbooks) | quote }}
- alert: AkuPairOneWay
  expr: >-
    max by (namespace, pod, peer, replication) (aku_replication_sender_running{ {{ $pods }}}) == 1 and max by (namespace, pod, peer, replication) (aku_replication_receiver_running{ {{ $pods }}}) == 0
  for: {{ .for | default "5m" | quote }}
  labels:
    severity: warning
  annotations:
    summary: '{{ `{{ $labels.pod }} gets nothing from {{ $labels.peer }}` }}'
    runbook_url: {{ printf "%s/AkuPairOneWay.md" (trimSuffix "/" .runbooks) | quote }}
- alert: AkuLogPinned
  expr: >-
    max by (namespace, pod, peer, replication) (aku_replication_pinned_seconds{ {{ $pods }}}) > {{ int64 .pinnedSeconds }}
  for: {{ .for | default "0m" | quote }}
  labels:
    severity: warning
  annotations:
    summary: '{{ `{{ $labels.pod }} keeps its log for {{ $labels.peer }}, which is not connected` }}'
    runbook_url: {{ printf "%s/AkuLogPinned.md" (trimSuffix "/" .runbooks) | quote }}
- alert: AkuGap
  expr: >-
    max by (namespace, pod, peer, replication) (aku_replication_gap_bytes{ {{ $pods }}}) > {{ int64 .gapBytes }}
  for: {{ .for | default "10m" | quote }}
  labels:
    severity: warning
  annotations:
    summary: '{{ `{{ $labels.pod }} has {{ $value | humanize1024 }}B not yet sent to {{ $labels.peer }}` }}'
    runbook_url: {{ printf "%s/AkuGap.md" (trimSuffix "/" .runbooks) | quote }}
- alert: AkuLag
  expr: >-
    max by (namespace, pod, peer, replication) (aku_replication_delay_seconds{ {{ $pods }}}) > {{ int64 .lagSeconds }} and {{ $connected }}
  for: {{ .for | default "5m" | quote }}
  labels:
    severity: warning
  annotations:
    summary: '{{ `{{ $labels.pod }} is {{ $value | humanizeDuration }} behind {{ $labels.peer }}` }}'
    runbook_url: {{ printf "%s/AkuLag.md" (trimSuffix "/" .runbooks) | quote }}
- alert: AkuNotArriving
  expr: >-
    max by (namespace, pod, peer, replication) (deriv(aku_replication_delay_seconds{ {{ $pods }}}[5m])) > 0.9 and {{ $connected }}
  for: {{ .for | default "5m" | quote }}
  labels:
    severity: critical
  annotations:
    summary: '{{ `{{ $labels.peer }} is connected, and nothing that it writes arrives on {{ $labels.pod }}` }}'
    runbook_url: {{ printf "%s/AkuNotArriving.md" (trimSuffix "/" .runbooks) | quote }}
- alert: AkuRowsGivenUp
  expr: >-
    max by (namespace, pod) (increase(aku_replication_given_up_total{ {{ $pods }}}[1h])) > 0 or (max by (namespace, pod) (aku_replication_given_up_total{ {{ $pods }}}) > 0 unless max by (namespace, pod) (aku_replication_given_up_total{ {{ $pods }}} offset 1h))
  for: {{ .for | default "0m" | quote }}
  labels:
    severity: critical
  annotations:
    summary: '{{ `while {{ $labels.pod }} started or copied, a pod did not apply rows of another one` }}'
    runbook_url: {{ printf "%s/AkuRowsGivenUp.md" (trimSuffix "/" .runbooks) | quote }}
- alert: AkuConflicts
  expr: >-
    sum by (namespace, pod, peer, replication) (max by (namespace, pod, peer, replication, operation) (increase(aku_replication_conflicts_total{ {{ $pods }}}[15m]))) > 0
  for: {{ .for | default "0m" | quote }}
  labels:
    severity: warning
  annotations:
    summary: '{{ `rows of {{ $labels.pod }} and {{ $labels.peer }} differ` }}'
    runbook_url: {{ printf "%s/AkuConflicts.md" (trimSuffix "/" .runbooks) | quote }}
- alert: AkuStepErrors
  expr: >-
    max by (namespace, pod, reason) (increase(aku_step_errors_total{ {{ $pods }}}[15m])) > 10
  for: {{ .for | default "0m" | quote }}
  labels:
    severity: warning
  annotations:
    summary: '{{ `statements of aku on {{ $labels.pod }} fail again and again: {{ $labels.reason }}` }}'
    runbook_url: {{ printf "%s/AkuStepErrors.md" (trimSuffix "/" .runbooks) | quote }}
- alert: AkuRestarts
  expr: >-
    max by (namespace, pod) (increase(aku_starts_total{ {{ $pods }}}[1h])) > 3
  for: {{ .for | default "0m" | quote }}
  labels:
    severity: warning
  annotations:
    summary: '{{ `{{ $labels.pod }} was started again and again` }}'
    runbook_url: {{ printf "%s/AkuRestarts.md" (trimSuffix "/" .runbooks) | quote }}
- alert: AkuEndIncomplete
  expr: >-
    max by (namespace, pod) (aku_last_end_success{ {{ $pods }}}) == 0 and time() - max by (namespace, pod) (aku_last_end_timestamp_seconds{ {{ $pods }}}) < 3600
  for: {{ .for | default "0m" | quote }}
  labels:
    severity: warning
  annotations:
    summary: '{{ `the last end of {{ $labels.pod }} left something undone, or its server was killed` }}'
    runbook_url: {{ printf "%s/AkuEndIncomplete.md" (trimSuffix "/" .runbooks) | quote }}
{{- end }}
{{- end }}
