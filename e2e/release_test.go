//go:build e2e && node

package e2e

import (
	"bufio"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"aku/e2e/internal/trial"
)

// The test pushes a release to a registry and installs it as a user does: the chart by its version, aku's
// image by the digest in the chart. The node pulls the image; nobody loads it.
func TestRelease_InstalledFromARegistry_RunsTheImageOfItsDigest(t *testing.T) {
	t.Parallel()
	images := trial.ImagesOfEnvironment()
	images.AKU = ""
	space := openOn(t, images)
	registry := startRegistry(t, space)

	version, folder := versionOfChart(t), filepath.Join(t.TempDir(), "release")
	ofRelease(t, ".", "-repository", "../..", "-version", version, "-registry", registry+"/team", "-out", folder)
	pushed := strings.Fields(ofRelease(t, "./publish", "-folder", folder, "-plain-http"))
	if len(pushed) != 4 || pushed[0] != "image" {
		t.Fatalf("publish printed %q", pushed)
	}
	must(t, space.InstallFrom(t.Context(), "oci://"+registry+"/team/charts/altibase", []string{"--version", version, "--plain-http"}, trial.Values{"replicaCount": 2}))
	must(t, space.AwaitReady(t.Context(), 2*startLimit, trial.Pod(0), trial.Pod(1)))
	digest := pushed[1][strings.Index(pushed[1], "@"):]
	for _, name := range []string{trial.Pod(0), trial.Pod(1)} {
		pod := space.Pods()[name]
		if id := trial.Container(pod, "aku-install").ImageID; !strings.HasSuffix(id, digest) {
			t.Errorf("aku of %s is from %s, want %s", name, id, digest)
		}
		said, err := space.Exec(t.Context(), name, trial.Sidecar, "/opt/aku/bin/aku-init", "version")
		must(t, err)
		if !strings.Contains(string(said), version) {
			t.Errorf("aku of %s says it is %q, want %s", name, said, version)
		}
	}
	if said, err := space.Test(t.Context()); err != nil {
		t.Errorf("helm test: %v\n%s", err, said)
	}
}

// ofRelease runs a program of the module scripts/release, and returns its output.
func ofRelease(t *testing.T, program string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"run", program}, args...)...)
	command.Dir = "../scripts/release"
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, &complaint)
	}
	return string(out)
}

// startRegistry starts a registry on loopback, reachable for the node, and returns its address.
func startRegistry(t *testing.T, space *trial.Space) string {
	t.Helper()
	folder := t.TempDir()
	program, socket := filepath.Join(folder, "registry"), filepath.Join(folder, "socket")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./registry")
	build.Dir = "../scripts/release"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	server := exec.CommandContext(context.WithoutCancel(t.Context()), program, "-socket", socket)
	out, err := server.StdoutPipe()
	must(t, err)
	must(t, server.Start())
	t.Cleanup(func() {
		if err := server.Process.Kill(); err != nil {
			t.Errorf("end of the registry: %v", err)
		}
		_ = server.Wait() // it ends by the signal
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	address = strings.TrimSpace(address)
	stop, err := space.Forward(address[strings.LastIndex(address, ":")+1:], socket)
	must(t, err)
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("end of the way to the registry: %v", err)
		}
	})
	return address
}

// versionOfChart is the version in the newest commit, which is released.
func versionOfChart(t *testing.T) string {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), "git", "show", "HEAD:charts/altibase/Chart.yaml").Output()
	must(t, err)
	var chart struct{ Version string }
	must(t, yaml.Unmarshal(text, &chart))
	return chart.Version
}
