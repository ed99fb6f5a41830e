package steps

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"aku/internal/rundir"
)

// fileName is in the folder that the containers of a pod share.
const fileName = "last-end.json"

// Write leaves the summary of an end for the sidecar, which reads all of it or nothing.
func Write(dir string, s Summary) error {
	content, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return rundir.Dir(dir).Replace(fileName, content)
}

// Read returns the summary of the pod's last end. ok is false when there is none.
func Read(dir string) (s Summary, ok bool, err error) {
	path := filepath.Join(dir, fileName)
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	if err := json.Unmarshal(content, &s); err != nil {
		return s, false, fmt.Errorf("%s: %w", path, err)
	}
	return s, true, nil
}
