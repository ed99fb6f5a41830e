package main

import (
	"os"
	"path/filepath"
	"testing"

	"aku/internal/rundir"
)

func TestProbe_BesideTheVendorsAku_IsNotCompleteAndTellsTheSidecar(t *testing.T) {
	dir, root := rundir.Dir(t.TempDir()), t.TempDir()
	t.Setenv("AKU_RUN_DIR", string(dir))
	if err := dir.Mark(); err != nil {
		t.Fatal(err)
	}
	if err := probeIn(root); err != nil || dir.Foreign() != "" {
		t.Fatalf("nothing else is there: %v, %q", err, dir.Foreign())
	}
	if err := os.MkdirAll(filepath.Join(root, "tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "tmp", "aku_start_completed"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := probeIn(root); err == nil || dir.Foreign() == "" {
		t.Errorf("%v, the sidecar is told %q", err, dir.Foreign())
	}
	if err := dir.Renew(); err != nil || dir.Foreign() != "" {
		t.Errorf("a new container: %v, %q", err, dir.Foreign())
	}
}
