//go:build e2e

package anyserver

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"aku/e2e/conformance"
	"aku/e2e/internal/checkout"
)

// The commands mostly wait, so all of them run at the same time. SERVER_AT_ONCE limits that, as in the package e2e.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", cmp.Or(os.Getenv("SERVER_AT_ONCE"), "5")); err != nil {
		fmt.Fprintln(os.Stderr, "SERVER_AT_ONCE:", err)
		os.Exit(1)
	}
	code := m.Run()
	for _, c := range conformed.leftOut {
		fmt.Println("left out: conformance on pods: " + c)
	}
	os.Exit(code)
}

func TestDemo_LosesNoRow(t *testing.T) {
	t.Parallel()
	succeeds(t, "demo")
}

func TestBench_MeasuresAndLosesNoRow(t *testing.T) {
	t.Parallel()
	succeeds(t, "bench", "QUICK=1")
}

// shares are the files of cases. Each share has three servers of its own, because their waits add up.
var shares = []string{"^0", "^(1[0-5]|2)", "^1[6-9]"}

// conformed is what came of the cases of all shares.
var conformed struct {
	sync.Mutex
	ran     int
	leftOut []string // with the reason
}

func TestConformance_EveryCaseHoldsOnPods(t *testing.T) {
	t.Parallel()
	chosen := os.Getenv("CASES")
	t.Run("files", func(t *testing.T) {
		if chosen != "" {
			conform(t, chosen)
			return
		}
		for _, share := range shares {
			t.Run(share, func(t *testing.T) {
				t.Parallel()
				conform(t, share)
			})
		}
	})
	cases, mayLeaveOut := known(t)
	if n := conformed.ran + len(conformed.leftOut); chosen == "" && n != cases {
		t.Errorf("there are %d cases: %d ran and %d were left out", cases, conformed.ran, len(conformed.leftOut))
	}
	for _, c := range conformed.leftOut {
		if !mayLeaveOut[c] {
			t.Errorf("left out, although pods can do it: %s", c)
		}
	}
}

// notOnPods are the reasons for which pods leave cases out, beside those of the cases themselves.
var notOnPods = []string{"no login comes over loopback", "no way is known to send the server SIGTERM"}

// known returns how many cases there are, and the lines of all that may be left out.
func known(t *testing.T) (cases int, mayLeaveOut map[string]bool) {
	t.Helper()
	files, err := conformance.Load(conformance.Cases())
	if err != nil {
		t.Fatal(err)
	}
	mayLeaveOut = map[string]bool{}
	for _, f := range files {
		cases += len(f.Cases)
		for _, c := range f.Cases {
			for _, reason := range append(notOnPods, c.Not[kind()]) {
				mayLeaveOut[fmt.Sprintf("%s.txt:%d %s: %s", f.Name, c.Line, c.Name, reason)] = true
			}
		}
	}
	return cases, mayLeaveOut
}

func kind() string { return cmp.Or(os.Getenv("KIND"), "vendor") }

// conform runs the cases of a pattern. Each counts as a test.
func conform(t *testing.T, files string) {
	command := makes(t, "conformance", "KIND="+kind(), "CASES="+files)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	r, ran := &report{lines: bufio.NewScanner(out)}, 0
	for {
		test, more := r.nextCase()
		if !more {
			break
		}
		ran++
		_, name, _ := strings.Cut(test, "/")
		t.Run(name, func(t *testing.T) {
			switch verdict, said := r.outcome(test); verdict {
			case "PASS":
			case "SKIP":
				t.Skip(said)
			default:
				t.Error(said)
			}
		})
	}
	if err := command.Wait(); err != nil {
		t.Errorf("%s: %v\n%s", command, err, strings.Join(r.said[max(0, len(r.said)-lastLines):], "\n"))
	}
	if ran == 0 {
		t.Error("no case ran")
	}
	conformed.Lock()
	defer conformed.Unlock()
	conformed.ran += ran
	conformed.leftOut = append(conformed.leftOut, r.leftOut()...)
}

// lastLines is how many lines are shown of a command that failed, beside those of its cases.
const lastLines = 40

func succeeds(t *testing.T, args ...string) {
	t.Helper()
	command := makes(t, args...)
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", command, err, out)
	}
}

// makes is make with the server under test, on the cluster at hand.
func makes(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	top, err := checkout.Top()
	if err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{"DEMO_KUBECONFIG": "E2E_KUBECONFIG", "SERVER_IMAGE": "SERVER_IMAGE", "SERVER_VALUES": "SERVER_VALUES"} {
		value := os.Getenv(from)
		if value == "" {
			t.Fatalf("%s is not set: run `make test-anyserver`", from)
		}
		args = append(args, name+"="+value)
	}
	command := exec.CommandContext(t.Context(), "make", args...)
	command.Dir = top
	// What an outer make was told would go before all of this.
	command.Env = append(os.Environ(), "MAKEFLAGS=", "MAKEOVERRIDES=", "MFLAGS=")
	return command
}
