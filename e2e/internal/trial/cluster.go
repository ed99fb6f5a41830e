// Package trial tries the chart out on a Kubernetes cluster: it installs it, scales it, writes to every pod and holds the
// servers to what they acknowledged. The demo and the end-to-end tests share it.
//
// It works through the programs kubectl and helm, as a user does. Nothing here waits for a fixed time: what is awaited is an
// event or a condition, each within a limit, and who waits in vain says what was last seen.
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

// Cluster is where the trial takes place.
type Cluster struct {
	Kubeconfig   string
	Images       Images
	Helm         string // the program, that of PATH if not given
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
	// A group of its own: Ctrl-C at a terminal goes to this program alone, which cleans up with further commands.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// run runs kubectl or helm and returns what it printed; a failure carries what it complained about.
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

// chatter is what kubectl says besides the reason: lines of its log, and the exit code of the program it ran.
var chatter = regexp.MustCompile(`(?m)^([EWI]\d{4} .*|command terminated with exit code \d+)\n?`)

// commandError prefers the words of a program to its exit code.
func commandError(err error, complaint string) error {
	complaint = strings.TrimSpace(chatter.ReplaceAllString(complaint, ""))
	if exit := new(exec.ExitError); errors.As(err, &exit) && complaint != "" {
		return errors.New(complaint)
	}
	return err
}
