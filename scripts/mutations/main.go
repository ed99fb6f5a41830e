// Command mutations breaks the code around the rules on purpose, one mutation at a time, and runs the tests
// that should fail: a limit a thousand times too long, a close left out, an error dropped, a lock held, a log
// lost. A mutation that no test catches needs a new test. (The simulation's TestMutations breaks the rules
// themselves.)
//
// The files stay as they are. The compiler gets other files in their place (-overlay), also where a test
// builds programs. First the same tests run on the unchanged code, because a test that is red anyway catches
// nothing.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// inHand is the number of mutations at the same time, and inBuilding how many of them may build. A build
// takes a processor. Tests mostly wait, and those that hang wait up to their limit.
const (
	inHand     = 8
	inBuilding = 2
)

// limit bounds the tests of one mutation; tests that hang have caught it. A build that is slow on a busy
// machine proves nothing, so it has a limit of its own.
const (
	limit      = 110 * time.Second
	buildLimit = 10 * time.Minute
)

// A mutation replaces some words in a file.
type mutation struct {
	what     string
	file     string // or its folder
	from, to string
	tests    string // -run
	in       string // package of the tests, or several as a/...; "" for the package of the file
}

// where is the package of its tests.
func (m mutation) where() string {
	switch {
	case m.in != "":
		return m.in
	case filepath.Ext(m.file) == ".go":
		return filepath.Dir(m.file)
	}
	return m.file + "/..."
}

func main() {
	if err := mutate(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func mutate() error {
	began := time.Now()
	only := ""
	if len(os.Args) > 1 {
		only = os.Args[1]
	}
	dir, err := os.MkdirTemp("", "aku-mutations")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var chosen []mutation
	for _, m := range mutations {
		if strings.Contains(m.file+" "+m.what, only) {
			chosen = append(chosen, m)
		}
	}
	run := runner{building: make(chan struct{}, inBuilding)}
	fmt.Println("without a breakage")
	failed := unbroken(run, chosen, dir)
	for _, err := range failed {
		fmt.Println("RED    ", err)
	}
	var mu sync.Mutex
	caught := 0
	inTurn(chosen, func(m mutation) {
		began := time.Now()
		seen, err := m.try(run, dir)
		mu.Lock()
		defer mu.Unlock()
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
	fmt.Printf("caught %d of %d in %s\n", caught, len(chosen), time.Since(began).Round(time.Second))
	if caught < len(chosen) {
		failed = append(failed, errors.New("a mutation that no test catches needs a new test; one that no longer fits the code needs new words"))
	}
	return errors.Join(failed...)
}

// inTurn calls do for each, several at the same time.
func inTurn[T any](all []T, do func(T)) {
	var doing sync.WaitGroup
	turns := make(chan struct{}, inHand)
	for _, one := range all {
		turns <- struct{}{}
		doing.Go(func() {
			defer func() { <-turns }()
			do(one)
		})
	}
	doing.Wait()
}

// unbroken runs the tests on the unchanged code, and returns what is red.
func unbroken(run runner, all []mutation, dir string) []error {
	tests := map[string][]string{}
	for _, m := range all {
		tests[m.where()] = append(tests[m.where()], m.tests)
	}
	var mu sync.Mutex
	var red []error
	inTurn(slices.Sorted(maps.Keys(tests)), func(in string) {
		work, err := os.MkdirTemp(dir, "")
		var seen error
		if err == nil {
			seen, err = run.tests(work, "", in, strings.Join(tests[in], "|"), buildLimit)
		}
		mu.Lock()
		defer mu.Unlock()
		if seen != nil || err != nil {
			red = append(red, fmt.Errorf("%s: red without a breakage: %w", in, errors.Join(seen, err)))
		}
	})
	return red
}

// try breaks the code and reports whether the tests fail.
func (m mutation) try(run runner, dir string) (seen bool, err error) {
	work, err := os.MkdirTemp(dir, "")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(work)
	overlay, err := m.overlay(work)
	if err != nil {
		return false, err
	}
	red, err := run.tests(work, overlay, m.where(), m.tests, limit)
	return red != nil, err
}

// overlay writes the broken file and the compiler's overlay.
func (m mutation) overlay(dir string) (string, error) {
	file, text, err := m.find()
	if err != nil {
		return "", err
	}
	original, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	broken, overlay := filepath.Join(dir, filepath.Base(file)), filepath.Join(dir, "overlay.json")
	content, err := json.Marshal(map[string]any{"Replace": map[string]string{original: broken}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(
		os.WriteFile(broken, bytes.Replace(text, []byte(m.from), []byte(m.to), 1), 0o600),
		os.WriteFile(overlay, content, 0o600),
	)
}

// find returns the one file that holds the words, and its text. Code may move between the files of a folder.
func (m mutation) find() (file string, text []byte, err error) {
	found := 0
	err = filepath.WalkDir(m.file, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		held, err := os.ReadFile(path)
		if n := bytes.Count(held, []byte(m.from)); n > 0 {
			file, text, found = path, held, found+n
		}
		return err
	})
	if err == nil && found != 1 {
		err = fmt.Errorf("%q is in the code %d times, want 1", m.from, found)
	}
	return file, text, err
}
