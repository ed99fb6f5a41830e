// Package foreign finds the vendor's aku where it runs beside this one: an image's own entry
// point may call it. It empties tables at its start and resets without a proof, so nothing
// that two of them do on the same replication is right.
//
// It is looked for where it runs, in the database container. One that has ended and left no
// marker, or that somebody runs from outside, is not seen.
package foreign

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	// marker is what the vendor's aku leaves when its start is complete.
	marker = "tmp/aku_start_completed"
	// program is its name as the kernel knows it.
	program = "aku"
)

// Seen says what there is of it below a root folder, "" for nothing.
func Seen(root string) string {
	path := filepath.Join(root, marker)
	if _, err := os.Lstat(path); err == nil {
		return path + " is there: the vendor's aku has run in this container"
	}
	names, _ := filepath.Glob(filepath.Join(root, "proc", "[0-9]*", "comm"))
	for _, name := range names {
		// A process that has ended meanwhile is none.
		if comm, err := os.ReadFile(name); err == nil && strings.TrimSpace(string(comm)) == program {
			return fmt.Sprintf("process %s of this container is the vendor's aku", filepath.Base(filepath.Dir(name)))
		}
	}
	return ""
}
