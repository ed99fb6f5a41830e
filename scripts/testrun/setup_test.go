package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSetup_BuildsWhatIsAskedForAndShowsNoDownloads runs the script with stand-ins for all that it calls, as
// on a machine with all packages.
func TestSetup_BuildsWhatIsAskedForAndShowsNoDownloads(t *testing.T) {
	all := []string{"e2e/cluster/build.sh", "scripts/tools/build.sh", "scripts/tools/chart-testing.sh", "scripts/tools/prometheus.sh"}
	for _, c := range []struct {
		args     []string
		builds   []string
		packages []string // some of the packages that are asked for
		without  []string
	}{
		{nil, all, []string{"shellcheck", "yamllint", "gcc"}, nil},
		{[]string{"demo"}, []string{"e2e/cluster/build.sh"}, []string{"gcc"}, []string{"shellcheck", "yamllint"}},
	} {
		top := folderOf(t, "setup.sh")
		for _, built := range all {
			program(t, top, built, "#!/bin/sh\necho "+built+" >>'"+top+"/built'\n")
		}
		program(t, top, all[0], "#!/bin/sh\necho "+all[0]+" >>'"+top+"/built'\necho 'go: downloading example.org/m v1.0.0' >&2\n")
		program(t, top, "bin/go", "#!/bin/sh\necho go1.26.0\n")
		program(t, top, "bin/dpkg-query", "#!/bin/sh\nfor last; do :; done\necho $last >>'"+top+"/packages'\necho installed\n")

		command := exec.Command(filepath.Join(top, "scripts/setup.sh"), c.args...)
		command.Env = append(os.Environ(), "PATH="+filepath.Join(top, "bin")+":"+os.Getenv("PATH"))
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("setup %v: %v\n%s", c.args, err, out)
		}
		built := lines(t, top, "built")
		slices.Sort(built)
		if diff := cmp.Diff(c.builds, built); diff != "" {
			t.Errorf("setup %v builds (-want +got):\n%s", c.args, diff)
		}
		asked := lines(t, top, "packages")
		for _, p := range c.packages {
			if !slices.Contains(asked, p) {
				t.Errorf("setup %v does not ask for %s", c.args, p)
			}
		}
		for _, p := range c.without {
			if slices.Contains(asked, p) {
				t.Errorf("setup %v asks for %s", c.args, p)
			}
		}
		if strings.Contains(string(out), "downloading") || !strings.Contains(string(out), "setup 1/") {
			t.Errorf("setup %v prints\n%s", c.args, out)
		}
	}
}

func lines(t *testing.T, top, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}
