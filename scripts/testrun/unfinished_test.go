package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPackageThatEndsBeforeItsTests_ShowsWhyAndWhatRan runs go test on packages that end so.
func TestPackageThatEndsBeforeItsTests_ShowsWhyAndWhatRan(t *testing.T) {
	for name, c := range map[string]struct {
		test   string // a Go file without its package clause
		failed int
		want   []string
	}{
		"killed": {
			`import ("fmt"; "syscall"; "testing")
			func TestA(t *testing.T) {}
			func TestB(t *testing.T) {
				fmt.Println("B begins")
				t.Run("sub", func(t *testing.T) { syscall.Kill(syscall.Getpid(), syscall.SIGKILL); select {} })
			}`,
			1, []string{"FAIL: p, running were TestB, TestB/sub\n", "B begins\n", "signal: killed\n"},
		},
		"killed after a test failed": {
			`import ("syscall"; "testing")
			func TestA(t *testing.T) { t.Fail() }
			func TestB(t *testing.T) { syscall.Kill(syscall.Getpid(), syscall.SIGKILL); select {} }`,
			1, []string{"FAIL: p TestA\n", "FAIL: p, running were TestB\n", "signal: killed\n"},
		},
		"panic outside a test": {
			`import "testing"
			func TestA(t *testing.T) { go panic("at once"); select {} }`,
			1, []string{"FAIL: p, running were TestA\n", "panic: at once\n", "goroutine "},
		},
		"TestMain": {
			`import ("fmt"; "os"; "testing")
			func TestA(t *testing.T) {}
			func TestMain(m *testing.M) { m.Run(); fmt.Println("still there: a goroutine"); os.Exit(1) }`,
			1, []string{"FAIL: p\n", "still there: a goroutine\n"},
		},
		"does not build": {
			`import "testing"
			func TestA(t *testing.T) { missing() }`,
			1, []string{"undefined: missing\n", "FAIL: p\n", "[build failed]\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			program(t, top, "go.mod", "module stand-in\n\ngo 1.26\n")
			program(t, top, "p/p_test.go", "package p\n"+c.test)
			var r result
			var out strings.Builder
			run := newTestRun(&r)
			run.show.out = &out
			if err := run.follow(t.Context(), []string{"go", "-C", top, "test", "./p"}); err == nil {
				t.Error("go test passes")
			}
			if r.failed != c.failed {
				t.Errorf("%d failed, want %d", r.failed, c.failed)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("not shown: %q", want)
				}
			}
			if t.Failed() {
				t.Logf("shown is\n%s", &out)
			}
		})
	}
}

func TestTimeout_ShowsTheRunningTestsAndTheBeginningOfTheStacks(t *testing.T) {
	var out strings.Builder
	run := newTestRun(&result{})
	run.show.out = &out
	event := func(action, test, output string) {
		run.take(fmt.Appendf(nil, `{"Action":%q,"Package":"aku/p","Test":%q,"Output":%q}`, action, test, output))
	}
	for _, test := range []string{"TestLast", "TestWaits", "TestHangs"} {
		event("run", test, "")
		event("pause", test, "")
	}
	event("cont", "TestLast", "")
	event("cont", "TestHangs", "")
	for n := range 1000 {
		event("output", "TestHangs", fmt.Sprintf("log %d\n", n))
	}
	event("output", "TestLast", "last words\n")
	event("pass", "TestLast", "")
	event("output", "TestHangs", "panic: test timed out after 10m0s\n")
	event("output", "TestHangs", "\trunning tests:\n")
	event("output", "TestHangs", "\t\tTestHangs (9m59s)\n")
	for n := range 1000 {
		event("output", "TestHangs", fmt.Sprintf("stack %d\n", n))
	}
	event("output", "", "FAIL\taku/p\t600.1s\n")
	event("fail", "", "")

	var want strings.Builder
	want.WriteString("   FAIL: p, running were TestHangs\n   [940 lines left out]\n")
	for n := 940; n < 1000; n++ {
		fmt.Fprintf(&want, "   log %d\n", n)
	}
	want.WriteString("   panic: test timed out after 10m0s\n   \trunning tests:\n   \t\tTestHangs (9m59s)\n")
	for n := range 57 {
		fmt.Fprintf(&want, "   stack %d\n", n)
	}
	want.WriteString("   [944 lines left out]\n   fail p  1 tests  0.0 s\n")
	if out.String() != want.String() {
		t.Errorf("shown is\n%s\nwant\n%s", &out, &want)
	}
}

// TestInterruptedRun_ShowsTheRunningTests with a stand-in for go, which says when its test runs.
func TestInterruptedRun_ShowsTheRunningTests(t *testing.T) {
	top := t.TempDir()
	program(t, top, "go", `#!/bin/sh
cat <<'EOF'
{"Action":"run","Package":"aku/p","Test":"TestA"}
{"Action":"pass","Package":"aku/p","Test":"TestA"}
{"Action":"pass","Package":"aku/p"}
{"Action":"run","Package":"aku/q","Test":"TestB"}
{"Action":"output","Package":"aku/q","Test":"TestB","Output":"waits for the server\n"}
EOF
echo runs >"$0.runs"
read never <"$0.never"
`)
	for _, pipe := range []string{"go.runs", "go.never"} {
		if err := syscall.Mkfifo(filepath.Join(top, pipe), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		defer interrupt()
		if _, err := os.ReadFile(filepath.Join(top, "go.runs")); err != nil { // as soon as it is written
			t.Error(err)
		}
	}()
	var out strings.Builder
	run := newTestRun(&result{})
	run.show.out = &out
	err := run.follow(ctx, []string{filepath.Join(top, "go"), "test"})
	want := "   pass p  1 tests  0.0 s\n   interrupted: q, running were TestB\n   waits for the server\n"
	if err == nil || err.Error() != "interrupted" || out.String() != want {
		t.Errorf("%v\n%swant\n%s", err, &out, want)
	}
}
