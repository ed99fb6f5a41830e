package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A runner builds tests, a few at a time, and runs them.
type runner struct{ building chan struct{} }

// tests builds the tests of one or several packages, and runs some of them within a limit, with an overlay
// unless it is "". seen is the failure of tests, err what kept them from running.
func (r runner) tests(work, overlay, in, tests string, limit time.Duration) (seen, err error) {
	// Tests that build programs build them broken, too.
	env := os.Environ()
	if overlay != "" {
		env = append(env, strings.TrimSpace("GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlay))
	}
	r.building <- struct{}{}
	built, err := build(work, env, in)
	<-r.building
	if err != nil {
		return nil, err
	}
	none := true
	for _, one := range built {
		out, err := one.run(env, tests, limit)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out), nil
		}
		none = none && bytes.Contains(out, []byte("no tests to run"))
	}
	if none {
		return nil, fmt.Errorf("there is no test %s in %s", tests, in)
	}
	return nil, nil
}

// built is the test program of one package.
type built struct{ program, dir string }

// build builds the test programs of one or several packages.
func build(work string, env []string, in string) ([]built, error) {
	ctx, cancel := context.WithTimeout(context.Background(), buildLimit)
	defer cancel()
	command := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("it does not build: %w\n%s", err, out)
		}
		return string(out), nil
	}
	const withTests = "{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}"
	dirs, err := command("list", "-tags=integration", "-f", withTests, "./"+in)
	if err != nil {
		return nil, err
	}
	var all []built
	for i, dir := range strings.Fields(dirs) {
		one := built{filepath.Join(work, fmt.Sprint(i, ".test")), dir}
		// Linking takes most of the time, and nobody debugs these programs.
		if _, err := command("test", "-c", "-vet=off", "-ldflags=-s -w", "-tags=integration", "-o", one.program, dir); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// run runs some of the tests. err means that they fail or hang.
func (b built) run(env []string, tests string, limit time.Duration) (out []byte, err error) {
	// The tests end themselves after the limit. Tests that do not are killed.
	ctx, cancel := context.WithTimeout(context.Background(), limit+time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.program, "-test.run="+tests, "-test.timeout="+limit.String(), "-test.failfast", "-test.paniconexit0")
	cmd.Dir, cmd.Env, cmd.WaitDelay = b.dir, env, 10*time.Second
	out, err = cmd.CombinedOutput()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // a process that it started still has its output
	}
	return out, err
}
