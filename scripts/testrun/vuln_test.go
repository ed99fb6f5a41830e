package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestVuln_WhatWasNotLookedAtIsNoGoodNews runs the script with a stand-in for govulncheck.
func TestVuln_WhatWasNotLookedAtIsNoGoodNews(t *testing.T) {
	for name, c := range map[string]struct {
		govulncheck string
		exit        int
		want        string
	}{
		"nothing found":      {`echo "No vulnerabilities found."`, 0, "vuln: module scripts/release"},
		"one in the release": {`[ "$2" = . ] || { echo "Vulnerability #1"; exit 3; }`, 1, "Vulnerability #1"},
		"no list":            {`echo 'govulncheck: fetching vulnerabilities: Get "x": no such host' >&2; exit 1`, 3, "NOTHING WAS LOOKED AT"},
	} {
		t.Run(name, func(t *testing.T) {
			top := folderOf(t, "vuln.sh")
			program(t, top, "scripts/tools/go.mod", "")
			program(t, top, "scripts/release/go.mod", "")
			program(t, top, "bin/go", "#!/bin/sh\n")
			program(t, top, ".build/bin/govulncheck", "#!/bin/sh\n"+c.govulncheck+"\n")
			command := exec.Command(filepath.Join(top, "scripts/vuln.sh"))
			command.Env = append(os.Environ(), "PATH="+filepath.Join(top, "bin")+":"+os.Getenv("PATH"))
			out, _ := command.CombinedOutput()
			if exit := command.ProcessState.ExitCode(); exit != c.exit || !strings.Contains(string(out), c.want) {
				t.Errorf("exit code %d, want %d with %q:\n%s", exit, c.exit, c.want, out)
			}
		})
	}
}
