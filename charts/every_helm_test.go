//go:build compatibility

package charts

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var onlyHelms = flag.String("helms", "", "minor versions of Helm to look at, as in v3.14,v3.18; all if not given")

// TestEveryHelm_RendersTheSameText is the program helm of the versions in helm-versions.txt, each built from the go.mod and go.sum that it was
// released with. They write the manifests that the cluster's Helm writes, and refuse the same values. A program takes minutes to build: so this has a
// tag, and with -update it leaves in renderedFile what it saw.
func TestEveryHelm_RendersTheSameText(t *testing.T) {
	seen := rendered(t)
	wanted := regexp.MustCompile(`^(` + strings.ReplaceAll(regexp.QuoteMeta(*onlyHelms), ",", "|") + `)\.`)
	chart := lastCommitOfTheChart(t)
	for _, m := range pinnedModules(t, "helm-versions.txt") {
		if !strings.HasPrefix(m.Path, "helm.sh/helm/") || *onlyHelms != "" && !wanted.MatchString(m.Version) {
			continue
		}
		t.Run(m.Version, func(t *testing.T) {
			program := buildHelm(t, m)
			for _, file := range ciValues(t) {
				if diff := cmp.Diff(manifests(t, helmOfTheCluster(t), file), manifests(t, program, file)); diff != "" {
					t.Errorf("%s: the Helm of the cluster and %s differ (-cluster +%[2]s):\n%s", file, m.Version, diff)
				}
			}
			for values, sentence := range map[string]string{
				// By a template, and by values.schema.json.
				"{replicaCount: 3, aku: {serverCount: 2}}": "replicaCount is 3, but replication is laid out for aku.serverCount = 2 pods",
				"{replicaCount: 7}":                        "replicaCount",
				"{noSuchValue: 1}":                         "noSuchValue",
			} {
				refused(t, program, values, sentence)
			}
			if *update && !t.Failed() {
				seen[m.Version] = rendering{Date: time.Now().UTC().Format(time.DateOnly), Chart: chart}
				keep(t, seen)
			}
		})
	}
}

// buildHelm makes the program of a version, once: a version never changes.
func buildHelm(t *testing.T, m module) string {
	t.Helper()
	program, err := filepath.Abs(filepath.Join("../.build/helms", m.Version))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err == nil {
		return program
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-trimpath", "-gcflags=all=-l -dwarf=false", "-ldflags=-s -w", "-o", program, "./cmd/helm")
	build.Dir = m.Dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOGC=400", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building Helm %s: %v\n%s", m.Version, err, out)
	}
	return program
}

func helmOfTheCluster(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs(filepath.Join("../.build", helm))
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func template(t *testing.T, program string, files ...string) *exec.Cmd {
	t.Helper()
	args := []string{"template", "altibase", "altibase", "--namespace=db", "--kube-version=1.36.0"}
	for _, file := range files {
		args = append(args, "--values="+file)
	}
	command := exec.CommandContext(t.Context(), program, args...)
	command.Env = append(os.Environ(), "HOME="+t.TempDir(), "KUBECONFIG=")
	return command
}

// manifests are the documents in the order of their files, and in a file as they stand: Helm 4 orders the files in another way than Helm 3.
func manifests(t *testing.T, program, file string) []string {
	t.Helper()
	command := template(t, program, file)
	var messages strings.Builder
	command.Stderr = &messages
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s, %s: %v\n%s", program, file, err, messages.String())
	}
	documents := strings.Split(strings.TrimPrefix(string(out), "---\n"), "\n---\n")
	if len(documents) < 10 {
		t.Fatalf("%s, %s: only %d documents:\n%s", program, file, len(documents), out)
	}
	for i := range documents {
		documents[i] = strings.TrimSpace(documents[i])
	}
	slices.SortStableFunc(documents, func(a, b string) int {
		a, _, _ = strings.Cut(a, "\n")
		b, _, _ = strings.Cut(b, "\n")
		return strings.Compare(a, b)
	})
	return documents
}

func refused(t *testing.T, program, values, sentence string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(values), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := template(t, program, ciValues(t)[0], file).CombinedOutput(); err == nil || !strings.Contains(string(out), sentence) {
		t.Errorf("%s takes %s, or does not say %q: %v\n%s", program, values, sentence, err, out)
	}
}

// lastCommitOfTheChart is what the page will say: of a chart that is not committed nothing can be written down.
func lastCommitOfTheChart(t *testing.T) string {
	t.Helper()
	git := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "git", args...).Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	if changed := git("status", "--porcelain", "altibase"); changed != "" && *update {
		t.Fatalf("commit the chart first, so that the page can say which one it is of:\n%s", changed)
	}
	return git("log", "-1", "--format=%h", "--", "altibase")
}

func keep(t *testing.T, seen map[string]rendering) {
	t.Helper()
	text, err := json.MarshalIndent(seen, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(renderedFile, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
