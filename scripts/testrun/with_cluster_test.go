package main

import (
	"archive/tar"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWithCluster_TakesTheServerThatIsNamed runs the script with stand-ins for all that it calls.
func TestWithCluster_TakesTheServerThatIsNamed(t *testing.T) {
	const known, unbuilt = "docker knows vendor/altibase:7.3", "nothing is built"
	for name, c := range map[string]struct {
		environment []string
		want        string // part of the output
	}{
		"the stand-in":                 {nil, "altisim:dev /e2e/altisim/server-values.yaml"},
		"the stand-in, not yet built":  {[]string{"SERVER_IMAGE=.build/images/altisim.tar", "SERVER_VALUES=mine.yaml", unbuilt}, "altisim:dev /mine.yaml"},
		"an image and its values":      {[]string{"SERVER_IMAGE=server.tar", "SERVER_VALUES=mine.yaml"}, "of-file:1 /mine.yaml"},
		"the vendor's, by file":        {[]string{"VENDOR=1", "SERVER_IMAGE=server.tar"}, "of-file:1 /e2e/vendor-values.yaml"},
		"the vendor's, other values":   {[]string{"VENDOR=1", "SERVER_IMAGE=server.tar", "SERVER_VALUES=mine.yaml"}, "of-file:1 /mine.yaml"},
		"the vendor's, by name":        {[]string{"VENDOR=1", "SERVER_IMAGE=vendor/altibase:7.3", known}, "saved:1 /e2e/vendor-values.yaml"},
		"the vendor's, without docker": {[]string{"VENDOR=1", "SERVER_IMAGE=vendor/altibase:7.3"}, "there is no docker or podman that could know vendor/altibase:7.3"},
		"the vendor's, without image":  {[]string{"VENDOR=1"}, "VENDOR=1 wants SERVER_IMAGE, an image of Altibase that you have"},
		"an image without its values":  {[]string{"SERVER_IMAGE=server.tar"}, "with SERVER_IMAGE give SERVER_VALUES"},
	} {
		t.Run(name, func(t *testing.T) {
			top := folderWithoutCluster(t)
			program(t, top, "e2e/vendor-values.yaml", "")
			program(t, top, "mine.yaml", "")
			imageArchive(t, filepath.Join(top, "server.tar"), "of-file:1")
			imageArchive(t, filepath.Join(top, "engine.tar"), "saved:1")
			command := exec.Command(filepath.Join(top, "scripts/with-cluster.sh"), "sh", "-c", `echo "$SERVER_IMAGE ${SERVER_VALUES#"$TOP"}"`)
			command.Dir = top
			command.Env = []string{"HOME=" + top, "TOP=" + top, "PATH=" + filepath.Join(top, "bin") + ":" + withoutEngines(t, top)}
			for _, e := range c.environment {
				switch e {
				case known:
					program(t, top, "bin/docker", "#!/bin/sh\n[ \"$1 $2 $4\" = 'save --output vendor/altibase:7.3' ] && cp engine.tar \"$3\"\n")
				case unbuilt:
					if err := os.Rename(filepath.Join(top, ".build"), filepath.Join(top, "built")); err != nil {
						t.Fatal(err)
					}
					program(t, top, "images/build.sh", "#!/bin/sh\ncp -r built .build\n")
				default:
					command.Env = append(command.Env, e)
				}
			}
			out, err := command.CombinedOutput()
			if !strings.Contains(string(out), c.want) || (err == nil) != strings.HasSuffix(c.want, ".yaml") {
				t.Errorf("%v\n%swant %s", err, out, c.want)
			}
		})
	}
}

// TestWithCluster_BuildsTheImagesWhileTheNodeStarts and says when one of them fails, without a command on half a cluster.
func TestWithCluster_BuildsTheImagesWhileTheNodeStarts(t *testing.T) {
	for name, c := range map[string]struct {
		images, up string
		want       string
	}{
		"both go well":             {"read line <from-up\necho line >from-images", "echo line >from-up\nread line <from-images", "command\nended\n"},
		"the images cannot be had": {"exit 3", "exit 0", "ended\n"},
		"the node does not start":  {"echo built", "exit 4", "built\nended\n"},
	} {
		t.Run(name, func(t *testing.T) {
			top := folderWithoutCluster(t)
			program(t, top, "images/build.sh", "#!/bin/sh\n"+c.images+"\n")
			program(t, top, "e2e/cluster/up.sh", "#!/bin/sh\n"+c.up+"\n")
			program(t, top, "e2e/cluster/down.sh", "#!/bin/sh\necho ended\n")
			for _, pipe := range []string{"from-up", "from-images"} {
				if err := syscall.Mkfifo(filepath.Join(top, pipe), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			// One after the other they would wait for each other.
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			command := exec.CommandContext(ctx, filepath.Join(top, "scripts/with-cluster.sh"), "echo", "command")
			command.Dir = top
			command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
			out, err := command.CombinedOutput()
			if diff := cmp.Diff(c.want, string(out)); diff != "" || (err == nil) != strings.HasPrefix(c.want, "command") {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// folderWithoutCluster has with-cluster.sh, the stand-in server's image, and scripts that start a cluster at once.
func folderWithoutCluster(t *testing.T) (top string) {
	t.Helper()
	top = folderOf(t, "with-cluster.sh")
	for _, called := range []string{"images/build.sh", "e2e/cluster/up.sh", "e2e/cluster/down.sh", "e2e/cluster/load.sh"} {
		program(t, top, called, "#!/bin/sh\n")
	}
	program(t, top, "e2e/cluster/is-up.sh", "#!/bin/sh\nexit 1\n")
	program(t, top, "e2e/altisim/server-values.yaml", "")
	imageArchive(t, filepath.Join(top, ".build/images/altisim.tar"), "altisim:dev")
	return top
}

// withoutEngines is a PATH with everything that the script calls, but without docker and podman.
func withoutEngines(t *testing.T, top string) string {
	t.Helper()
	folder := filepath.Join(top, "tools")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"bash", "sh", "env", "dirname", "realpath", "mkdir", "tar", "jq", "cp"} {
		found, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(found, filepath.Join(folder, tool)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// imageArchive writes an archive with what the script reads of an image.
func imageArchive(t *testing.T, file, name string) {
	t.Helper()
	program(t, filepath.Dir(file), filepath.Base(file), "")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	manifest := `[{"RepoTags": ["` + name + `"]}]`
	archive := tar.NewWriter(out)
	if err := archive.WriteHeader(&tar.Header{Name: "manifest.json", Mode: 0o644, Size: int64(len(manifest))}); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Write([]byte(manifest)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
