package main

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"aku/e2e/altisim/altisimtest"
	"aku/e2e/ports"
)

// idle is the cost of a sidecar while nothing happens.
type idle struct {
	For          time.Duration
	CPU          float64 // share of one core
	RSS, Private int     // KiB at the peak of the resident memory; Private is not backed by a file
	Parts        map[string]int
	Threads      int
	Said         int   // bytes of its own log meanwhile
	SaidBefore   int   // bytes of its own log until it was in service
	LongestLine  int   // bytes, of these lines
	Changes      int64 // rows inserted and deleted on its server meanwhile, and sent to each peer
}

const (
	probeEvery  = 10 * time.Second // the kubelet's default
	scrapeEvery = 30 * time.Second
	ticks       = 100 // a second: the unit of the times in /proc
)

// measureIdle runs the real aku-init from the bundle as in a pod, in a mount namespace with the bundle at
// /opt/aku, the peers' names in /etc/hosts and an API server. The pod is a slave in service and beats every
// beatEvery seconds.
func measureIdle(ctx context.Context, s shape, beatEvery int, bundle string, during time.Duration) (idle, error) {
	var result idle
	err := hosted(func(h *host) error {
		m, err := newMesh(h, s)
		if err != nil {
			return err
		}
		p := m.last()
		p.Kill9()
		p.Move("127.0.0.1") // where a sidecar connects to its own server
		p.SetEnv("ALTISIM_TIME_SCALE", setUpScale)
		p.restart()
		p.env["AKU_BEAT_INTERVAL"] = strconv.Itoa(beatEvery)
		// The way in which a file was written changes what the kernel keeps of the program in memory.
		installed := h.TempDir()
		if out, err := bundled(ctx, bundle, "aku-init", "install", installed).CombinedOutput(); err != nil {
			return fmt.Errorf("install the bundle: %w\n%s", err, out)
		}
		cmd, err := p.container(ctx, installed)
		if err != nil {
			return err
		}
		var said said
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			return err
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		defer func() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			if err := <-ended; err != nil && ctx.Err() == nil {
				fmt.Fprintln(os.Stderr, "aku-init:", err)
			}
		}()
		for deadline := time.Now().Add(5 * time.Minute); !p.ready(); time.Sleep(100 * time.Millisecond) {
			if time.Now().After(deadline) {
				return fmt.Errorf("the sidecar does not come into service:\n%s", said.String())
			}
		}
		time.Sleep(5 * time.Second) // let the effects of the start pass
		before, rows := said.String(), p.rowsSent()
		if result, err = p.watchIdle(ctx, cmd.Process.Pid, during); err != nil {
			return err
		}
		result.Changes = p.rowsSent() - rows
		result.Said = len(said.String()) - len(before)
		result.SaidBefore = len(before)
		for line := range strings.Lines(before) {
			result.LongestLine = max(result.LongestLine, len(line))
		}
		return nil
	})
	return result, err
}

// said is the log of a running process.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// rowsSent is the number of changes that the server has sent to pod 0.
func (p *pod) rowsSent() int64 {
	c := p.Open(altisimtest.Dial{})
	defer c.Close()
	return c.Int("SELECT SUM(INSERT_LOG_COUNT + UPDATE_LOG_COUNT + DELETE_LOG_COUNT) FROM V$REPSENDER_SENT_LOG_COUNT WHERE REP_NAME = '" +
		object(p, p.mesh.pods[0]) + "'")
}

// container is aku-init in a stand-in for its container.
func (p *pod) container(ctx context.Context, bundle string) (*exec.Cmd, error) {
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"spec":{"replicas":%d}}`, p.mesh.Pods)
	}))
	p.mesh.host.Cleanup(api.Close)
	address, port, err := net.SplitHostPort(api.Listener.Addr().String())
	if err != nil {
		return nil, err
	}
	dir := p.mesh.host.TempDir()
	hosts := "127.0.0.1 localhost\n"
	for i, other := range p.mesh.pods {
		hosts += other.Host + " " + altisimtest.Name(i) + "\n"
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})
	for name, text := range map[string]string{"hosts": hosts, "token": "t", "namespace": "default", "ca.crt": string(authority)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	health, release, err := ports.Reserve()
	if err != nil {
		return nil, err
	}
	p.mesh.host.Cleanup(release)
	p.env["AKU_HEALTH_PORT"] = strconv.Itoa(health)
	const inside = `set -e
mount --bind "$1/hosts" /etc/hosts
exec 3<"$2"
mount -t tmpfs tmpfs /opt
mkdir /opt/aku
mount --bind /proc/self/fd/3 /opt/aku
exec 3<&-
mkdir -p /run/secrets
mount -t tmpfs tmpfs /run/secrets
mkdir -p /run/secrets/kubernetes.io/serviceaccount
cp "$1/token" "$1/namespace" "$1/ca.crt" /run/secrets/kubernetes.io/serviceaccount
exec /opt/aku/bin/aku-init`
	args := []string{"--mount"}
	if os.Getuid() != 0 {
		args = append(args, "--map-root-user")
	}
	cmd := exec.CommandContext(ctx, "unshare", append(args, "sh", "-c", inside, "sh", dir, bundle)...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "KUBERNETES_SERVICE_HOST=" + address, "KUBERNETES_SERVICE_PORT=" + port,
		"AKU_REPLICATION_RESET_AT_END=auto", "AKU_ODBC_DRIVER=" + driver.File, "AKU_ODBC_QUOTE=braces",
		"AKU_ODBC_SYSDBA=" + driver.SYSDBA, "AKU_ODBC_EXTRA=" + driver.Extra,
	}
	for name, value := range p.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd, nil
}

func (p *pod) ready() bool { return p.ask("readyz") == nil }

// ask sends a probe or a scrape.
func (p *pod) ask(path string) error {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://127.0.0.1:" + p.env["AKU_HEALTH_PORT"] + "/" + path)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}

// watchIdle measures a sidecar in service, with the requests of a kubelet and of Prometheus.
func (p *pod) watchIdle(ctx context.Context, pid int, during time.Duration) (idle, error) {
	before, err := cpu(pid)
	if err != nil {
		return idle{}, err
	}
	began := time.Now()
	probe, scrape := time.NewTicker(probeEvery), time.NewTicker(scrapeEvery)
	defer probe.Stop()
	defer scrape.Stop()
	over := time.After(during)
	var r idle
	for waiting := true; waiting; {
		select {
		case <-probe.C:
			if err := errors.Join(p.ask("livez"), p.ask("readyz"), r.memory(pid)); err != nil {
				return idle{}, err
			}
		case <-scrape.C:
			_ = p.ask("metrics")
		case <-over:
			waiting = false
		case <-ctx.Done():
			return idle{}, ctx.Err()
		}
	}
	after, err := cpu(pid)
	if err != nil {
		return idle{}, err
	}
	r.For = time.Since(began)
	r.CPU = float64(after-before) / float64(r.For)
	return r, r.memory(pid)
}

// cpu is the processor time of a process.
func cpu(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / ticks, nil
}

// memory reads the resident memory by parts, and keeps it when it is the peak.
func (r *idle) memory(pid int) error {
	now := idle{Parts: map[string]int{}}
	if err := now.resident(pid); err != nil {
		return err
	}
	if now.RSS > r.RSS {
		r.RSS, r.Private, r.Parts = now.RSS, now.Private, now.Parts
	}
	r.Threads = max(r.Threads, now.Threads)
	return nil
}

func (r *idle) resident(pid int) error {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", pid))
	if err != nil {
		return err
	}
	part := ""
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if !strings.HasSuffix(fields[0], ":") {
			part = partOf(fields)
			continue
		}
		if len(fields) < 2 {
			continue
		}
		kib, _ := strconv.Atoi(fields[1])
		switch fields[0] {
		case "Rss:":
			r.RSS += kib
			r.Parts[part] += kib
		case "Anonymous:":
			r.Private += kib
		}
	}
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	r.Threads = len(tasks)
	return err
}

// partOf names the part to which a mapping belongs.
func partOf(fields []string) string {
	name := ""
	if len(fields) > 5 {
		name = fields[5]
	}
	switch {
	case strings.HasSuffix(name, "bin/aku-init"):
		return "program"
	case strings.Contains(name, "/aku/lib/"):
		return "libraries of the bundle"
	case strings.HasPrefix(name, "/"):
		return "ODBC driver and its libraries"
	}
	return "heaps and stacks"
}
