package owner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Pod is the owner of a folder. A pod's name is used again, its UID never is.
type Pod struct {
	Namespace   string `json:"namespace"`
	StatefulSet string `json:"statefulSet"`
	Name        string `json:"pod"`
	UID         string `json:"uid"`
}

func (p Pod) String() string { return fmt.Sprintf("pod %s of namespace %s", p.Name, p.Namespace) }

// samePlace reports whether both are runs of one pod of the StatefulSet.
func (p Pod) samePlace(other Pod) bool {
	p.UID, other.UID = "", ""
	return p == other
}

// record is the content of an owner file.
type record struct {
	Pod
	// Beats grows while the owner runs.
	Beats int64 `json:"beats"`
	// Released: the owner has ended, and its server before it.
	Released bool `json:"released"`
}

// recordBytes is the length of every file: a file is overwritten in one piece, and keeps its length.
const recordBytes = 512

var errNoRecord = errors.New("the file holds no record of an owner")

// encode writes one line for people, filled up with blanks.
func (r record) encode() ([]byte, error) {
	text, err := json.Marshal(r)
	if err == nil && len(text) >= recordBytes {
		err = fmt.Errorf("the record of %s has %d bytes, more than %d", r.Pod, len(text), recordBytes-1)
	}
	if err != nil {
		return nil, err
	}
	padded := bytes.Repeat([]byte(" "), recordBytes)
	copy(padded, text)
	padded[recordBytes-1] = '\n'
	return padded, nil
}

// read reads a file: fs.ErrNotExist when there is none, errNoRecord when it holds no record.
func read(path string) (record, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return record{}, err
	}
	var r record
	if json.Unmarshal(content, &r) != nil || r.UID == "" {
		return record{}, fmt.Errorf("%s: %w", path, errNoRecord)
	}
	return r, nil
}

// create creates the file. When it exists already, the error is fs.ErrExist.
func (r record) create(path string) error { return r.writeFile(path, os.O_CREATE|os.O_EXCL) }

// write overwrites the existing file. Closing it makes the content visible to other nodes of a network file system.
func (r record) write(path string) error { return r.writeFile(path, 0) }

// everybody may write: the containers of a pod may run as different users, and the volume itself decides who gets at it.
const everybody = 0o666

func (r record) writeFile(path string, how int) error {
	content, err := r.encode()
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|how, everybody)
	if err != nil {
		return err
	}
	if how != 0 {
		_ = file.Chmod(everybody) // against the umask
	}
	_, err = file.WriteAt(content, 0)
	if how != 0 || r.Released || r.Beats == 0 {
		err = errors.Join(err, file.Sync()) // so that it survives a crash of the node
	}
	return errors.Join(err, file.Close())
}

// missing reports whether the file does not exist.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
