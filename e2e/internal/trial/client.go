package trial

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"aku/e2e/internal/account"
)

const (
	clientPod     = "client"
	clientProgram = "/opt/aku/bin/client"
	journals      = "/journals"
	clientLimit   = 2 * time.Minute
)

// StartClient starts the client's pod, and waits for it. The client is installed like aku: an init container
// copies it to a volume, and it runs in the image of the server, with the driver and the settings that the
// chart gives to aku. The Secret of the password must exist.
func (s *Space) StartClient(ctx context.Context) error {
	return s.StartBundle(ctx, clientPod, clientProgram, "wait")
}

// StartBundle starts such a pod for a command.
func (s *Space) StartBundle(ctx context.Context, name string, command ...string) error {
	set, err := s.StatefulSet(ctx)
	if err != nil {
		return err
	}
	server := set.Spec.Template.Spec
	aku := server.InitContainers[slices.IndexFunc(server.InitContainers, func(c corev1.Container) bool { return c.Name == Sidecar })]
	auth := server.Volumes[slices.IndexFunc(server.Volumes, func(v corev1.Volume) bool { return v.Name == "aku-auth" })]
	settings := slices.DeleteFunc(aku.Env, func(e corev1.EnvVar) bool { return e.ValueFrom != nil }) // values from the pod itself do not fit here
	program := corev1.VolumeMount{Name: "program", MountPath: "/opt/aku"}
	folder := func(name string) corev1.Volume {
		return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}
	}
	pod := corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			EnableServiceLinks:            new(false),
			AutomountServiceAccountToken:  new(false),
			TerminationGracePeriodSeconds: new(int64(1)),
			ImagePullSecrets:              server.ImagePullSecrets,
			NodeSelector:                  server.NodeSelector,
			Tolerations:                   server.Tolerations,
			SecurityContext:               server.SecurityContext,
			InitContainers: []corev1.Container{{
				Name: "install", Image: s.cluster.Images.Client, Args: []string{"install", "/target"},
				VolumeMounts: []corev1.VolumeMount{{Name: program.Name, MountPath: "/target"}},
			}},
			Containers: []corev1.Container{{
				Name: name, Image: aku.Image, ImagePullPolicy: aku.ImagePullPolicy,
				Command: command, Env: append(settings, corev1.EnvVar{Name: "GCONV_PATH", Value: "/opt/aku/lib/gconv"}), SecurityContext: aku.SecurityContext,
				VolumeMounts: []corev1.VolumeMount{
					program,
					{Name: auth.Name, MountPath: "/etc/aku/auth", ReadOnly: true},
					{Name: "journals", MountPath: journals},
					{Name: "tmp", MountPath: "/tmp"}, // an image may have none
				},
			}},
			Volumes: []corev1.Volume{folder(program.Name), folder("journals"), folder("tmp"), auth},
		},
	}
	if err := s.Run(ctx, pod); err != nil {
		return err
	}
	return s.AwaitReady(ctx, joinLimit, name)
}

// Run starts a pod.
func (s *Space) Run(ctx context.Context, pod corev1.Pod) error {
	manifest, err := json.Marshal(pod)
	if err != nil {
		return err
	}
	_, err = s.kubectl(ctx, manifest, "create", "-f", "-")
	return err
}

// Exec runs a program in a container and returns what it printed.
func (s *Space) Exec(ctx context.Context, pod, container string, command ...string) ([]byte, error) {
	return s.kubectl(ctx, nil, append([]string{"exec", pod, "--container", container, "--"}, command...)...)
}

// Converse runs a program in such a pod. It passes each printed line to hear, which may answer it.
func (s *Space) Converse(ctx context.Context, pod string, hear func(line string) (answer string, asked bool), command ...string) error {
	cmd := s.cluster.command(ctx, "kubectl", s.in(append([]string{"exec", "--stdin", pod, "--container", pod, "--"}, command...)...)...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if answer, asked := hear(lines.Text()); asked {
			if _, err := fmt.Fprintln(stdin, answer); err != nil {
				break // it has ended; the reason follows below
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s in pod %s: %w", command[0], pod, err)
	}
	return nil
}

// client calls the client and decodes each printed line.
func (s *Space) client(ctx context.Context, args []string, into ...any) error {
	return s.call(ctx, clientPod, clientPod, args, into...)
}

// call runs the client in a container that has it.
func (s *Space) call(ctx context.Context, pod, container string, args []string, into ...any) error {
	ctx, cancel := context.WithTimeout(ctx, patient(clientLimit))
	defer cancel()
	out, err := s.Exec(ctx, pod, container, append([]string{clientProgram}, args...)...)
	if err != nil {
		return err
	}
	lines := json.NewDecoder(bytes.NewReader(out))
	for _, value := range into {
		if err := lines.Decode(value); err != nil {
			return fmt.Errorf("client %s printed %q: %w", args[0], out, err)
		}
	}
	return nil
}

// Load inserts rows with the keys from..from+count-1.
func (s *Space) Load(ctx context.Context, number int, from, count int64) (account.Progress, error) {
	var done account.Progress
	err := s.client(ctx, []string{"load", "-journal", journals + "/load" + strconv.FormatInt(from, 10),
		"-from", strconv.FormatInt(from, 10), "-rows", strconv.FormatInt(count, 10), Host(number)}, &done)
	return done, err
}

// Copies sums up the table of the first pods.
func (s *Space) Copies(ctx context.Context, pods int) ([]account.Copy, error) {
	var copies []account.Copy
	err := s.client(ctx, append([]string{"table", "-json"}, hosts(pods)...), &copies)
	return copies, err
}

// Verify compares the first pods with everything that was acknowledged in this space.
func (s *Space) Verify(ctx context.Context, pods int) ([]account.Verdict, error) {
	var verdicts []account.Verdict
	err := s.client(ctx, append([]string{"verify", "-journals", journals}, hosts(pods)...), &verdicts)
	return verdicts, err
}

func hosts(pods int) []string {
	var hosts []string
	for i := range pods {
		hosts = append(hosts, Host(i))
	}
	return hosts
}

// Query runs a statement on a plain session and returns its rows; NULL is "".
func (s *Space) Query(ctx context.Context, number int, statement string) ([][]string, error) {
	return s.query(ctx, "sql", "-json", Host(number), statement)
}

// Session runs statements one after the other on one plain session.
func (s *Space) Session(ctx context.Context, number int, statements ...string) error {
	return s.SessionOf(ctx, Host(number), statements...)
}

// SessionOf is Session on a server by its host name, which may be outside of the release.
func (s *Space) SessionOf(ctx context.Context, host string, statements ...string) error {
	return s.client(ctx, append([]string{"sql", "-json", host}, statements...))
}

// QueryOf is Query on a server by its host name, which may be outside of the release.
func (s *Space) QueryOf(ctx context.Context, host, statement string) ([][]string, error) {
	return s.query(ctx, "sql", "-json", host, statement)
}

// QueryAsSYSDBA is Query as SYSDBA, where nobody else is let in.
func (s *Space) QueryAsSYSDBA(ctx context.Context, number int, statement string) ([][]string, error) {
	return s.query(ctx, "sql", "-json", "-sysdba", Host(number), statement)
}

func (s *Space) query(ctx context.Context, args ...string) ([][]string, error) {
	var result struct{ Rows [][]*string }
	if err := s.client(ctx, args, &result); err != nil {
		return nil, err
	}
	rows := make([][]string, len(result.Rows))
	for i, row := range result.Rows {
		for _, value := range row {
			if value == nil {
				value = new(string)
			}
			rows[i] = append(rows[i], *value)
		}
	}
	return rows, nil
}

// SetPassword changes the password in the Secret, as a user with a typing error does.
func (s *Space) SetPassword(ctx context.Context, password string) error {
	patch, err := json.Marshal(map[string]any{"stringData": map[string]string{"password": password}})
	if err != nil {
		return err
	}
	if _, err := s.kubectl(ctx, nil, "patch", "secret", release+"-auth", "--patch", string(patch)); err != nil {
		return err
	}
	return s.refresh(ctx)
}
