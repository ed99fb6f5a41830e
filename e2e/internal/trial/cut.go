package trial

import (
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Slow limits the replication from one pod to another, in bytes a second, until heal is called or one of the
// two ends.
func (s *Space) Slow(ctx context.Context, pod, other string, bytes int) (heal func() error, err error) {
	return s.hinder(ctx, pod, other, "--slow", strconv.Itoa(bytes))
}

// Cut blocks all traffic between two pods until heal is called or the first of them ends. It needs the
// cluster of this checkout, whose processes are visible here.
func (s *Space) Cut(ctx context.Context, pod, other string) (heal func() error, err error) {
	return s.hinder(ctx, pod, other)
}

// hinder puts network rules between two pods.
func (s *Space) hinder(ctx context.Context, pod, other string, options ...string) (heal func() error, err error) {
	id := s.containerID(pod, Sidecar)
	script := filepath.Join(s.cluster.repository, "e2e/cluster/cut.sh")
	run := func(ctx context.Context, args ...string) error {
		out, err := exec.CommandContext(ctx, script, args...).CombinedOutput()
		if err != nil {
			return commandError(err, strings.TrimSpace(string(out)))
		}
		return nil
	}
	return func() error { return run(context.WithoutCancel(ctx), "--heal", id) }, run(ctx, append(options, id, s.Pods()[other].Status.PodIP)...)
}
