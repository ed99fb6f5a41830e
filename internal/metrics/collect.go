package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
	"aku/internal/steps"
)

// descs are all metrics, in the order in which they are described.
var descs []*prometheus.Desc

func desc(name, help string, labels ...string) *prometheus.Desc {
	d := prometheus.NewDesc("aku_"+name, help, labels, nil)
	descs = append(descs, d)
	return d
}

var (
	buildInfo = desc("build_info", "1, with the version of aku.", "version")

	podState        = desc("pod_state", "1 for the state that the pod is in, 0 for all others.", "state")
	podStateReason  = desc("pod_state_reason", "1 for the reason of a state other than in_service; none when there is no reason.", "reason")
	podStateChanged = desc("pod_state_changed_timestamp_seconds", "When the pod came into its state.")

	started  = desc("replication_started", "1 when this pod's side of the pair is started.", "replication", "peer")
	xsnSet   = desc("replication_xsn_set", "1 when this pod's side of the pair has a restart number (XSN): the server keeps its log from there on.", "replication", "peer")
	sender   = desc("replication_sender_running", "1 when this pod's sender is connected to the peer.", "replication", "peer")
	receiver = desc("replication_receiver_running", "1 when the peer's sender is connected to this pod: the peer's side is started, too.", "replication", "peer")
	gapBytes = desc("replication_gap_bytes", "Bytes of this pod's log that its sender has not yet sent; none while the sender is not connected.", "replication", "peer")
	pinned   = desc("replication_pinned_seconds", "Seconds for which the server has kept its log for a peer that is not connected, since this sidecar started; 0 when the peer is connected or nothing is kept.", "replication", "peer")
	applied  = desc("replication_applied_sn", "Number in the peer's log up to which everything is applied here; none without a receiver. The peer's aku_log_last_sn minus this number is not yet delivered.", "replication", "peer")
	delay    = desc("replication_delay_seconds", "Seconds by which this pod is behind the peer: the age of the peer's newest beat here, by the clocks of both nodes. 0 when a beat comes every AKU_BEAT_INTERVAL, none before the first.", "replication", "peer")
	changes  = desc("replication_received_changes_total", "Changes of rows that the receiver applied since the peer connected.", "replication", "peer", "operation")
	conflict = desc("replication_conflicts_total", "Changes of rows that the receiver could not apply since the peer connected: these rows differ between the pods.", "replication", "peer", "operation")
	givenUp  = desc("replication_given_up_total", "How often this pod, while it started, ended or copied, saw a receiver give rows up: compare the pods with aku-init verify.")
	lastSN   = desc("log_last_sn", "Last number in this pod's log; none while nothing is sent.")
	readAt   = desc("replication_seen_timestamp_seconds", "When the sidecar last read the values of the aku_replication metrics from its server.")

	startsTotal   = desc("starts_total", "Starts that this sidecar completed.")
	startSeconds  = desc("last_start_duration_seconds", "Time from the first observation of the servers until users were let in, at the last start.")
	startAt       = desc("last_start_timestamp_seconds", "When the last start began.")
	startSteps    = desc("last_start_step_duration_seconds", "Time in which at least one such step ran, at the last start.", "step")
	startRows     = desc("last_start_copied_rows", "Rows that the last start copied from the master. The sidecar reads the master's count once a second, so this is a lower bound.")
	startRetries  = desc("last_start_retries", "Tries of steps that failed and were repeated, at the last start.")
	endSeconds    = desc("last_end_duration_seconds", "Time that the last end took, as its hook reported it; none in a new pod.")
	endAt         = desc("last_end_timestamp_seconds", "When the last end began. Without an end in good order: when the next start noticed that.")
	endSteps      = desc("last_end_step_duration_seconds", "Time in which at least one such step ran, at the last end.", "step")
	endOK         = desc("last_end_success", "1 when the last end did everything, 0 when it left something undone or the server ended without it; none in a new pod whose server ended in good order.")
	endRetries    = desc("last_end_retries", "Tries of steps that failed and were repeated, at the last end.")
	retriesTotal  = desc("step_retries_total", "Tries of steps that failed and were repeated.")
	errorsTotal   = desc("step_errors_total", "Failed tries of steps, by the class of the error.", "reason")
	lastErrorTime = desc("step_last_error_timestamp_seconds", "When a step last failed with this class of error; the newest time belongs to the last error.", "reason")
)

// Describe implements prometheus.Collector.
func (s *Metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range descs {
		to <- d
	}
}

// Collect implements prometheus.Collector. It copies what is in memory.
func (s *Metrics) Collect(to chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		send(d, prometheus.GaugeValue, value, labels...)
	}
	count := func(d *prometheus.Desc, value float64, labels ...string) {
		send(d, prometheus.CounterValue, value, labels...)
	}
	gauge(buildInfo, 1, s.version)
	for _, state := range states {
		gauge(podState, flag(state == s.state), string(state))
	}
	if s.reason != "" {
		gauge(podStateReason, 1, string(s.reason))
	}
	gauge(podStateChanged, seconds(s.changed))

	last := int64(-1)
	for _, p := range s.pairs {
		labels := []string{p.Object, s.mesh.PodName(p.Peer)}
		gauge(started, flag(p.Started), labels...)
		gauge(xsnSet, flag(p.XSN != akucore.Unset), labels...)
		gauge(sender, flag(p.Sender == akucore.SenderRunning), labels...)
		gauge(receiver, flag(p.Receiver != nil), labels...)
		kept := 0.0
		if since, ok := s.pinned[p.Object]; ok {
			kept = time.Since(since).Seconds()
		}
		gauge(pinned, kept, labels...)
		if p.Gap != nil {
			gauge(gapBytes, float64(p.Gap.Bytes), labels...)
			last = max(last, p.Gap.LastSN)
		}
		if d, ok := s.delays[p.Object]; ok {
			gauge(delay, d.Seconds(), labels...)
		}
		if r := p.Receiver; r != nil {
			gauge(applied, float64(r.AppliedSN), labels...)
			for _, one := range []struct {
				operation  string
				done, fail int64
			}{
				{"insert", r.Applied.Inserts, r.Failed.Inserts},
				{"update", r.Applied.Updates, r.Failed.Updates},
				{"delete", r.Applied.Deletes, r.Failed.Deletes},
			} {
				of := append(labels[:2:2], one.operation)
				count(changes, float64(one.done), of...)
				count(conflict, float64(one.fail), of...)
			}
		}
	}
	if last >= 0 {
		gauge(lastSN, float64(last))
	}
	if !s.readAt.IsZero() {
		gauge(readAt, seconds(s.readAt))
	}

	count(givenUp, float64(s.givenUp))
	count(startsTotal, float64(s.starts))
	if s.start != nil {
		gauge(startSeconds, s.start.Seconds)
		gauge(startAt, seconds(s.start.Began))
		gauge(startRows, float64(s.start.Rows))
		gauge(startRetries, float64(s.start.Retries))
		sendSteps(gauge, startSteps, s.start)
	}
	if s.end != nil {
		gauge(endAt, seconds(s.end.Began))
		gauge(endOK, flag(s.end.OK))
		if !s.end.Found {
			gauge(endSeconds, s.end.Seconds)
			gauge(endRetries, float64(s.end.Retries))
			sendSteps(gauge, endSteps, s.end)
		}
	}
	count(retriesTotal, float64(s.retries))
	for _, reason := range lifecycle.Reasons {
		count(errorsTotal, float64(s.errors[reason]), string(reason))
		if at, ok := s.erredAt[reason]; ok {
			gauge(lastErrorTime, seconds(at), string(reason))
		}
	}
}

func sendSteps(gauge func(*prometheus.Desc, float64, ...string), d *prometheus.Desc, s *steps.Summary) {
	for step, took := range s.Steps {
		gauge(d, took, step)
	}
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
