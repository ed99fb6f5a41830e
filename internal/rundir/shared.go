package rundir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// everybody is the mode of the files here.
const everybody = 0o666

// open opens a file to lock it, and creates it if necessary.
func open(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, everybody)
	if err == nil {
		_ = file.Chmod(everybody) // against the umask; only the file's owner can do it
	}
	return file, err
}

// touch creates a file that must only exist.
func touch(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, everybody)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// Replace writes a file of the folder. Readers see all of the new content or nothing of it.
func (d Dir) Replace(name string, content []byte) error {
	return replace(filepath.Join(string(d), name), content)
}

// replace replaces the content of a file as a whole.
func replace(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // does nothing once it was renamed
	_, err = file.Write(content)
	if err := errors.Join(err, file.Chmod(everybody), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// poke makes a process that watches the folder check it again.
func (d Dir) poke() error {
	file, err := os.CreateTemp(string(d), "look-")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}
