package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWhatNow_ItsCommandsReachTheDemoThatWasLeft runs the commands in a shell with stand-ins for kubectl and
// make.
func TestWhatNow_ItsCommandsReachTheDemoThatWasLeft(t *testing.T) {
	for name, kept := range map[string]bool{"kept": true, "not kept": false} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			bin := filepath.Join(top, ".build/cluster/bin")
			if err := os.MkdirAll(bin, 0o755); err != nil {
				t.Fatal(err)
			}
			const stub = `#!/bin/sh
case $* in
"get namespaces"*) printf 'namespace/default\nnamespace/aku-demo-x1\nnamespace/kube-system\n' ;;
*) echo "${0##*/} $* KEEP=$KEEP KUBECONFIG=$KUBECONFIG" ;;
esac
`
			for _, program := range []string{"kubectl", "make"} {
				if err := os.WriteFile(filepath.Join(bin, program), []byte(stub), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			var commands []string
			for line := range strings.Lines(whatNow(kept, "/a folder/kubeconfig", "aku-demo-x1")) {
				if strings.HasPrefix(line, "  ") && !strings.Contains(line, "helm ") {
					commands = append(commands, line)
				}
			}
			if len(commands) != 3 {
				t.Errorf("%d commands: %q", len(commands), commands)
			}
			shell := exec.Command("bash", "-euc", strings.Join(commands, ""))
			shell.Dir = top
			shell.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "KEEP=", "KUBECONFIG=")
			got, err := shell.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, got)
			}
			const with = " KEEP= KUBECONFIG=/a folder/kubeconfig\n"
			want := "kubectl -n aku-demo-x1 exec altibase-0 -c aku -- /opt/aku/bin/aku-init status" + with +
				"kubectl -n aku-demo-x1 delete pod altibase-0 --force --grace-period=0" + with +
				"kubectl -n aku-demo-x1 get pods --watch" + with
			if kept {
				want += "kubectl delete namespace aku-demo-x1" + with
			} else {
				want = "make demo KEEP=1 KUBECONFIG=\n" + want
			}
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
