// Command mutations breaks the code around the rules on purpose, one thing at a time, and
// runs the tests that are to see it: a limit that is a thousand times too long, a close left
// out, an error dropped, a lock held, a log lost. A breakage that no test sees is a test
// that is missing. (The rules themselves are broken by the simulation's TestMutations.)
//
// The files stay as they are: the compiler is given others in their place (go test -overlay).
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// atOnce is how many breakages are tried at the same time.
const atOnce = 2

// limit bounds one of them. A test that hangs has seen it.
const limit = 2 * time.Minute

// A mutation is one breakage: in a file, these words are replaced by others.
type mutation struct {
	what     string
	file     string
	from, to string
	tests    string // -run
	in       string // package of the tests; "" for that of the file
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	only := ""
	if len(os.Args) > 1 {
		only = os.Args[1]
	}
	dir, err := os.MkdirTemp("", "aku-mutations")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var mu sync.Mutex
	var trying sync.WaitGroup
	tried, caught := 0, 0
	var failed []error
	turns := make(chan struct{}, atOnce)
	for i, m := range mutations {
		if !strings.Contains(m.file+" "+m.what, only) {
			continue
		}
		trying.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			began := time.Now()
			seen, err := m.try(filepath.Join(dir, fmt.Sprint(i)))
			mu.Lock()
			defer mu.Unlock()
			tried++
			word := "MISSED"
			switch {
			case err != nil:
				word = "BROKEN"
				failed = append(failed, fmt.Errorf("%s: %s: %w", m.file, m.what, err))
			case seen:
				word = "caught"
				caught++
			}
			fmt.Printf("%s  %s: %s  %.1f s\n", word, m.file, m.what, time.Since(began).Seconds())
		})
	}
	trying.Wait()
	fmt.Printf("caught %d of %d\n", caught, tried)
	if caught < tried {
		failed = append(failed, errors.New("a breakage that no test sees needs a test; one that does not fit any more, new words"))
	}
	return errors.Join(failed...)
}

// try breaks the code and tells whether the tests have seen it.
func (m mutation) try(dir string) (seen bool, err error) {
	overlay, err := m.overlay(dir)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	in := m.in
	if in == "" {
		in = filepath.Dir(m.file)
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-vet=off", "-timeout", (limit - 10*time.Second).String(),
		"-tags=integration", "-overlay", overlay, "-run", m.tests, "./"+in)
	out, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return true, nil
	case bytes.Contains(out, []byte("[build failed]")) || bytes.Contains(out, []byte("[setup failed]")):
		return false, fmt.Errorf("it does not build:\n%s", out)
	case bytes.Contains(out, []byte("no tests to run")):
		return false, fmt.Errorf("there is no test %s in %s", m.tests, in)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return false, err
	}
	return err != nil, nil
}

// overlay writes the broken file, and what the compiler is to know of it.
func (m mutation) overlay(dir string) (string, error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	if n := bytes.Count(text, []byte(m.from)); n != 1 {
		return "", fmt.Errorf("%q is there %d times", m.from, n)
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	broken, overlay := filepath.Join(dir, filepath.Base(m.file)), filepath.Join(dir, "overlay.json")
	content, err := json.Marshal(map[string]any{"Replace": map[string]string{original: broken}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(
		os.Mkdir(dir, 0o750),
		os.WriteFile(broken, bytes.Replace(text, []byte(m.from), []byte(m.to), 1), 0o600),
		os.WriteFile(overlay, content, 0o600),
	)
}
