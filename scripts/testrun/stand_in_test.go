package main

import (
	"os"
	"path/filepath"
	"testing"
)

// folderOf makes a folder with one of our scripts. Stand-ins for what the script calls go there, too.
func folderOf(t *testing.T, script string) (top string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", script))
	if err != nil {
		t.Fatal(err)
	}
	top = t.TempDir()
	program(t, top, filepath.Join("scripts", script), string(text))
	return top
}

func program(t *testing.T, top, name, text string) {
	t.Helper()
	file := filepath.Join(top, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}
