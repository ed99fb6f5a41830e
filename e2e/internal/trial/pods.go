package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Pods are the pods of a space by name, as last seen.
type Pods map[string]corev1.Pod

// follow keeps the board up to date until the context ends.
func (s *Space) follow(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.followOnce(ctx); err != nil && ctx.Err() == nil {
			s.note("watching the pods: %v", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollInterval): // the API server may be away for a while
		}
	}
}

func (s *Space) followOnce(ctx context.Context) error {
	// A watch begins with all existing pods, but does not report the pods that disappeared before it began.
	listed, err := s.kubectl(ctx, nil, "get", "pods", "-o", "json")
	if err != nil {
		return err
	}
	var list corev1.PodList
	if err := json.Unmarshal(listed, &list); err != nil {
		return err
	}
	pods := Pods{}
	for _, pod := range list.Items {
		pods[pod.Name] = pod
	}
	s.see(pods)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := s.cluster.command(ctx, "kubectl", s.in("get", "pods", "--watch", "--output-watch-events", "-o", "json")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		cancel()
		_ = cmd.Wait()
	}()
	events := json.NewDecoder(out)
	for {
		var event struct {
			Type   string
			Object corev1.Pod
		}
		if err := events.Decode(&event); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		pods = maps.Clone(pods)
		if event.Type == "DELETED" {
			delete(pods, event.Object.Name)
		} else {
			pods[event.Object.Name] = event.Object
		}
		s.see(pods)
	}
}

// see publishes new pods, and follows the logs of new containers.
func (s *Space) see(pods Pods) {
	s.pods.set(pods)
	for _, pod := range pods {
		s.followLogs(pod)
	}
}

// Pods are the present pods.
func (s *Space) Pods() Pods {
	pods, _ := s.pods.get()
	return pods
}

// AwaitPods waits until lacking returns "". Otherwise lacking says what is missing.
func (s *Space) AwaitPods(ctx context.Context, limit time.Duration, what string, lacking func(Pods) string) error {
	return s.pods.await(ctx, limit, what, lacking)
}

// AwaitReady waits until these pods are in service.
func (s *Space) AwaitReady(ctx context.Context, limit time.Duration, names ...string) error {
	return s.AwaitPods(ctx, limit, strings.Join(names, ", ")+" in service", func(pods Pods) string {
		for _, name := range names {
			if pod, exists := pods[name]; !exists || !Ready(pod) {
				return pods.Describe(name)
			}
		}
		return ""
	})
}

// AwaitGone waits until these pods no longer exist.
func (s *Space) AwaitGone(ctx context.Context, limit time.Duration, names ...string) error {
	return s.AwaitPods(ctx, limit, "the end of "+strings.Join(names, ", "), func(pods Pods) string {
		for _, name := range names {
			if _, exists := pods[name]; exists {
				return pods.Describe(name)
			}
		}
		return ""
	})
}

// AwaitRunning waits until a container of the pod runs, and returns its status.
func (s *Space) AwaitRunning(ctx context.Context, limit time.Duration, name, container string) (corev1.ContainerStatus, error) {
	var found corev1.ContainerStatus
	err := s.AwaitPods(ctx, limit, "container "+container+" of "+name, func(pods Pods) string {
		found = Container(pods[name], container)
		if found.State.Running == nil {
			return pods.Describe(name)
		}
		return ""
	})
	return found, err
}

// Ready tells whether clients are led to a pod.
func Ready(pod corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// Container is the status of a container, sidecars included.
func Container(pod corev1.Pod, name string) corev1.ContainerStatus {
	for _, c := range statuses(pod) {
		if c.Name == name {
			return c
		}
	}
	return corev1.ContainerStatus{Name: name}
}

func statuses(pod corev1.Pod) []corev1.ContainerStatus {
	return slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
}

// Restarts is the number of restarts of the pod's containers.
func Restarts(pod corev1.Pod) int {
	restarts := 0
	for _, c := range statuses(pod) {
		restarts += int(c.RestartCount)
	}
	return restarts
}

// AllRestarted tells whether each container of a pod restarted between two reads. Init containers that end
// do not count.
func AllRestarted(before, now corev1.Pod) bool {
	for _, c := range statuses(now) {
		prepares := c.State.Terminated != nil && c.State.Terminated.ExitCode == 0
		if !prepares && c.RestartCount <= Container(before, c.Name).RestartCount {
			return false
		}
	}
	return len(statuses(now)) > 0
}

// Describe is a pod in one line.
func (p Pods) Describe(name string) string {
	pod, exists := p[name]
	if !exists {
		return "no pod " + name
	}
	line := name + " " + string(pod.Status.Phase)
	if Ready(pod) {
		line += " ready"
	}
	if pod.DeletionTimestamp != nil {
		line += " ending"
	}
	for _, c := range statuses(pod) {
		line += ", " + c.Name + " " + describeState(c)
	}
	for _, c := range pod.Status.Conditions {
		if c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			line += ", " + c.Message
		}
	}
	return line
}

func describeState(c corev1.ContainerStatus) string {
	var state string
	switch {
	case c.State.Running != nil && c.Ready:
		state = "ready"
	case c.State.Running != nil:
		state = "running"
	case c.State.Terminated != nil:
		state = fmt.Sprintf("ended with %d", c.State.Terminated.ExitCode)
	case c.State.Waiting != nil:
		state = strings.TrimSpace(c.State.Waiting.Reason + " " + c.State.Waiting.Message)
	default:
		state = "unknown"
	}
	if c.RestartCount > 0 {
		state += fmt.Sprintf(" (restarted %d times)", c.RestartCount)
	}
	return state
}
