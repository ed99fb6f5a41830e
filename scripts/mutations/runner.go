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

// tests builds the tests of a package, or of several, and runs some of them within a limit,
// with an overlay unless that is "". Seen is what is red, err what kept them from running.
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

// built are the tests of one package.
type built struct{ program, dir string }

// build makes the programs of the tests of one package, or of several.
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
		// Nobody looks into these programs, and to link is most of the time.
		if _, err := command("test", "-c", "-vet=off", "-ldflags=-s -w", "-tags=integration", "-o", one.program, dir); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// run runs some of the tests; err says that they are red, or hang.
func (b built) run(env []string, tests string, limit time.Duration) (out []byte, err error) {
	// The tests end themselves after the limit; what does not even do that is ended.
	ctx, cancel := context.WithTimeout(context.Background(), limit+time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.program, "-test.run="+tests, "-test.timeout="+limit.String(), "-test.failfast", "-test.paniconexit0")
	cmd.Dir, cmd.Env, cmd.WaitDelay = b.dir, env, 10*time.Second
	out, err = cmd.CombinedOutput()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // what it started still has its output, and it was done
	}
	return out, err
}
