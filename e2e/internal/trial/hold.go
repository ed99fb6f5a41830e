package trial

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
)

// Hold runs statements on a pod in one transaction, which stays open until it is released.
func (s *Space) Hold(number int, statements ...string) (release func() error, err error) {
	ctx, kill := context.WithCancel(s.context)
	args := append([]string{"exec", "--stdin", clientPod, "--", clientProgram, "hold", Host(number)}, statements...)
	cmd := s.cluster.command(ctx, "kubectl", s.in(args...)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	stdin, failed := cmd.StdinPipe()
	stdout, err := cmd.StdoutPipe()
	if err = errors.Join(failed, err); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		kill()
		return nil, err
	}
	end := func() error {
		defer kill()
		_ = stdin.Close()
		return commandError(cmd.Wait(), complaint.String())
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		return nil, fmt.Errorf("hold on %s: %w", Host(number), errors.Join(err, end()))
	}
	return end, nil
}
