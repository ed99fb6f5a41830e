package rundir

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func (d Dir) observed() string { return filepath.Join(string(d), "looked-at") }

// FirstObservation reports whether no process of this pod has observed the server of this start
// time yet, and records that now one has. before is the start time of the server that was
// observed before, 0 in a new pod.
func (d Dir) FirstObservation(started int64) (first bool, before int64, err error) {
	text, err := os.ReadFile(d.observed())
	if err == nil {
		before, _ = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // a broken file counts as none
	} else if !os.IsNotExist(err) {
		return false, 0, err
	}
	if before == started {
		return false, before, nil
	}
	return true, before, replace(d.observed(), []byte(strconv.FormatInt(started, 10)+"\n"))
}
