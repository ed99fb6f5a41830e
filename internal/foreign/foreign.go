// Package foreign detects the vendor's aku beside this one: the entry point of an image may
// call it. The vendor's aku empties tables at its start and resets without a proof, so the two
// must not work on the same replication.
//
// The package searches the database container. It does not see an aku that has ended and left
// no marker, or one that runs outside the container.
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
