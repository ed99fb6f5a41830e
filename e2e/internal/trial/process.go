package trial

import (
	"context"
	"fmt"
	"strings"
)

// RSS is the memory of a program in a container, in MiB.
func (s *Space) RSS(ctx context.Context, pod, container, program string) (float64, error) {
	var processes []struct {
		Command string
		RSSKiB  int
	}
	if err := s.onNode(ctx, pod, []string{"processes", s.containerID(pod, container)}, &processes); err != nil {
		return 0, err
	}
	for _, p := range processes {
		if strings.HasPrefix(p.Command, program) {
			return float64(p.RSSKiB) / 1024, nil
		}
	}
	return 0, fmt.Errorf("no %s runs in container %s of %s: %v", program, container, pod, processes)
}

// Kill kills a container.
func (s *Space) Kill(ctx context.Context, pod, container string) error {
	return s.onNode(ctx, pod, []string{"kill", s.containerID(pod, container)})
}

// Thaw ends Freeze.
func (s *Space) Thaw(ctx context.Context, pod, container string) error {
	return s.onNode(ctx, pod, []string{"thaw", s.containerID(pod, container)})
}

// Freeze stops a container until it is killed or thawed.
func (s *Space) Freeze(ctx context.Context, pod, container string) error {
	return s.onNode(ctx, pod, []string{"freeze", s.containerID(pod, container)})
}

// containerID is the id without the name of the runtime before it.
func (s *Space) containerID(pod, container string) string {
	id := Container(s.Pods()[pod], container).ContainerID
	return id[strings.LastIndex(id, "/")+1:]
}
