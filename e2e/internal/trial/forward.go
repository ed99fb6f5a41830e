package trial

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Forward gives the node's programs access to a service of this machine: a port on the node's loopback leads
// to a socket in the file system until stop is called. It needs the cluster of this checkout.
func (s *Space) Forward(port, socket string) (stop func() error, err error) {
	script := exec.Command(filepath.Join(s.cluster.repository, "e2e/cluster/forward.sh"), port, socket)
	script.WaitDelay = time.Second // an open connection holds its standard error
	var complaint strings.Builder
	script.Stderr = &complaint
	out, err := script.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := script.Start(); err != nil {
		return nil, err
	}
	// The script prints a line when it listens.
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return nil, fmt.Errorf("forward.sh: %q: %w", line, commandError(errors.Join(err, script.Wait()), complaint.String()))
	}
	return func() error {
		err := script.Process.Signal(os.Interrupt)
		_ = script.Wait() // it ends by the signal
		return err
	}, nil
}
