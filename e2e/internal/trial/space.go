package trial

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Space is a namespace with one release of the chart.
type Space struct {
	Namespace string

	cluster    *Cluster
	folder     string // logs of the containers
	pods       board[Pods]
	followed   map[string]bool // containers whose log is copied
	nodeHands  sync.Mutex      // while one starts
	context    context.Context
	cancel     context.CancelFunc
	background sync.WaitGroup
}

// release is the name of the release and of the StatefulSet.
const release = "altibase"

// Open creates a namespace whose name begins with prefix.
func (c *Cluster) Open(ctx context.Context, prefix string) (*Space, error) {
	manifest, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{"generateName": prefix + "-"},
	})
	if err != nil {
		return nil, err
	}
	out, err := c.run(ctx, manifest, "kubectl", "create", "-f", "-", "-o", "name")
	if err != nil {
		return nil, err
	}
	s := &Space{
		Namespace: strings.TrimPrefix(strings.TrimSpace(string(out)), "namespace/"),
		cluster:   c,
		followed:  map[string]bool{},
	}
	s.folder = filepath.Join(c.repository, ".build/e2e", s.Namespace)
	if err := os.MkdirAll(s.folder, 0o755); err != nil {
		return nil, err
	}
	s.context, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.background.Go(func() { s.follow(s.context) })
	return s, nil
}

// closeLimit bounds the removal of a namespace.
const closeLimit = 3 * time.Minute

// Close removes everything, and does not wait for the cluster to finish. Nothing has to end in good order any
// more, so the pods are killed.
func (s *Space) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patient(closeLimit))
	defer cancel()
	_, orphan := s.kubectl(ctx, nil, "delete", "statefulset", "--all", "--cascade=orphan")
	_, kill := s.kubectl(ctx, nil, "delete", "pod", "--all", "--force", "--grace-period=0")
	_, remove := s.cluster.run(ctx, nil, "kubectl", "delete", "namespace", s.Namespace, "--wait=false")
	s.Leave()
	return errors.Join(orphan, kill, remove)
}

// Leave stops watching and leaves everything as it is.
func (s *Space) Leave() {
	s.cancel()
	s.background.Wait()
}

// in adds the namespace after the verb of a kubectl or helm command.
func (s *Space) in(args ...string) []string {
	return append([]string{args[0], "--namespace", s.Namespace}, args[1:]...)
}

func (s *Space) kubectl(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	return s.cluster.run(ctx, stdin, "kubectl", s.in(args...)...)
}

// note records what may explain a later failure.
func (s *Space) note(format string, args ...any) {
	file, err := os.OpenFile(filepath.Join(s.folder, "trial.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	fmt.Fprintf(file, "%s %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// Install installs the chart with the server under test, and does not wait for it.
func (s *Space) Install(ctx context.Context, values ...Values) error {
	text, err := s.values(values...)
	if err != nil {
		return err
	}
	return s.helm(ctx, text, "install", release, chart, "--values", "-")
}

// InstallFrom installs another chart than the checkout's, from a folder or a registry, with further flags of
// helm.
func (s *Space) InstallFrom(ctx context.Context, chart string, flags []string, values ...Values) error {
	text, err := s.values(values...)
	if err != nil {
		return err
	}
	return s.helm(ctx, text, append([]string{"install", release, chart, "--values", "-"}, flags...)...)
}

// UpgradeTo replaces the chart and all values. An empty folder means the chart of the checkout.
func (s *Space) UpgradeTo(ctx context.Context, folder string, values ...Values) error {
	text, err := s.values(values...)
	if err != nil {
		return err
	}
	return s.helm(ctx, text, "upgrade", release, cmp.Or(folder, chart), "--values", "-")
}

// Upgrade changes some values, such as "replicaCount=3", and keeps the others.
func (s *Space) Upgrade(ctx context.Context, set ...string) error {
	return s.helm(ctx, nil, "upgrade", release, chart, "--reuse-values", "--set", strings.Join(set, ","))
}

// Rollback returns to a revision of the release.
func (s *Space) Rollback(ctx context.Context, revision int) error {
	return s.helm(ctx, nil, "rollback", release, strconv.Itoa(revision))
}

// hookLimits bound a helm command that may wait for a hook: the check before an upgrade runs in a pod of its own.
const hookLimits = 6 * time.Minute

// Uninstall deletes the release as a user does, hooks included.
func (s *Space) Uninstall(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patient(hookLimits))
	defer cancel()
	_, err := s.cluster.run(ctx, nil, s.cluster.helm(), s.in("uninstall", release)...)
	return err
}

// Test runs helm test and returns its output, with the log of its pod.
func (s *Space) Test(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patient(hookLimits))
	defer cancel()
	out, err := s.cluster.run(ctx, nil, s.cluster.helm(), s.in("test", release, "--logs")...)
	return string(out), err
}

// DeletePods deletes pods in good order, and does not wait for their end.
func (s *Space) DeletePods(ctx context.Context, names ...string) error {
	_, err := s.kubectl(ctx, nil, append([]string{"delete", "pod", "--wait=false"}, names...)...)
	return err
}

func (s *Space) helm(ctx context.Context, stdin []byte, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, patient(hookLimits))
	defer cancel()
	_, err := s.cluster.run(ctx, stdin, s.cluster.helm(), s.in(args...)...)
	return err
}

// Pod is the name of the pod of a number.
func Pod(number int) string { return fmt.Sprintf("%s-%d", release, number) }

// Host is the host name of a pod inside the namespace.
func Host(number int) string { return fmt.Sprintf("%s.%s-pods", Pod(number), release) }
