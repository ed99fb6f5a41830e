package rundir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func (d Dir) givenUp() string { return filepath.Join(string(d), "given-up") }

// NoteGivenUp leaves for the sidecar that a receiver failed to apply changes. The program that saw
// it may be killed at any moment.
func (d Dir) NoteGivenUp(text string) error {
	file, err := os.OpenFile(d.givenUp(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, everybody)
	if err != nil {
		return err
	}
	_ = file.Chmod(everybody) // against the umask; only the file's owner can do it
	_, err = file.WriteString(OneLine(text) + "\n")
	return errors.Join(err, file.Close())
}

// TakeGivenUp returns what was left, and removes it.
func (d Dir) TakeGivenUp() (texts []string, err error) {
	taken := d.givenUp() + "-taken"
	if err := os.Rename(d.givenUp(), taken); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(taken)
	for line := range strings.Lines(string(content)) {
		texts = append(texts, strings.TrimSpace(line))
	}
	return texts, errors.Join(err, os.Remove(taken))
}

// OneLine is a text without line breaks.
func OneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
