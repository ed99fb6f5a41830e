package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aku/e2e/internal/tried"
)

func TestPages_AreMadeOfTheRunsThatAreKept(t *testing.T) {
	const top = "../.."
	runs, err := tried.Load(filepath.Join(top, "docs/tried.json"))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := pages(top, runs)
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range pages {
		if diff := cmp.Diff(want, read(t, top, file)); diff != "" {
			t.Errorf("%s is not what docs/tried.json says: run make tried\n%s", file, diff)
		}
	}
}

func TestTried_ARunIsKeptAndShown_AndFoldedAgainNothingChanges(t *testing.T) {
	top := t.TempDir()
	write(t, top, "docs/tried.json", "[]\n")
	const page = "before\n<!-- made by make tried from docs/tried.json -->\nold\n<!-- end of what make tried makes -->\nafter\n"
	write(t, top, "charts/altibase/README.md", page)
	write(t, top, "charts/altibase/README.md.gotmpl", page)
	text, err := tried.Encode([]tried.Run{{Suite: tried.Conformance, Server: "7.3.0.1.2", Passed: 7, Date: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, top, ".build/tried/conformance-1.json", strings.Trim(string(text), "[]\n"))
	if err := run(top); err != nil {
		t.Fatal(err)
	}
	files := []string{"docs/tried.json", "docs/proof.md", "charts/altibase/README.md", "charts/altibase/README.md.gotmpl"}
	first := map[string]string{}
	for _, file := range files {
		first[file] = read(t, top, file)
		if !strings.Contains(first[file], "7.3.0.1.2") {
			t.Errorf("%s does not say what was tried:\n%s", file, first[file])
		}
	}
	if readme := first[files[2]]; strings.Contains(readme, "old") || !strings.HasPrefix(readme, "before\n") || !strings.HasSuffix(readme, "\nafter\n") {
		t.Errorf("the README became\n%s", readme)
	}
	if err := run(top); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if diff := cmp.Diff(first[file], read(t, top, file)); diff != "" {
			t.Errorf("%s changed without a new run\n%s", file, diff)
		}
	}
}

func read(t *testing.T, top, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, top, file, text string) {
	t.Helper()
	path := filepath.Join(top, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
