package sidecar

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"aku/internal/lifecycle"
)

func TestScripts_WhatCannotBeReadIsAmongThem(t *testing.T) {
	if got := scripts(""); got != nil {
		t.Errorf("without a folder: %v", got)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"b.sql": "B", "a.sql": "A", "readme": "no script"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("away", filepath.Join(dir, "c.sql")); err != nil {
		t.Fatal(err)
	}
	away := filepath.Join(dir, "away")
	for folder, want := range map[string][]lifecycle.Script{
		dir:  {{Name: "a.sql", Text: "A"}, {Name: "b.sql", Text: "B"}, {Name: "c.sql", Fault: fs.ErrNotExist}},
		away: {{Name: away, Fault: fs.ErrNotExist}},
	} {
		got := scripts(folder)
		if len(got) != len(want) {
			t.Fatalf("%s: %v, want %v", folder, got, want)
		}
		for i := range want {
			if got[i].Name != want[i].Name || got[i].Text != want[i].Text || !errors.Is(got[i].Fault, want[i].Fault) {
				t.Errorf("%s: %+v, want %+v", folder, got[i], want[i])
			}
		}
	}
}
