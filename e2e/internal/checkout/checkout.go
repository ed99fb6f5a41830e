// Package checkout finds the files of this repository from a folder inside it.
package checkout

import (
	"fmt"
	"os"
	"path/filepath"
)

// Top is the nearest folder above the working folder that holds go.mod.
func Top() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for top := folder; ; top = filepath.Dir(top) {
		if _, err := os.Stat(filepath.Join(top, "go.mod")); err == nil {
			return top, nil
		}
		if top == filepath.Dir(top) {
			return "", fmt.Errorf("no go.mod above %s", folder)
		}
	}
}
