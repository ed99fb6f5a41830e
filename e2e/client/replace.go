package main

import (
	"context"
	"os"
	"path/filepath"
)

// replace makes a folder a copy of another one. The folder itself stays, because it may be a mount.
func replace(_ context.Context, args []string) error {
	args, err := parse(newFlags("replace"), args, 2, 2)
	if err != nil {
		return err
	}
	folder, from := args[0], args[1]
	old, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range old {
		if err := os.RemoveAll(filepath.Join(folder, entry.Name())); err != nil {
			return err
		}
	}
	return os.CopyFS(folder, os.DirFS(from))
}
