package charts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"aku/internal/metrics/metricstest"
)

// monitor is what the chart uses of the Prometheus operator's PodMonitor and ServiceMonitor.
type monitor struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Selector            metav1.LabelSelector `json:"selector"`
		PodMetricsEndpoints []endpoint           `json:"podMetricsEndpoints"`
		Endpoints           []endpoint           `json:"endpoints"`
	} `json:"spec"`
}

type endpoint struct {
	Port              string           `json:"port"`
	Path              string           `json:"path"`
	Interval          string           `json:"interval"`
	ScrapeTimeout     string           `json:"scrapeTimeout"`
	Relabelings       []map[string]any `json:"relabelings"`
	MetricRelabelings []map[string]any `json:"metricRelabelings"`
}

type prometheusRule struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              rules `json:"spec"`
}

type rules struct {
	Groups []struct {
		Name  string `json:"name"`
		Rules []rule `json:"rules"`
	} `json:"groups"`
}

type rule struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

const monitoring = `metrics: {podMonitor: {enabled: true, labels: {team: red}}, serviceMonitor: {enabled: true}, prometheusRule: {enabled: true}, dashboard: {enabled: true}}`

func TestMonitoring_IsOffUnlessAskedFor(t *testing.T) {
	r := render(t, least)
	if len(r.podMonitors)+len(r.serviceMonitors)+len(r.prometheusRules)+len(r.configMaps) != 0 {
		t.Error("a cluster without the operator would refuse the chart")
	}
}

func TestMonitors_FindThePortOfPodsAndOfTheHeadlessServiceOnly(t *testing.T) {
	r := render(t, least, monitoring)
	want := []endpoint{{Port: "aku-health", Path: "/metrics", Interval: "30s"}}
	pods := r.podMonitors["altibase"]
	if diff := cmp.Diff(want, pods.Spec.PodMetricsEndpoints); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(*r.statefulSet.Spec.Selector, pods.Spec.Selector); diff != "" {
		t.Error(diff)
	}
	if pods.Labels["team"] != "red" {
		t.Errorf("labels: %v", pods.Labels)
	}
	if diff := cmp.Diff(want, r.serviceMonitors["altibase"].Spec.Endpoints); diff != "" {
		t.Error(diff)
	}
	for name, service := range r.services {
		has := false
		for _, port := range service.Spec.Ports {
			has = has || port.Name == "aku-health"
		}
		if has != (name == "altibase-pods") {
			t.Errorf("%s has the port: %v; each pod is to be scraped once", name, has)
		}
	}
	found := false
	for _, port := range r.container(t, "aku").Ports {
		found = found || port.Name == "aku-health"
	}
	if !found {
		t.Error("the sidecar has no such port")
	}
}

func TestMonitors_TakeWhatAnEndpointHas(t *testing.T) {
	const fields = "{enabled: true, scrapeTimeout: 1m10s, relabelings: [{action: labeldrop, regex: pod_ip}], metricRelabelings: [{action: drop, regex: aku_step.*, sourceLabels: [__name__]}]}"
	r := render(t, least, "metrics: {podMonitor: "+fields+", serviceMonitor: "+fields+"}")
	for kind, endpoints := range map[string][]endpoint{"pods": r.podMonitors["altibase"].Spec.PodMetricsEndpoints, "service": r.serviceMonitors["altibase"].Spec.Endpoints} {
		one := endpoints[0]
		if one.ScrapeTimeout != "1m10s" || one.Relabelings[0]["regex"] != "pod_ip" || one.MetricRelabelings[0]["action"] != "drop" {
			t.Errorf("%s: %+v", kind, one)
		}
	}
}

func TestAlerts_CanBeLeftOut(t *testing.T) {
	all := render(t, least, monitoring).prometheusRules["altibase"].Spec.Groups[0].Rules
	some := render(t, least, monitoring, "metrics: {prometheusRule: {excludeRules: [AkuGap, AkuAbsent]}}").prometheusRules["altibase"].Spec.Groups[0].Rules
	want := slices.DeleteFunc(slices.Clone(all), func(r rule) bool { return r.Alert == "AkuGap" || r.Alert == "AkuAbsent" })
	if diff := cmp.Diff(want, some); diff != "" || len(want) != len(all)-2 {
		t.Error(diff)
	}
	// The schema knows every name, so that a typo is refused.
	for _, one := range all {
		render(t, least, "metrics: {prometheusRule: {excludeRules: ["+one.Alert+"]}}")
	}
}

// alertCases are series, as promtool writes them, that make each alert fire at some minute
// and resolve at another one.
var alertCases = []struct {
	alert          string
	series         map[string]string
	fires, resolve string
}{
	{"AkuNeedsHuman", map[string]string{`aku_pod_state{%s,state="needs_human"}`: "0x4 1x10 0x20"}, "10m", "20m"},
	{"AkuNotInService", map[string]string{`aku_pod_state{%s,state="waiting"}`: "1x10 0x40", `aku_pod_state{%s,state="joining"}`: "0x10 1x15 0x25"}, "20m", "40m"},
	{"AkuAbsent", map[string]string{`aku_build_info{%s,version="1"}`: "1x3 _x20 1x20"}, "20m", "40m"},
	{"AkuPairOneWay", map[string]string{`aku_replication_sender_running{%s,peer="altibase-1",replication="R_01"}`: "1x40", `aku_replication_receiver_running{%s,peer="altibase-1",replication="R_01"}`: "1x5 0x15 1x20"}, "15m", "30m"},
	{"AkuLogPinned", map[string]string{`aku_replication_pinned_seconds{%s,peer="altibase-1",replication="R_01"}`: "0+60x20 0x20"}, "18m", "30m"},
	{"AkuGap", map[string]string{`aku_replication_gap_bytes{%s,peer="altibase-1",replication="R_01"}`: "0x5 900000000x15 0x20"}, "18m", "30m"},
	// altibase-2 is far behind, too, but is not in service: it does not beat.
	{"AkuLag", map[string]string{`aku_pod_state{namespace="db",state="in_service",pod="altibase-1"}`: "1x40",
		`aku_replication_receiver_running{%s,peer="altibase-1",replication="R_01"}`: "1x40", `aku_replication_delay_seconds{%s,peer="altibase-1",replication="R_01"}`: "0x5 90x15 0x20",
		`aku_replication_receiver_running{%s,peer="altibase-2",replication="R_02"}`: "1x40", `aku_replication_delay_seconds{%s,peer="altibase-2",replication="R_02"}`: "90x40"}, "14m", "30m"},
	// The receiver of altibase-0 falls behind the second one by half a second each second: beats arrive.
	{"AkuNotArriving", map[string]string{`aku_pod_state{namespace="db",state="in_service",pod="altibase-1"}`: "1x40",
		`aku_replication_receiver_running{%s,peer="altibase-1",replication="R_01"}`: "1x40", `aku_replication_delay_seconds{%s,peer="altibase-1",replication="R_01"}`: "0x4 0+60x15 0x20",
		`aku_replication_receiver_running{%s,peer="altibase-1",replication="S_01"}`: "1x40", `aku_replication_delay_seconds{%s,peer="altibase-1",replication="S_01"}`: "0+30x40"}, "18m", "30m"},
	{"AkuRowsGivenUp", map[string]string{`aku_replication_given_up_total{%s}`: "0x4 1x100"}, "8m", "80m"},
	// It was counted before the first look at a new pod.
	{"AkuRowsGivenUp", map[string]string{`aku_replication_given_up_total{%s}`: "_x4 1x100"}, "8m", "80m"},
	{"AkuConflicts", map[string]string{`aku_replication_conflicts_total{%s,peer="altibase-1",replication="R_01",operation="insert"}`: "0x5 1x60"}, "8m", "40m"},
	{"AkuStepErrors", map[string]string{`aku_step_errors_total{%s,reason="timeout"}`: "0x5 20x60"}, "8m", "40m"},
	{"AkuRestarts", map[string]string{`aku_starts_total{%s}`: "1+1x9 10x120"}, "10m", "100m"},
	{"AkuEndIncomplete", map[string]string{`aku_last_end_success{%s}`: "1x5 0x100", `aku_last_end_timestamp_seconds{%s}`: "0x5 300x100"}, "10m", "70m"},
}

func TestAlerts_FireAndResolve(t *testing.T) {
	r := render(t, least, monitoring)
	dir := t.TempDir()
	write := func(name string, content any) string {
		text, err := yaml.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	spec := r.prometheusRules["altibase"].Spec
	file := write("rules.yaml", spec)
	promtool(t, "check", "rules", file)

	type object = map[string]any
	var tests []object
	var tested []string
	once, never := []object{{"labels": "{}", "value": 1}}, []object{}
	for _, c := range alertCases {
		tested = append(tested, c.alert)
		// Each monitor that scrapes a pod gives the same series labels of its own.
		for monitors := range 3 {
			input := []object{}
			for series, values := range c.series {
				for n := range monitors {
					labels := fmt.Sprintf(`namespace="db",pod="altibase-0",job="monitor-%d",endpoint="aku-health"`, n)
					series := strings.NewReplacer("%s", labels, `pod="altibase-1"}`, fmt.Sprintf(`pod="altibase-1",job="monitor-%d"}`, n)).Replace(series)
					input = append(input, object{"series": series, "values": values})
				}
			}
			firing := fmt.Sprintf(`count(ALERTS{alertname="%s",alertstate="firing"})`, c.alert)
			fires, resolves := once, never
			switch {
			case monitors > 0:
			case c.alert == "AkuAbsent":
				resolves = once // nobody looks, and that is what it says
			default:
				fires = never
			}
			tests = append(tests, object{"name": fmt.Sprintf("%s with %d monitors", c.alert, monitors), "interval": "1m", "input_series": input, "promql_expr_test": []object{
				{"expr": firing, "eval_time": "1m", "exp_samples": never},
				{"expr": firing, "eval_time": c.fires, "exp_samples": fires},
				{"expr": firing, "eval_time": c.resolve, "exp_samples": resolves},
			}})
		}
	}
	promtool(t, "test", "rules", write("tests.yaml", object{"rule_files": []string{"rules.yaml"}, "evaluation_interval": "1m", "tests": tests}))

	var alerts []string
	for _, one := range spec.Groups[0].Rules {
		alerts = append(alerts, one.Alert)
		page := readFile(t, filepath.Join("..", one.Annotations["runbook_url"]))
		for _, part := range []string{"# " + one.Alert + "\n", "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"} {
			if !strings.Contains(page, part) {
				t.Errorf("the page of %s has no %q", one.Alert, part)
			}
		}
	}
	if diff := cmp.Diff(alerts, slices.Compact(tested)); diff != "" {
		t.Errorf("alerts without a test, or tests without an alert:\n%s", diff)
	}
	quick := render(t, least, monitoring, "metrics: {prometheusRule: {for: 1s, runbooks: https://example.org/runbooks/}}").prometheusRules["altibase"].Spec
	for _, one := range quick.Groups[0].Rules {
		if one.For != "1s" || one.Annotations["runbook_url"] != "https://example.org/runbooks/"+one.Alert+".md" {
			t.Errorf("%+v", one)
		}
	}
}

func promtool(t *testing.T, args ...string) {
	t.Helper()
	var out bytes.Buffer
	command := exec.Command("../.build/prometheus/bin/promtool", args...)
	command.Stdout, command.Stderr = &out, &out
	if err := command.Run(); err != nil {
		t.Fatalf("promtool %s: %v (scripts/setup.sh brings it)\n%s", strings.Join(args, " "), err, out.String())
	}
}

var (
	metricSelector = regexp.MustCompile(`\baku_[a-z_]+\{`)
	onceEach       = regexp.MustCompile(`max by \([a-z, ]+\) \((?:rate\(|increase\()?aku_[a-z_]+\{`)
)

func TestDashboard_ShowsEachThingOnceUnderTwoMonitors(t *testing.T) {
	for expr := range strings.Lines(readFile(t, "altibase/files/dashboard.json")) {
		if all, once := len(metricSelector.FindAllString(expr, -1)), len(onceEach.FindAllString(expr, -1)); strings.Contains(expr, `"expr"`) && all != once {
			t.Errorf("%d of %d metrics are brought down to one series: %s", once, all, expr)
		}
	}
}

var metricName = regexp.MustCompile(`\baku_[a-z_]+\b`)

func TestMetrics_ThatAreUsedExist(t *testing.T) {
	r := render(t, least, monitoring)
	rules, err := yaml.Marshal(r.prometheusRules["altibase"].Spec)
	if err != nil {
		t.Fatal(err)
	}
	dashboard := r.configMaps["altibase-dashboard"].Data["aku.json"]
	if !json.Valid([]byte(dashboard)) {
		t.Error("the dashboard is no JSON")
	}
	texts := map[string]string{"rules": string(rules), "dashboard": dashboard}
	pages, err := filepath.Glob("../docs/runbooks/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("%v: no runbooks", err)
	}
	for _, page := range pages {
		texts[page] = readFile(t, page)
	}
	for where, text := range texts {
		for _, name := range metricName.FindAllString(text, -1) {
			if !slices.Contains(metricstest.Names(), name) {
				t.Errorf("%s uses %s, which is no metric", where, name)
			}
		}
	}
}
