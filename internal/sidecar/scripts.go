package sidecar

import (
	"errors"
	"os"
	"path/filepath"

	"aku/internal/lifecycle"
)

// scripts are the *.sql files of a folder that prepare a new server, in the order of their
// names. A file that cannot be read is among them, with the reason, because a new server must
// not come into service without it.
func scripts(dir string) []lifecycle.Script {
	if dir == "" {
		return nil
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return []lifecycle.Script{{Name: dir, Fault: cause(err)}}
	}
	var found []lifecycle.Script
	for _, file := range files {
		if filepath.Ext(file.Name()) != ".sql" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, file.Name()))
		found = append(found, lifecycle.Script{Name: file.Name(), Text: string(text), Fault: cause(err)})
	}
	return found
}

// cause is an error of a file without the file's name: the script has the name.
func cause(err error) error {
	var of *os.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
