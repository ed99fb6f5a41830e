package rundir

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func (d Dir) looked() string { return filepath.Join(string(d), "looked-at") }

// FirstLook tells whether nobody in this pod has looked yet at the server that started
// then, and remembers that now somebody has. Before is when the one started that was
// looked at before, 0 in a new pod.
func (d Dir) FirstLook(started int64) (first bool, before int64, err error) {
	text, err := os.ReadFile(d.looked())
	if err == nil {
		before, _ = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // a broken file is as good as none
	} else if !os.IsNotExist(err) {
		return false, 0, err
	}
	if before == started {
		return false, before, nil
	}
	return true, before, replace(d.looked(), []byte(strconv.FormatInt(started, 10)+"\n"))
}
