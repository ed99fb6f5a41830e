package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"aku/internal/process"
)

// install copies the bundle, which is the folder above the one that this program
// stands in, so that other containers can run it from a shared volume.
func install(_ context.Context, args []string) error {
	if len(args) != 1 {
		return process.Usage(usage())
	}
	target := args[0]
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bundle := filepath.Dir(filepath.Dir(self))
	if _, err := os.Stat(filepath.Join(bundle, "lib")); err != nil {
		return fmt.Errorf("%s is not a bundle: %w", bundle, err)
	}
	// A container that is started again finds the earlier copy.
	for _, part := range []string{"bin", "lib"} {
		if err := os.RemoveAll(filepath.Join(target, part)); err != nil {
			return err
		}
		err := os.CopyFS(filepath.Join(target, part), os.DirFS(filepath.Join(bundle, part)))
		if err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("copy the bundle to %s: %w", target, err)
		}
	}
	return nil
}
