package trial

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Containers of the chart's pods.
const (
	Sidecar  = "aku"
	Database = "altibase"
)

// followLogs copies the logs of the pod's containers to files: they outlive the pod, and the hook's last words with
// them. It is called by one goroutine.
func (s *Space) followLogs(pod corev1.Pod) {
	for _, c := range statuses(pod) {
		key := fmt.Sprint(pod.UID, c.Name, c.RestartCount)
		running := c.State.Running != nil || c.State.Terminated != nil
		if c.Name != Sidecar && c.Name != Database || !running || s.followed[key] {
			continue
		}
		s.followed[key] = true
		s.background.Go(func() {
			file, err := os.OpenFile(s.logFile(pod.Name, c.Name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
			if err != nil {
				s.note("keep a log: %v", err)
				return
			}
			defer func() { _ = file.Close() }()
			cmd := s.cluster.command(s.context, "kubectl", s.in("logs", "--follow", pod.Name, "--container", c.Name)...)
			cmd.Stdout = file
			_ = cmd.Run() // it ends with its container
		})
	}
}

func (s *Space) logFile(pod, container string) string {
	return filepath.Join(s.folder, pod+"."+container+".log")
}

// Log is what a container of a pod, and of all earlier pods of that name, has said so far.
func (s *Space) Log(pod, container string) string {
	text, err := os.ReadFile(s.logFile(pod, container))
	if err != nil {
		return ""
	}
	return string(text)
}

// Syncs counts the SYNCs that the stand-in servers of the first pods have brought to an end, by their logs.
func (s *Space) Syncs(pods int) int {
	count := 0
	for number := range pods {
		count += strings.Count(s.Log(Pod(number), Database), `msg="sync has ended"`)
	}
	return count
}

// AwaitLog waits until the log holds each of the texts.
func (s *Space) AwaitLog(ctx context.Context, limit time.Duration, pod, container string, texts ...string) error {
	what := fmt.Sprintf("%q in the log of %s, container %s", texts, pod, container)
	return Await(ctx, limit, what, func(context.Context) string {
		log := s.Log(pod, container)
		for _, text := range texts {
			if !strings.Contains(log, text) {
				return fmt.Sprintf("no %q in:\n%s", text, tail(log, 5))
			}
		}
		return ""
	})
}

// Diagnose is what somebody needs who asks why a trial failed.
func (s *Space) Diagnose() string {
	var text strings.Builder
	fmt.Fprintf(&text, "pods of namespace %s:\n", s.Namespace)
	pods := s.Pods()
	for _, name := range sortedNames(pods) {
		fmt.Fprintf(&text, "  %s\n", pods.describe(name))
	}
	files, _ := filepath.Glob(filepath.Join(s.folder, "*.log"))
	slices.Sort(files)
	for _, file := range files {
		content, _ := os.ReadFile(file)
		fmt.Fprintf(&text, "end of %s:\n%s\n", file, tail(string(content), 20))
	}
	return text.String()
}

func sortedNames(pods Pods) []string {
	var names []string
	for name := range pods {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// tail is the last lines of a text, indented.
func tail(text string, most int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	lines = lines[max(0, len(lines)-most):]
	return "    " + strings.Join(lines, "\n    ")
}
