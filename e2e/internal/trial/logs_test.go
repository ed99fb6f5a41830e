package trial

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// busyKubectl fails at first, as beside a kubelet that does not answer, and then prints a log.
const busyKubectl = `#!/bin/sh
echo asked >> "$0.asked"
[ "$(wc -l < "$0.asked")" -gt 2 ] || { echo "i/o timeout" >&2; exit 1; }
echo "the only line"
`

func TestLog_IsAskedForAgainWhenTheKubeletDoesNotAnswer(t *testing.T) {
	programs := t.TempDir()
	kubectl := filepath.Join(programs, "kubectl")
	if err := os.WriteFile(kubectl, []byte(busyKubectl), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", programs+":"+os.Getenv("PATH"))
	ctx, cancel := context.WithCancel(t.Context())
	s := &Space{cluster: &Cluster{repository: programs}, folder: t.TempDir(), followed: map[string]bool{}, context: ctx, cancel: cancel}
	defer s.Leave()
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", UID: "1"}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: Database, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
	s.see(Pods{pod.Name: pod})
	if err := s.AwaitLog(ctx, time.Minute, pod.Name, Database, "the only line"); err != nil {
		t.Fatal(err)
	}
	s.see(Pods{pod.Name: pod})
	s.background.Wait() // the copy ends with the container
	if asked, err := os.ReadFile(kubectl + ".asked"); err != nil || strings.Count(string(asked), "asked") != 3 {
		t.Errorf("%v, asked:\n%s", err, asked)
	}
	if n := s.Said(pod.Name, Database, "the only line"); n != 1 {
		t.Errorf("the line is there %d times", n)
	}
}
