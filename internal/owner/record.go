package owner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Pod is who owns a folder. The name of a pod comes back, its UID never does.
type Pod struct {
	Namespace   string `json:"namespace"`
	StatefulSet string `json:"statefulSet"`
	Name        string `json:"pod"`
	UID         string `json:"uid"`
}

func (p Pod) String() string { return fmt.Sprintf("pod %s of namespace %s", p.Name, p.Namespace) }

// samePlace tells whether both are lives of one pod.
func (p Pod) samePlace(other Pod) bool {
	p.UID, other.UID = "", ""
	return p == other
}

// record is what the file of an owner says.
type record struct {
	Pod
	// Beats counts on while the owner lives.
	Beats int64 `json:"beats"`
	// Released: the owner has ended, and its server before it.
	Released bool `json:"released"`
}

// recordBytes is the length of every file: it is written over in one piece, and never shorter or longer than before.
const recordBytes = 512

var errNoRecord = errors.New("it is no record of an owner")

// encode gives one line for people, and blanks.
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

// read gives what a file says; fs.ErrNotExist without a file, errNoRecord for one that says nothing.
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

// create makes the file, unless somebody else has: then it is fs.ErrExist.
func (r record) create(path string) error { return r.writeFile(path, os.O_CREATE|os.O_EXCL) }

// write writes over the file that is there. To close it is what shows it to other nodes of a network file system.
func (r record) write(path string) error { return r.writeFile(path, 0) }

// everybody may write: the containers of a pod may run as different users, and who gets at the volume at all is not the file's business.
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
		err = errors.Join(err, file.Sync()) // what is read after a crash of the node
	}
	return errors.Join(err, file.Close())
}

// missing tells whether there is no file.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
