package trial

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sigs.k8s.io/yaml"

	"aku/e2e/ports"
)

// Prometheus is a real Prometheus beside the cluster. It learns of the pods, with their labels, as from a
// PodMonitor, and reaches them through the API server.
type Prometheus struct {
	address string
	log     string
}

// StartPrometheus starts Prometheus with rules, the spec of a PrometheusRule. It evaluates them every second,
// and scrapes the pods every two: a busy machine may need more than one for an answer.
func (s *Space) StartPrometheus(ctx context.Context, rules []byte) (*Prometheus, error) {
	program := filepath.Join(s.cluster.repository, ".build/prometheus/bin/prometheus")
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("%w: run scripts/setup.sh", err)
	}
	folder := filepath.Join(s.folder, "prometheus")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	config, apiServer, err := s.prometheusConfig(folder)
	if err != nil {
		return nil, err
	}
	pods, err := s.servePods(apiServer)
	if err != nil {
		return nil, err
	}
	config = bytes.ReplaceAll(config, []byte(podsURL), []byte(pods))
	for file, text := range map[string][]byte{"rules.yaml": rules, "prometheus.yaml": config} {
		if err := os.WriteFile(filepath.Join(folder, file), text, 0o600); err != nil {
			return nil, err
		}
	}
	port, release, err := ports.Reserve()
	if err != nil {
		return nil, err
	}
	context.AfterFunc(s.context, release)
	p := &Prometheus{address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), log: filepath.Join(folder, "prometheus.log")}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(s.context, program, "--config.file="+filepath.Join(folder, "prometheus.yaml"),
		"--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+p.address)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	s.background.Go(func() {
		_ = cmd.Wait() // it is killed with the space
		_ = log.Close()
	})
	return p, Await(ctx, 3*time.Minute, "Prometheus", func(ctx context.Context) string {
		if err := p.get(ctx, "/-/ready", nil); err != nil {
			return p.explain(err).Error()
		}
		return ""
	})
}

// podsURL is the placeholder for the address of the list of pods.
const podsURL = "http://pods"

// servePods serves the list of pods with a port for metrics, in the form of http_sd_config, and returns its
// address.
func (s *Space) servePods(apiServer string) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	type target struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	server := http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		targets := []target{}
		for _, pod := range s.Pods() {
			for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
				for _, port := range container.Ports {
					if port.Name != "aku-health" || pod.Status.PodIP == "" {
						continue
					}
					targets = append(targets, target{Targets: []string{apiServer}, Labels: map[string]string{
						"namespace": pod.Namespace, "pod": pod.Name, "instance": pod.Name,
						"__metrics_path__": fmt.Sprintf("/api/v1/namespaces/%s/pods/%s:%d/proxy/metrics", pod.Namespace, pod.Name, port.ContainerPort),
					}})
				}
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(targets) // Prometheus asks again
	})}
	context.AfterFunc(s.context, func() { _ = server.Close() })
	s.background.Go(func() { _ = server.Serve(listener) })
	return "http://" + listener.Addr().String(), nil
}

// prometheusConfig makes the configuration from the kubeconfig. It writes the authority's certificate to the
// folder.
func (s *Space) prometheusConfig(folder string) (config []byte, apiServer string, err error) {
	text, err := os.ReadFile(s.cluster.Kubeconfig)
	if err != nil {
		return nil, "", err
	}
	var kubeconfig struct {
		Clusters []struct {
			Cluster struct {
				Server    string `json:"server"`
				Authority string `json:"certificate-authority-data"`
			} `json:"cluster"`
		} `json:"clusters"`
		Users []struct {
			User struct {
				Token string `json:"token"`
			} `json:"user"`
		} `json:"users"`
	}
	if err := yaml.Unmarshal(text, &kubeconfig); err != nil {
		return nil, "", err
	}
	if len(kubeconfig.Clusters) != 1 || len(kubeconfig.Users) != 1 || kubeconfig.Users[0].User.Token == "" {
		return nil, "", fmt.Errorf("%s: Prometheus needs one cluster and one user with a token", s.cluster.Kubeconfig)
	}
	server, err := url.Parse(kubeconfig.Clusters[0].Cluster.Server)
	if err != nil {
		return nil, "", err
	}
	authority, err := base64.StdEncoding.DecodeString(kubeconfig.Clusters[0].Cluster.Authority)
	if err != nil {
		return nil, "", err
	}
	if err := os.WriteFile(filepath.Join(folder, "ca.crt"), authority, 0o600); err != nil {
		return nil, "", err
	}
	type object = map[string]any
	config, err = yaml.Marshal(object{
		"global":     object{"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "1s"},
		"rule_files": []string{"rules.yaml"},
		"scrape_configs": []object{{
			"job_name": "pods", "scheme": "https",
			"authorization":   object{"credentials": kubeconfig.Users[0].User.Token},
			"tls_config":      object{"ca_file": "ca.crt"},
			"http_sd_configs": []object{{"url": podsURL, "refresh_interval": "1s"}},
		}},
	})
	return config, server.Host, err
}

// get queries Prometheus and decodes the answer.
func (p *Prometheus) get(ctx context.Context, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// Firing are the alerts that fire now, as NAME{pod} or NAME.
func (p *Prometheus) Firing(ctx context.Context) ([]string, error) {
	var answer struct {
		Data struct {
			Alerts []struct {
				State  string
				Labels map[string]string
			}
		}
	}
	if err := p.get(ctx, "/api/v1/alerts", &answer); err != nil {
		return nil, err
	}
	var firing []string
	for _, alert := range answer.Data.Alerts {
		if alert.State != "firing" {
			continue
		}
		name := alert.Labels["alertname"]
		if pod := alert.Labels["pod"]; pod != "" {
			name += "{" + pod + "}"
		}
		firing = append(firing, name)
	}
	slices.Sort(firing)
	return slices.Compact(firing), nil
}

// AwaitFiring waits until an alert fires, named as by Firing.
func (p *Prometheus) AwaitFiring(ctx context.Context, limit time.Duration, alert string) error {
	return p.await(ctx, limit, alert+" to fire", func(firing []string) bool { return slices.Contains(firing, alert) })
}

// AwaitResolved waits until no alert of that name fires for any pod.
func (p *Prometheus) AwaitResolved(ctx context.Context, limit time.Duration, name string) error {
	return p.await(ctx, limit, name+" to be resolved", func(firing []string) bool {
		return !slices.ContainsFunc(firing, func(alert string) bool { return alert == name || strings.HasPrefix(alert, name+"{") })
	})
}

func (p *Prometheus) await(ctx context.Context, limit time.Duration, what string, holds func(firing []string) bool) error {
	err := Await(ctx, limit, what, func(ctx context.Context) string {
		firing, err := p.Firing(ctx)
		switch {
		case err != nil:
			return err.Error()
		case !holds(firing):
			return fmt.Sprintf("firing: %v", firing)
		}
		return ""
	})
	if err == nil {
		return nil
	}
	return p.explain(err)
}

// explain adds the last output of Prometheus.
func (p *Prometheus) explain(err error) error {
	log, _ := os.ReadFile(p.log)
	return fmt.Errorf("%w\nthe end of %s:\n%s", err, p.log, tail(string(log), 10))
}

// Rules renders the PrometheusRule of the release and returns its spec, because the cluster has no operator
// for it.
func (s *Space) Rules(ctx context.Context, values Values) ([]byte, error) {
	var rule struct {
		Spec json.RawMessage `json:"spec"`
	}
	if err := s.render(ctx, "prometheusrule.yaml", values, &rule); err != nil {
		return nil, err
	}
	return yaml.JSONToYAML(rule.Spec)
}
