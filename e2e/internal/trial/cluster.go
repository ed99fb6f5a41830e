// Package trial tries the chart out on a Kubernetes cluster. It installs and scales it, writes to every pod,
// and compares the servers with what they acknowledged. The demo and the end-to-end tests share it.
//
// It uses the programs kubectl and helm, as a user does. Nothing waits for a fixed time: each wait is for an
// event or a condition, within a limit, and a timeout reports the last state.
package trial

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// Cluster is the cluster of a trial.
type Cluster struct {
	Kubeconfig   string
	Images       Images
	Helm         string // the program; by default that of PATH
	repository   string // top folder of this repository
	serverValues string // file of chart values that fit the image of the server
}

// NewCluster finds the chart from the working folder.
func NewCluster(kubeconfig string, images Images) (*Cluster, error) {
	if _, err := os.Stat(kubeconfig); err != nil {
		return nil, fmt.Errorf("kubeconfig of the cluster: %w", err)
	}
	if _, err := patience(); err != nil {
		return nil, err
	}
	kubeconfig, err := filepath.Abs(kubeconfig)
	if err != nil {
		return nil, err
	}
	folder, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for top := folder; ; top = filepath.Dir(top) {
		if _, err := os.Stat(filepath.Join(top, "charts/altibase/Chart.yaml")); err == nil {
			c := &Cluster{Kubeconfig: kubeconfig, Images: images, repository: top}
			c.serverValues, err = serverValues(top)
			return c, err
		}
		if top == filepath.Dir(top) {
			return nil, fmt.Errorf("no charts/altibase above %s: run this inside the repository", folder)
		}
	}
}

func (c *Cluster) helm() string { return cmp.Or(c.Helm, "helm") }

// command prepares kubectl or helm.
func (c *Cluster) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig)
	cmd.Dir = c.repository
	// The program has a process group of its own. So Ctrl-C at a terminal ends only this program, which then
	// cleans up with further commands.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// run runs kubectl or helm and returns its output. An error contains its standard error.
func (c *Cluster) run(ctx context.Context, stdin []byte, name string, args ...string) ([]byte, error) {
	cmd := c.command(ctx, name, args...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin)
	}
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), commandError(err, complaint.String()))
	}
	return out, nil
}

// chatter matches what kubectl prints besides the reason: log lines, and the exit code of the program that it
// ran.
var chatter = regexp.MustCompile(`(?m)^([EWI]\d{4} .*|command terminated with exit code \d+)\n?`)

// commandError prefers the words of a program to its exit code.
func commandError(err error, complaint string) error {
	complaint = strings.TrimSpace(chatter.ReplaceAllString(complaint, ""))
	if exit := new(exec.ExitError); errors.As(err, &exit) && complaint != "" {
		return errors.New(complaint)
	}
	return err
}
