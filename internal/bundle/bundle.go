// Package bundle copies the programs and their libraries from aku's image to a volume, where containers of any other
// image can run them.
package bundle

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Install copies the bundle that this program stands in, which is the folder above its own, to a folder.
func Install(target string) error {
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
