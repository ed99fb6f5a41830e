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
	Claim    = "aku-claim"
	Sidecar  = "aku"
	Database = "altibase"
)

// followLogs copies the logs of the pod's containers to files, which outlive the pod. Only one goroutine
// calls it.
func (s *Space) followLogs(pod corev1.Pod) {
	for _, c := range statuses(pod) {
		key := fmt.Sprint(pod.UID, c.Name, c.RestartCount)
		running := c.State.Running != nil || c.State.Terminated != nil
		if c.Name != Sidecar && c.Name != Database || !running || s.followed[key] {
			continue
		}
		s.followed[key] = true
		name := fmt.Sprintf("%s.%s.%03d-%s.log", pod.Name, c.Name, len(s.followed), pod.UID)
		s.background.Go(func() {
			file, err := os.OpenFile(filepath.Join(s.folder, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
			if err != nil {
				s.note("keep a log: %v", err)
				return
			}
			defer func() { _ = file.Close() }()
			s.copyLog(file, pod, c)
		})
	}
}

// copyLog copies the log of one run of a container until it ends. On a busy machine or after a restart of the
// node, the kubelet may not answer yet. Then the log is asked for again, as long as nothing of it has come and
// the container is the same.
func (s *Space) copyLog(file *os.File, pod corev1.Pod, c corev1.ContainerStatus) {
	for {
		cmd := s.cluster.command(s.context, "kubectl", s.in("logs", "--follow", pod.Name, "--container", c.Name)...)
		cmd.Stdout = file
		err := cmd.Run()
		now := s.Pods()[pod.Name]
		if info, _ := file.Stat(); err == nil || s.context.Err() != nil || info.Size() > 0 ||
			now.UID != pod.UID || Container(now, c.Name).RestartCount != c.RestartCount {
			return
		}
		s.note("the log of %s of %s: %v", c.Name, pod.Name, err)
		select {
		case <-s.context.Done():
		case <-time.After(pollInterval):
		}
	}
}

// Log is the log of a container so far, earlier pods of the same name included.
func (s *Space) Log(pod, container string) string {
	return s.log(pod + "." + container + ".*.log")
}

// LogOf is the log of a container of this pod only, without earlier pods of the same name.
func (s *Space) LogOf(pod corev1.Pod, container string) string {
	return s.log(fmt.Sprintf("%s.%s.*-%s.log", pod.Name, container, pod.UID))
}

// log joins the files that match, in the order in which their containers appeared.
func (s *Space) log(pattern string) string {
	files, _ := filepath.Glob(filepath.Join(s.folder, pattern)) // the pattern is valid
	slices.Sort(files)
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		all.Write(text)
	}
	return all.String()
}

// Said counts a text in the log of a container so far, earlier pods of the same name included.
func (s *Space) Said(pod, container, text string) int {
	return strings.Count(s.Log(pod, container), text)
}

// Copied counts the full copies in the start of a pod. It waits for the sidecar's line at the end of a start.
// A log keeps its order, so it then holds every copy before.
func (s *Space) Copied(ctx context.Context, limit time.Duration, pod corev1.Pod) (int, error) {
	copies := 0
	err := Await(ctx, limit, "the end of the start of "+pod.Name+" in its log", func(context.Context) string {
		start, _, ended := strings.Cut(s.LogOf(pod, Sidecar), "AKU run successfully.")
		copies = strings.Count(start, "Replication sync has ended.")
		if !ended {
			return "so far:\n" + tail(start, 5)
		}
		return ""
	})
	return copies, err
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

// Diagnose collects what helps to explain a failure.
func (s *Space) Diagnose() string {
	var text strings.Builder
	fmt.Fprintf(&text, "pods of namespace %s:\n", s.Namespace)
	pods := s.Pods()
	for _, name := range sortedNames(pods) {
		fmt.Fprintf(&text, "  %s\n", pods.Describe(name))
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
