//go:build integration

package integration

import (
	"bytes"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"aku/internal/events"
	"aku/internal/metrics/metricstest"
	"aku/internal/rundir"
	"aku/internal/status"
)

// scrape reads the metrics as Prometheus does.
func (p *pod) scrape() string {
	p.t.Helper()
	response, err := http.Get("http://127.0.0.1:" + p.env["AKU_HEALTH_PORT"] + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %v\n%s", response.Status, err, text)
	}
	return string(text)
}

// waitMetric waits for a line of the metrics.
func (p *pod) waitMetric(line string) {
	p.t.Helper()
	p.eventually(line, func() bool { return slices.Contains(strings.Split(p.scrape(), "\n"), line) })
}

func TestMetrics_SayWhatHappensToPodAndPairs(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_REPLICATION_RESET_AT_END": "0"})
	c.createTables()
	c.inService(0, 1)
	for _, p := range c.pods {
		p.waitMetric(`aku_pod_state{state="in_service"} 1`)
		peer := c.pods[1-p.number].env["AKU_POD_NAME"]
		pair := `{peer="` + peer + `",replication="AKU_REP_01"} `
		for _, metric := range []string{"started", "xsn_set", "sender_running", "receiver_running"} {
			p.waitMetric("aku_replication_" + metric + pair + "1")
		}
		p.waitMetric("aku_replication_pinned_seconds" + pair + "0")
	}
	slave := c.pods[1]
	if text := slave.scrape(); !strings.Contains(text, `aku_last_start_step_duration_seconds{step="sync"}`) {
		t.Errorf("the join says nothing about its copy:\n%s", text)
	}
	// Only one pod has the row, so inserting it on the other pod is a conflict.
	slave.do("ALTER SESSION SET REPLICATION = FALSE", "INSERT INTO T1 VALUES (1, 1)")
	c.pods[0].do("INSERT INTO T1 VALUES (1, 2)")
	slave.waitMetric(`aku_replication_conflicts_total{operation="insert",peer="altibase-0",replication="AKU_REP_01"} 1`)

	checkMetrics(t, slave.scrape())

	// The end runs in another process. The sidecar reads its summary from a file.
	if err := slave.end(); err != nil {
		t.Fatal(err)
	}
	slave.waitMetric(`aku_pod_state{state="ending"} 1`)
	slave.waitMetric(`aku_last_end_success 1`)
	if text := slave.scrape(); !strings.Contains(text, `aku_last_end_step_duration_seconds{step="stop"}`) {
		t.Errorf("the end says nothing about its steps:\n%s", text)
	}
	checkMetrics(t, slave.scrape())
	// The pod that stays keeps its log, and reports since when.
	c.pods[0].eventually("the log is pinned", func() bool {
		for line := range strings.Lines(c.pods[0].scrape()) {
			if strings.HasPrefix(line, "aku_replication_pinned_seconds") && !strings.HasSuffix(line, " 0\n") {
				return true
			}
		}
		return false
	})
}

// checkMetrics checks the text against the rules of Prometheus and the list of names.
func checkMetrics(t *testing.T, text string) {
	t.Helper()
	check := exec.Command("../../.build/prometheus/bin/promtool", "check", "metrics")
	check.Stdin = strings.NewReader(text)
	var out bytes.Buffer
	check.Stdout, check.Stderr = &out, &out
	if err := check.Run(); err != nil || out.Len() > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out.String())
	}
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "# HELP "), " ")
		if strings.HasPrefix(line, "# HELP ") && !slices.Contains(metricstest.Names(), name) {
			t.Errorf("%s is not among the names of metrics", name)
		}
	}
}

func TestEvents_TellTheStoryOfAPod(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	c.pods[1].waitMetric(`aku_replication_sender_running{peer="altibase-0",replication="AKU_REP_01"} 1`)
	var kinds []events.Kind
	var texts []string
	err := events.Follow(t.Context(), "127.0.0.1:"+c.pods[1].env["AKU_HEALTH_PORT"], time.Time{}, false, func(e events.Entry) {
		kinds, texts = append(kinds, e.Kind), append(texts, e.Text)
		if e.Pod != "altibase-1" {
			t.Errorf("an event of %q: %+v", e.Pod, e)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []events.Kind{events.State, events.Plan, events.Step, events.PeerFound} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("no event of kind %s in\n%s", kind, strings.Join(texts, "\n"))
		}
	}
	if !slices.Contains(texts, "in_service: in service") {
		t.Errorf("nothing says that the pod is in service:\n%s", strings.Join(texts, "\n"))
	}
}

func TestStatus_ShowsAPodThatIsGone(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	s, servers := c.pods[0].settings()
	defer servers.CloseIdle()
	observe := func() status.Mesh {
		return status.Observe(t.Context(), s.Mesh(), servers, s.BeatEvery(), func(pod int) string { return "127.0.0.1:" + c.pods[pod].env["AKU_HEALTH_PORT"] })
	}
	// The senders of a pod that has just come into service may still connect, and its first beats be on their way.
	c.pods[0].eventually("all is well, and shown", func() bool {
		seen := observe()
		return !slices.ContainsFunc(seen.Pods, func(p status.Pod) bool { return p.State != status.Open || p.Sidecar != "in service" }) &&
			!slices.ContainsFunc(seen.Pairs, func(p status.Pair) bool { return p.State != status.Flows || p.XSN < 0 || p.Lag == nil })
	})
	c.pods[1].kill()
	c.pods[1].Kill9()
	c.pods[0].eventually("the pair has lost its peer", func() bool { return observe().Pairs[0].State == status.Retries })
	seen := observe()
	if gone := seen.Pods[1]; gone.State != status.Unreachable || gone.Error == "" || gone.Sidecar != "does not answer" {
		t.Errorf("%+v", gone)
	}
}

// replaced gives the pod a new shared folder, as a new pod of the same number has, and starts its server and
// sidecar.
func (p *pod) replaced() {
	p.t.Helper()
	p.dir = rundir.Dir(p.t.TempDir())
	p.env["AKU_RUN_DIR"] = string(p.dir)
	p.Restart()
	p.runAgain()
}

// runAgain starts the sidecar, and waits for its log line that the pod is in service. The marker may be from
// an earlier run.
func (p *pod) runAgain() {
	p.t.Helper()
	p.run()
	p.eventually("ready", func() bool {
		response, err := http.Get("http://127.0.0.1:" + p.env["AKU_HEALTH_PORT"] + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

func TestLastEnd_IsFoundAlsoByAPodThatWasReplaced(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_REPLICATION_RESET_AT_END": "0"})
	c.createTables()
	c.inService(0, 1)
	slave := c.pods[1]
	mustSay := func(when, want string) {
		t.Helper()
		text := slave.scrape()
		if got := strings.Contains(text, "aku_last_end_success 0"); got != (want == "0") || want == "" && strings.Contains(text, "\naku_last_end_") {
			t.Errorf("%s: want %q in\n%s", when, want, text)
		}
	}
	mustSay("a pod that never ended", "")

	slave.kill()
	slave.runAgain()
	mustSay("the sidecar alone was killed", "")

	slave.kill()
	slave.Kill9()
	slave.replaced()
	mustSay("the server was killed and the pod replaced", "0")

	if err := slave.end(); err != nil {
		t.Fatal(err)
	}
	slave.kill()
	slave.Kill9() // as the kubelet does at last
	slave.replaced()
	mustSay("the end was in good order and the pod replaced", "")

	// The database container restarts in its pod, without a hook.
	slave.kill()
	slave.Kill9()
	slave.Restart()
	if err := slave.dir.Renew(); err != nil {
		t.Fatal(err)
	}
	slave.runAgain()
	mustSay("the server was killed in its pod", "0")
	checkMetrics(t, slave.scrape())
}
